/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The configuration: what buffers there shall be, and where it says so.
 * Problems are told as they are found, each with its file and line.
 */
#ifndef MAPBUFCTL_CONFIG_H
#define MAPBUFCTL_CONFIG_H

#include <stddef.h>

#include "property.h"

/* Where something was read. */
struct place {
	const char *file;
	unsigned long line;
};

struct setting {
	char *value;		/* NULL: not set */
	struct place place;
	int is_broken;
};

/**
 * struct section - a buffer, a template of buffers, or the defaults
 * @name: between the brackets
 * @place: where it was first mentioned
 * @settings: the values in effect, in the order of property_table
 * @is_broken: something is wrong; the buffer is not to be made
 * @template: of a buffer: 1 + its index in config->templates; 0 if it has none
 * @properties: what the settings come to, once all files are read
 */
struct section {
	char *name;
	struct place place;
	struct setting settings[PROPERTY_COUNT];
	int is_broken;
	int template;
	struct properties properties;
};

struct config {
	struct environment env;
	char **files;
	size_t file_count;
	struct section defaults;
	struct section *buffers;
	size_t buffer_count;
	struct section *templates;
	size_t template_count;
	int error_count;
	int warned_about_group;
};

/* Reads all files below @env->root and settles what they come to. */
void config_read(struct config *config, const struct environment *env);
void config_free(struct config *config);

/* The defaults, or the buffer of that name, new if need be */
struct section *config_section(struct config *config, const char *name,
			       const struct place *place);
/*
 * The same for any header; on failure NULL and what is wrong with it.  A template
 * brings its buffers along.
 */
struct section *config_header(struct config *config, const char *name,
			      const struct place *place, const char **wrong);
/* @section: NULL for what belongs to none */
void config_error(struct config *config, struct section *section,
		  const struct place *place, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* config_file.c */
void config_file_read(struct config *config, const char *path);

/* config_template.c */
/* What is wrong with the name of the template, or NULL */
const char *config_add_instances(struct config *config, int template);
/* What a buffer does not say itself it gets from its template, if it has one. */
void config_inherit(const struct config *config, struct section *buffer);

/* config_search.c: fills in config->files, in the order they count */
void config_search(struct config *config);

#endif /* MAPBUFCTL_CONFIG_H */
