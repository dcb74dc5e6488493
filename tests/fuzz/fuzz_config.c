// SPDX-License-Identifier: GPL-2.0-only
/*
 * The input is a mapbuf.conf, to which one good buffer is added: whatever
 * comes before, it shall be made.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mapbuf.h>

#include "config.h"
#include "ctl.h"

#define GOOD "good-one"
#define GOOD_SIZE 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char root[64], file[96];

/* In place of message.c: thousands of lines a second help nobody. */
void message(enum level level, const char *format, ...)
{
	(void)level;
	if (!*format)
		abort();
}

static void clean_up(void)
{
	char path[96];

	unlink(file);
	snprintf(path, sizeof(path), "%s/etc", root);
	rmdir(path);
	rmdir(root);
}

static void set_up(void)
{
	char path[96];

	strcpy(root, "/tmp/mapbuf-fuzz.XXXXXX");
	if (!mkdtemp(root))
		abort();
	snprintf(path, sizeof(path), "%s/etc", root);
	mkdir(path, 0777);
	snprintf(file, sizeof(file), "%s/mapbuf.conf", path);
	atexit(clean_up);
}

static void write_file(const uint8_t *data, size_t size)
{
	static const char good[] = "\n[" GOOD "]\nSize=4096\n";
	FILE *stream = fopen(file, "w");

	if (!stream)
		abort();
	if (size)
		fwrite(data, size, 1, stream);
	fputs(good, stream);
	if (fclose(stream))
		abort();
}

static int has_settings(const struct section *section)
{
	int i;

	for (i = 0; i < PROPERTY_COUNT; i++) {
		if (section->settings[i].value)
			return 1;
	}
	return section->is_broken;
}

static void check(const struct config *config, int is_mentioned)
{
	const struct section *buffer;
	int is_made = 0;
	size_t i;

	for (i = 0; i < config->buffer_count; i++) {
		buffer = &config->buffers[i];
		if (buffer->is_broken)
			continue;
		if (!mapbuf_name_is_valid(buffer->name) ||
		    buffer->properties.size == 0 ||
		    (buffer->properties.mode & ~0666))
			abort();
		is_made |= strcmp(buffer->name, GOOD) == 0 &&
			   buffer->properties.size == GOOD_SIZE;
	}
	if (!is_made && !is_mentioned && !has_settings(&config->defaults))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct environment env = { .root = root, .memory = 1ULL << 34 };
	struct config config;

	if (!root[0])
		set_up();
	write_file(data, size);
	config_read(&config, &env);
	check(&config, !!memmem(data, size, GOOD, strlen(GOOD)));
	config_free(&config);
	return 0;
}
