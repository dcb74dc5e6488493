// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads one file.  libeconf takes the values out; but a header that is broken
 * makes it refuse the whole file, and it drops sections that are empty and
 * values that an indented line follows, without a word, and takes the first of
 * two values.  Hence every line is looked at here first, and libeconf gets a
 * copy of those that it takes as they are meant, with empty lines in place of
 * the others.
 */
#include <errno.h>
#include <libeconf.h>
#include <libeconf_ext.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "xalloc.h"

#define BLANKS " \t\r\n\v\f"
#define COMMENTS "#;"
/* libeconf breaks longer lines in two. */
#define LINE_MAX_LENGTH 4000

struct reader {
	struct config *config;
	FILE *copy;
	struct section *section;	/* NULL before the first one */
	int is_lost;			/* below a header that is broken */
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

static void report_unknown(struct reader *reader, const char *key)
{
	int i;

	for (i = 0; i < PROPERTY_COUNT; i++) {
		if (strcasecmp(property_table[i].key, key) == 0)
			break;
	}
	config_error(reader->config, reader->section, &reader->place,
		     "there is no key %s= (%s%s)", key,
		     i < PROPERTY_COUNT ? "write " : "see mapbuf.conf(5)",
		     i < PROPERTY_COUNT ? property_table[i].key : "");
}

/* Notes that the key is set here; 0 if libeconf shall see the line. */
static int read_key(struct reader *reader, const char *key)
{
	struct setting *setting;
	int number;

	if (!reader->section) {
		config_error(reader->config, NULL, &reader->place,
			     "%s= is outside of a section (write it below a line [NAME])",
			     key);
		return -1;
	}
	number = property_find(key);
	if (number < 0) {
		report_unknown(reader, key);
		return -1;
	}
	setting = &reader->section->settings[number];
	if (setting->place.file == reader->place.file) {
		config_error(reader->config, reader->section, &reader->place,
			     "%s= is already set in line %lu (remove one)",
			     key, setting->place.line);
		return -1;
	}
	setting->place = reader->place;
	return 0;
}

/* What makes libeconf, or getline(), see a line differently; or NULL */
static const char *check_line(const char *line, size_t length)
{
	if (strlen(line) != length)
		return "this line has a byte 0 (remove it)";
	if (length > LINE_MAX_LENGTH)
		return "this line is too long";
	return NULL;
}

/* @text: from the [ on.  What is wrong with it, or NULL and its *@name */
static const char *parse_header(char *text, char **name)
{
	char *end;

	*name = text + 1;
	text[strcspn(text, COMMENTS)] = '\0';
	end = strrchr(trim(text), ']');
	if (!end)
		return "this header has no ] (write [NAME])";
	if (end[1])
		return "text follows the ] of this header (write [NAME])";
	if (end == *name)
		return "this header has no name (write [NAME])";
	*end = '\0';
	return NULL;
}

/* Nobody knows whose the keys below a broken header are. */
static int read_header(struct reader *reader, const char *wrong, char *text)
{
	char *name;

	if (!wrong)
		wrong = parse_header(text, &name);
	if (!wrong)
		reader->section = config_header(reader->config, name,
						&reader->place, &wrong);
	reader->is_lost = !!wrong;
	if (!wrong)
		return 0;
	config_error(reader->config, NULL, &reader->place,
		     "%s: nothing up to the next header is used", wrong);
	return -1;
}

/* 0 if libeconf shall see the line; changes it. */
static int read_line(struct reader *reader, char *line, size_t length)
{
	char *text = line + strspn(line, BLANKS), *end;
	const char *wrong = check_line(line, length);

	if (*text && strchr(COMMENTS, *text))
		return -1;
	if (*text == '[')
		return read_header(reader, wrong, text);
	if (reader->is_lost || (!wrong && !*text))
		return -1;
	end = strchr(text, '=');
	if (!wrong && text != line)
		wrong = "this line is indented (start it in the first column)";
	else if (!wrong && (!end || end == text))
		wrong = "this line is not understood (write Key=value)";
	if (wrong) {
		config_error(reader->config, reader->section, &reader->place,
			     "%s", wrong);
		return -1;
	}
	*end = '\0';
	return read_key(reader, trim(text));
}

/* Also makes the copy, line by line. */
static void read_lines(struct reader *reader, FILE *stream)
{
	char *line = NULL, *again;
	size_t room = 0;
	ssize_t length;

	while ((length = getline(&line, &room, stream)) >= 0) {
		reader->place.line++;
		again = xstrdup(line);
		fputs(read_line(reader, again, length) ? "\n" : line,
		      reader->copy);
		free(again);
	}
	if (ferror(stream)) {
		config_error(reader->config, NULL, NULL,
			     "%s: cannot be read: %s", reader->place.file,
			     strerror(errno));
	}
	free(line);
}

/* Gives a setting of this file its value; without one it is NULL. */
static void take_value(struct config *config, struct section *section,
		       int number, econf_file *values)
{
	struct setting *setting = &section->settings[number];
	econf_ext_value *found;

	free(setting->value);
	setting->value = NULL;
	if (econf_getExtValue(values, section->name, property_table[number].key,
			      &found)) {
		config_error(config, section, &setting->place,
			     "this line is not understood (write Key=value)");
		return;
	}
	if (found->values && found->values[0] && found->values[0][0])
		setting->value = xstrdup(found->values[0]);
	econf_freeExtValue(found);
}

static void take_values(struct config *config, struct section *section,
			const char *path, econf_file *values)
{
	int i;

	for (i = 0; i < PROPERTY_COUNT; i++) {
		if (section->settings[i].place.file == path)
			take_value(config, section, i, values);
	}
}

/* libeconf reads by name only. */
static void read_copy(struct config *config, const char *path, FILE *copy)
{
	econf_file *values = NULL;
	char name[32];
	econf_err error;
	size_t i;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fileno(copy));
	if (fflush(copy)) {
		config_error(config, NULL, NULL, "%s: cannot be copied: %s",
			     path, strerror(errno));
		return;
	}
	/* With "=" alone a line without one would cost the whole file. */
	error = econf_readFile(&values, name, " =", COMMENTS);
	if (error) {
		config_error(config, NULL, NULL, "%s: cannot be read: %s",
			     path, econf_errString(error));
	} else {
		take_values(config, &config->defaults, path, values);
		for (i = 0; i < config->buffer_count; i++)
			take_values(config, &config->buffers[i], path, values);
		for (i = 0; i < config->template_count; i++)
			take_values(config, &config->templates[i], path, values);
	}
	econf_freeFile(values);
}

static FILE *open_copy(void)
{
	FILE *copy;
	int fd;

	fd = memfd_create("mapbuf.conf", MFD_CLOEXEC);
	if (fd < 0)
		return NULL;
	copy = fdopen(fd, "w");
	if (!copy)
		close(fd);
	return copy;
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

void config_file_read(struct config *config, const char *path)
{
	struct reader reader = { .config = config, .place.file = path };
	int is_masked;
	FILE *stream;

	if (!is_readable(config, path, &is_masked) || is_masked)
		return;
	stream = fopen(path, "re");
	reader.copy = stream ? open_copy() : NULL;
	if (reader.copy) {
		read_lines(&reader, stream);
		read_copy(config, path, reader.copy);
		fclose(reader.copy);
	} else {
		config_error(config, NULL, NULL, "%s: cannot be read: %s",
			     path, strerror(errno));
	}
	if (stream)
		fclose(stream);
}
