// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "ctl.h"
#include "json.h"

/*
 * Whether standard error is the journal, which reads a line's level from its
 * beginning; sd_journal_stream_fd(3) describes the variable.
 */
static int is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat status;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(2, &status) == 0 && status.st_dev == device &&
	       status.st_ino == inode;
}

static int is_json;

void message_as_json(void)
{
	is_json = 1;
}

static void print_json(enum level level, const char *text)
{
	struct json_object *object = json_object_new_object();

	json_add_text(object, "level",
		      level == LEVEL_ERROR ? "error" : "warning");
	json_add_text(object, "message", text);
	fprintf(stderr, "%s\n",
		json_object_to_json_string_ext(object,
					       JSON_C_TO_STRING_SPACED |
					       JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

void message(enum level level, const char *format, ...)
{
	va_list arguments;
	char *text;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	/* Out of memory; @format says the most. */
	if (length < 0)
		text = NULL;
	if (is_journal())
		fprintf(stderr, "<%d>", level);
	if (is_json)
		print_json(level, text ? text : format);
	else
		fprintf(stderr, "%s\n", text ? text : format);
	free(text);
}
