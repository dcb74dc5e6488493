/* SPDX-License-Identifier: GPL-2.0-only */
/* Documents of JSON, by json-c.  What is unknown is null. */
#ifndef MAPBUFCTL_JSON_H
#define MAPBUFCTL_JSON_H

#include <stdint.h>

#include <json-c/json.h>

/* @value: below 0 is unknown */
void json_add_number(struct json_object *to, const char *key, int64_t value);
/* @text: NULL is unknown */
void json_add_text(struct json_object *to, const char *key, const char *text);
void json_add_bool(struct json_object *to, const char *key, int value);
/* Its text, which lives as long as it and ends without a newline */
const char *json_text(struct json_object *object);
/* To standard output, and frees it */
void json_print(struct json_object *object);
/* The same in one line, and at once */
void json_print_line(struct json_object *object);

#endif /* MAPBUFCTL_JSON_H */
