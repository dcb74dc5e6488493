// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system.h"
#include "xalloc.h"

static char *make_path(const char *format, va_list arguments)
{
	char rest[512];

	vsnprintf(rest, sizeof(rest), format, arguments);
	return xprintf("%s%s", system_root(), rest);
}

char *system_path(const char *format, ...)
{
	va_list arguments;
	char *path;

	va_start(arguments, format);
	path = make_path(format, arguments);
	va_end(arguments);
	return path;
}

char *system_read(const char *format, ...)
{
	va_list arguments;
	char *path, *text = NULL;
	size_t room = 0;
	ssize_t length;
	FILE *file;

	va_start(arguments, format);
	path = make_path(format, arguments);
	va_end(arguments);
	file = fopen(path, "re");
	free(path);
	if (!file)
		return NULL;
	length = getdelim(&text, &room, '\0', file);
	fclose(file);
	if (length < 0) {
		free(text);
		return NULL;
	}
	if (length > 0 && text[length - 1] == '\n')
		text[length - 1] = '\0';
	return text;
}

int system_is_locked_down(void)
{
	char *text = system_read("/sys/kernel/security/lockdown");
	int result = text && !strstr(text, "[none]");

	free(text);
	return result;
}

int system_has_argument(const char *word)
{
	char *line = system_read("/proc/cmdline"), *rest = line, *argument;
	int found = 0;

	while (!found && (argument = strsep(&rest, " ")))
		found = strcmp(argument, word) == 0;
	free(line);
	return found;
}
