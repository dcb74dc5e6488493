// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "xalloc.h"

static void *check(void *memory)
{
	if (!memory) {
		message(LEVEL_ERROR, "mapbufctl: out of memory");
		exit(EXIT_FAILED);
	}
	return memory;
}

char *xstrdup(const char *text)
{
	return check(strdup(text));
}

char *xprintf(const char *format, ...)
{
	va_list arguments;
	char *text;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	return check(length < 0 ? NULL : text);
}

void *xgrow(void *array, size_t count, size_t size)
{
	return check(reallocarray(array, count + 1, size));
}
