// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads one file.  libeconf takes the values out; but it drops sections that
 * are empty and values that an indented line follows, without a word, and
 * takes the first of two values.  Hence every line is looked at here too, and
 * what libeconf would not take as it is written is refused.
 */
#include <errno.h>
#include <libeconf.h>
#include <libeconf_ext.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "ctl.h"
#include "xalloc.h"

#define BLANKS " \t\r\n"
/* libeconf breaks longer lines in two. */
#define LINE_MAX_LENGTH 4000

struct reader {
	struct config *config;
	econf_file *values;
	struct section *section;	/* NULL before the first one */
	struct place place;
};

/* Cuts blanks off both ends. */
static char *trim(char *text)
{
	char *end;

	text += strspn(text, BLANKS);
	end = text + strlen(text);
	while (end > text && strchr(BLANKS, end[-1]))
		end--;
	*end = '\0';
	return text;
}

/* NULL if empty; *@is_found tells whether the key is there at all. */
static char *get_value(const struct reader *reader, const char *key,
		       int *is_found)
{
	econf_ext_value *found;
	char *value = NULL;

	*is_found = econf_getExtValue(reader->values, reader->section->name,
				      key, &found) == ECONF_SUCCESS;
	if (!*is_found)
		return NULL;
	if (found->values && found->values[0] && found->values[0][0])
		value = xstrdup(found->values[0]);
	econf_freeExtValue(found);
	return value;
}

static void read_setting(struct reader *reader, const char *key)
{
	struct setting *setting;
	int number, is_found;
	char *value;

	if (!reader->section) {
		config_error(reader->config, NULL, &reader->place,
			     "%s= is outside of a section (write it below a line [NAME])",
			     key);
		return;
	}
	number = property_find(key);
	if (number < 0) {
		message(LEVEL_WARNING, "%s:%lu: there is no key %s=, it is ignored (see mapbuf.conf(5))",
			reader->place.file, reader->place.line, key);
		return;
	}
	setting = &reader->section->settings[number];
	if (setting->place.file == reader->place.file) {
		config_error(reader->config, reader->section, &reader->place,
			     "%s= is already set in line %lu (remove one)",
			     key, setting->place.line);
		return;
	}
	value = get_value(reader, key, &is_found);
	if (!is_found) {
		config_error(reader->config, reader->section, &reader->place,
			     "this line is not understood (write Key=value)");
		return;
	}
	free(setting->value);
	setting->value = value;
	setting->place = reader->place;
}

static void read_line(struct reader *reader, char *line, size_t length)
{
	char *text = line + strspn(line, BLANKS), *end;
	const char *wrong = NULL;

	if (*text == '#' || *text == ';' || *text == '\0')
		return;
	if (*text == '[') {
		end = strrchr(text, ']');
		if (end)
			*end = '\0';
		reader->section = config_section(reader->config, text + 1,
						 &reader->place);
		return;
	}
	end = strchr(text, '=');
	if (strlen(line) != length)
		wrong = "this line has a byte 0 (remove it)";
	else if (length > LINE_MAX_LENGTH)
		wrong = "this line is too long";
	else if (text != line)
		wrong = "this line is indented (start it in the first column)";
	else if (!end || end == text)
		wrong = "this line is not understood (write Key=value)";
	if (wrong) {
		config_error(reader->config, reader->section, &reader->place,
			     "%s", wrong);
		return;
	}
	*end = '\0';
	read_setting(reader, trim(text));
}

static void read_lines(struct reader *reader, FILE *stream)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t length;

	while ((length = getline(&line, &room, stream)) >= 0) {
		reader->place.line++;
		read_line(reader, line, length);
	}
	if (ferror(stream)) {
		config_error(reader->config, NULL, NULL,
			     "%s: cannot be read: %s", reader->place.file,
			     strerror(errno));
	}
	free(line);
}

/* libeconf would wait for a pipe, and take a directory for an empty file. */
static int is_readable(struct config *config, const char *path, int *is_masked)
{
	struct stat status;
	const char *wrong = NULL;
	char target[16];
	ssize_t length;

	length = readlink(path, target, sizeof(target));
	*is_masked = length == 9 && memcmp(target, "/dev/null", 9) == 0;
	if (*is_masked)
		return 1;
	if (stat(path, &status))
		wrong = strerror(errno);
	else if (!S_ISREG(status.st_mode))
		wrong = "it is not a file";
	if (wrong) {
		config_error(config, NULL, NULL, "%s: cannot be read: %s",
			     path, wrong);
	}
	return !wrong;
}

static void tell_libeconf_error(struct config *config, const char *path,
				econf_err error)
{
	struct place place = { .file = path };
	uint64_t line = 0;
	char *file = NULL;

	econf_errLocation(&file, &line);
	free(file);
	place.line = line;
	config_error(config, NULL, &place,
		     "%s: nothing in this file is used (correct the line)",
		     econf_errString(error));
}

void config_file_read(struct config *config, const char *path)
{
	struct reader reader = { .config = config, .place.file = path };
	econf_err error;
	int is_masked;
	FILE *stream;

	if (!is_readable(config, path, &is_masked) || is_masked)
		return;
	stream = fopen(path, "re");
	if (!stream) {
		config_error(config, NULL, NULL, "%s: cannot be read: %s",
			     path, strerror(errno));
		return;
	}
	/* With "=" alone a line without one would cost the whole file. */
	error = econf_readFile(&reader.values, path, " =", "#;");
	if (error)
		tell_libeconf_error(config, path, error);
	else
		read_lines(&reader, stream);
	econf_freeFile(reader.values);
	fclose(stream);
}
