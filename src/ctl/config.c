// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <mapbuf.h>

#include "config.h"
#include "ctl.h"
#include "xalloc.h"

#define DEFAULTS "Defaults"

/* The one of that name in an array, which grows if there is none. */
static struct section *find_or_add(struct section **sections, size_t *count,
				   const char *name, const struct place *place)
{
	struct section *section;
	size_t i;

	for (i = 0; i < *count; i++) {
		if (strcmp((*sections)[i].name, name) == 0)
			return &(*sections)[i];
	}
	*sections = xgrow(*sections, *count, sizeof(**sections));
	section = &(*sections)[(*count)++];
	memset(section, 0, sizeof(*section));
	section->name = xstrdup(name);
	section->place = *place;
	return section;
}

struct section *config_section(struct config *config, const char *name,
			       const struct place *place)
{
	if (strcmp(name, DEFAULTS) == 0)
		return &config->defaults;
	return find_or_add(&config->buffers, &config->buffer_count, name,
			   place);
}

struct section *config_header(struct config *config, const char *name,
			      const struct place *place, const char **wrong)
{
	struct section *template;

	*wrong = NULL;
	if (strcasecmp(name, DEFAULTS) == 0 && strcmp(name, DEFAULTS) != 0) {
		*wrong = "this differs from [" DEFAULTS "] in case only (write [" DEFAULTS "])";
		return NULL;
	}
	if (!strchr(name, '@'))
		return config_section(config, name, place);
	template = find_or_add(&config->templates, &config->template_count,
			       name, place);
	*wrong = config_add_instances(config, template - config->templates);
	return *wrong ? NULL : template;
}

void config_error(struct config *config, struct section *section,
		  const struct place *place, const char *format, ...)
{
	char where[4352] = "", whose[4352] = "", what[4352];
	va_list arguments;

	config->error_count++;
	if (place)
		snprintf(where, sizeof(where), "%s:%lu: ", place->file,
			 place->line);
	if (section == &config->defaults)
		snprintf(whose, sizeof(whose), "[" DEFAULTS "]: ");
	else if (section)
		snprintf(whose, sizeof(whose),
			 "buffer '%s': cannot be made: ", section->name);
	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	if (section)
		section->is_broken = 1;
	message(LEVEL_ERROR, "%s%s%s", where, whose, what);
}

/* Lets the settings of one section change @to; defaults may be its own. */
static void apply_settings(struct config *config, struct section *section,
			   struct properties *to)
{
	char reason[REASON_SIZE];
	struct setting *setting;
	int i;

	for (i = 0; i < PROPERTY_COUNT; i++) {
		setting = &section->settings[i];
		if (!setting->value)
			continue;
		setting->is_broken = property_table[i].set(to, setting->value,
							   &config->env,
							   reason) != 0;
		if (setting->is_broken)
			config_error(config, section, &setting->place,
				     "%s=%s: %s", property_table[i].key,
				     setting->value, reason);
	}
}

/* A default that is broken matters to those that do not override it. */
static void check_defaults(struct config *config, struct section *buffer)
{
	int i;

	for (i = 0; i < PROPERTY_COUNT; i++) {
		if (config->defaults.settings[i].is_broken &&
		    !buffer->settings[i].value)
			config_error(config, buffer, &buffer->place,
				     "its %s= from [" DEFAULTS "] is invalid",
				     property_table[i].key);
	}
}

/*
 * A broken value of a template is reported once, and matters to those that do
 * not override it.
 */
static void check_template(struct config *config, struct section *template,
			   const struct properties *defaults)
{
	struct properties properties = *defaults;
	int is_broken = template->is_broken;

	apply_settings(config, template, &properties);
	template->is_broken = is_broken;
}

static void warn_about_group(struct config *config)
{
	if (config->warned_about_group || config->env.early)
		return;
	config->warned_about_group = 1;
	message(LEVEL_WARNING,
		"group '" DEFAULT_GROUP "' does not exist: buffers without Group= belong to the group root (systemd-sysusers creates it)");
}

static void settle_buffer(struct config *config, struct section *buffer,
			  const struct properties *defaults)
{
	char reason[REASON_SIZE];

	buffer->properties = *defaults;
	config_inherit(config, buffer);
	if (buffer->is_broken && buffer->template)
		return;
	if (!mapbuf_name_is_valid(buffer->name)) {
		config_error(config, buffer, &buffer->place,
			     "it is not a name (1 to 31 of A-Z a-z 0-9 _ . -, not starting with . or -)");
		return;
	}
	apply_settings(config, buffer, &buffer->properties);
	properties_settle(&buffer->properties);
	check_defaults(config, buffer);
	if (!buffer->is_broken && !buffer->properties.size)
		config_error(config, buffer, &buffer->place,
			     "it has no Size= (add one here or in [" DEFAULTS "])");
	if (!buffer->is_broken && properties_check(&buffer->properties, reason))
		config_error(config, buffer, &buffer->place, "%s", reason);
}

static void settle(struct config *config)
{
	struct properties defaults;
	struct section *buffer;
	int has_default_group;
	size_t i;

	has_default_group = !properties_init(&defaults, &config->env);
	apply_settings(config, &config->defaults, &defaults);
	for (i = 0; i < config->template_count; i++)
		check_template(config, &config->templates[i], &defaults);
	for (i = 0; i < config->buffer_count; i++) {
		buffer = &config->buffers[i];
		settle_buffer(config, buffer, &defaults);
		if (!has_default_group && !buffer->is_broken &&
		    properties_use_default_group(&buffer->properties))
			warn_about_group(config);
	}
}

void config_read(struct config *config, const struct environment *env)
{
	size_t i;

	memset(config, 0, sizeof(*config));
	config->env = *env;
	config->defaults.name = xstrdup(DEFAULTS);
	config_search(config);
	for (i = 0; i < config->file_count; i++)
		config_file_read(config, config->files[i]);
	settle(config);
}

static void free_section(struct section *section)
{
	int i;

	for (i = 0; i < PROPERTY_COUNT; i++)
		free(section->settings[i].value);
	free(section->name);
}

void config_free(struct config *config)
{
	size_t i;

	for (i = 0; i < config->buffer_count; i++)
		free_section(&config->buffers[i]);
	for (i = 0; i < config->template_count; i++)
		free_section(&config->templates[i]);
	free_section(&config->defaults);
	free(config->buffers);
	free(config->templates);
	for (i = 0; i < config->file_count; i++)
		free(config->files[i]);
	free(config->files);
}
