// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include "json.h"

void json_add_number(struct json_object *to, const char *key, int64_t value)
{
	json_object_object_add(to, key,
			       value < 0 ? NULL : json_object_new_int64(value));
}

void json_add_text(struct json_object *to, const char *key, const char *text)
{
	json_object_object_add(to, key,
			       text ? json_object_new_string(text) : NULL);
}

void json_add_bool(struct json_object *to, const char *key, int value)
{
	json_object_object_add(to, key, json_object_new_boolean(value));
}

static const char *text_of(struct json_object *object, int flags)
{
	return json_object_to_json_string_ext(object, flags |
					      JSON_C_TO_STRING_SPACED |
					      JSON_C_TO_STRING_NOSLASHESCAPE);
}

const char *json_text(struct json_object *object)
{
	return text_of(object, JSON_C_TO_STRING_PRETTY);
}

void json_print(struct json_object *object)
{
	puts(json_text(object));
	json_object_put(object);
}

void json_print_line(struct json_object *object)
{
	puts(text_of(object, 0));
	json_object_put(object);
	fflush(stdout);
}
