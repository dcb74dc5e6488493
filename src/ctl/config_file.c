// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads one file.  No library does it: docs/architecture.md says why.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "xalloc.h"

#define BLANKS " \t\r\n\v\f"
#define COMMENTS "#;"

struct reader {
	struct config *config;
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

/* The same, and off a value in quotes these, too */
static const char *trim_value(char *text)
{
	size_t length;

	text = trim(text);
	length = strlen(text);
	if (length < 2 || text[0] != '"' || text[length - 1] != '"')
		return text;
	text[length - 1] = '\0';
	return text + 1;
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

static void read_key(struct reader *reader, const char *key, const char *value)
{
	struct setting *setting;
	int number;

	if (!reader->section) {
		config_error(reader->config, NULL, &reader->place,
			     "%s= is outside of a section (write it below a line [NAME])",
			     key);
		return;
	}
	number = property_find(key);
	if (number < 0) {
		report_unknown(reader, key);
		return;
	}
	setting = &reader->section->settings[number];
	if (setting->place.file == reader->place.file) {
		config_error(reader->config, reader->section, &reader->place,
			     "%s= is already set in line %lu (remove one)",
			     key, setting->place.line);
		return;
	}
	setting->place = reader->place;
	free(setting->value);
	/* An empty value cancels that of an earlier file. */
	setting->value = *value ? xstrdup(value) : NULL;
}

/* @text: from the [ on.  What is wrong with it, or NULL and its *@name */
static const char *parse_header(char *text, char **name)
{
	char *end = strrchr(text, ']');

	*name = text + 1;
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
static void read_header(struct reader *reader, const char *wrong, char *text)
{
	char *name;

	if (!wrong)
		wrong = parse_header(text, &name);
	if (!wrong)
		reader->section = config_header(reader->config, name,
						&reader->place, &wrong);
	reader->is_lost = !!wrong;
	if (wrong)
		config_error(reader->config, NULL, &reader->place,
			     "%s: nothing up to the next header is used",
			     wrong);
}

/* Changes the line. */
static void read_line(struct reader *reader, char *line, size_t length)
{
	size_t used = strcspn(line, COMMENTS);
	const char *wrong = NULL;
	char *text, *equals;

	if (!line[used] && used < length)
		wrong = "this line has a byte 0 (remove it)";
	line[used] = '\0';
	text = trim(line);
	if (*text == '[') {
		read_header(reader, wrong, text);
		return;
	}
	if (reader->is_lost || (!wrong && !*text))
		return;
	equals = strchr(text, '=');
	if (!wrong && text != line)
		wrong = "this line is indented (start it in the first column)";
	else if (!wrong && (!equals || equals == text))
		wrong = "this line is not understood (write Key=value)";
	if (wrong) {
		config_error(reader->config, reader->section, &reader->place,
			     "%s", wrong);
		return;
	}
	*equals = '\0';
	read_key(reader, trim(text), trim_value(equals + 1));
}

static void report_file(struct reader *reader, const char *reason)
{
	config_error(reader->config, NULL, NULL, "%s: cannot be read: %s",
		     reader->place.file, reason);
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
	if (ferror(stream))
		report_file(reader, strerror(errno));
	free(line);
}

static int is_masked(const char *path)
{
	char target[16];

	return readlink(path, target, sizeof(target)) == 9 &&
	       memcmp(target, "/dev/null", 9) == 0;
}

void config_file_read(struct config *config, const char *path)
{
	struct reader reader = { .config = config, .place.file = path };
	struct stat status;
	FILE *stream;

	if (is_masked(path))
		return;
	/* Opening a pipe would wait. */
	if (!stat(path, &status) && !S_ISREG(status.st_mode)) {
		report_file(&reader, "it is not a file");
		return;
	}
	stream = fopen(path, "re");
	if (!stream) {
		report_file(&reader, strerror(errno));
		return;
	}
	read_lines(&reader, stream);
	fclose(stream);
}
