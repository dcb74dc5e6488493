// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mapbuf.h>

#include "ctl.h"
#include "make.h"
#include "progress.h"
#include "property.h"
#include "size.h"
#include "xalloc.h"

#define NO_WAIT PROPERTY_COUNT

/* How it is written */
static char *describe(const struct property *property)
{
	return xprintf("--%s%s%s", property->option,
		       property->placeholder ? "=" : "",
		       property->placeholder ? property->placeholder : "");
}

static void help(void)
{
	int i, width = 0, length;
	char *text;

	for (i = 0; i < PROPERTY_COUNT; i++) {
		text = describe(&property_table[i]);
		length = strlen(text);
		width = length > width ? length : width;
		free(text);
	}
	for (i = 0; i < PROPERTY_COUNT; i++) {
		text = describe(&property_table[i]);
		printf("      %-*s   %s\n", width, text,
		       property_table[i].summary);
		free(text);
	}
	printf("      %-*s   %s\n", width, "--no-wait",
	       "return before udev has named it");
}

/* One option a property; its number is returned by getopt_long(). */
static void fill_options(struct option *options)
{
	int i;

	memset(options, 0, (PROPERTY_COUNT + 2) * sizeof(*options));
	for (i = 0; i < PROPERTY_COUNT; i++) {
		options[i].name = property_table[i].option;
		options[i].has_arg = property_table[i].set_by_name ?
				     no_argument : required_argument;
		options[i].val = i;
	}
	options[i].name = "no-wait";
	options[i].val = NO_WAIT;
}

static int set_property(struct properties *properties, const char *command,
			const struct property *property, const char *value,
			const struct environment *env)
{
	char reason[REASON_SIZE];

	if (!property->set(properties,
			   property->set_by_name ? property->set_by_name : value,
			   env, reason))
		return 0;
	message(LEVEL_ERROR, "%s: --%s=%s: %s", command, property->option,
		value, reason);
	return -1;
}

static int create(const char *name, const struct properties *properties,
		  int no_wait)
{
	struct make_item item = { .name = name, .properties = properties };
	struct mapbuf_control *control;
	char *why = NULL;

	control = mapbuf_control_open();
	if (!control) {
		why = xstrdup(explain_control(errno));
	} else {
		make_buffers(control, &item, 1, NULL, NULL);
		if (item.error)
			why = explain_create(item.error, properties);
	}
	make_end();
	mapbuf_control_close(control);
	if (why) {
		message(LEVEL_ERROR, "mapbufctl: buffer '%s': cannot be made: %s",
			name, why);
		free(why);
		return EXIT_FAILED;
	}
	if (!no_wait)
		make_named(name, progress_now_ms());
	printf("/dev/mapbuf%u\n", item.id);
	return EXIT_OK;
}

/* What getopt_long() cannot tell; NULL if all is well. */
static const char *check(int count, const char *name,
			 const struct properties *properties, char *reason)
{
	if (count != 1)
		return "give one NAME";
	if (!mapbuf_name_is_valid(name))
		return "NAME must be 1 to 31 of A-Z a-z 0-9 _ . -, not starting with . or -";
	if (!properties->size)
		return "give its --size";
	return properties_check(properties, reason) ? reason : NULL;
}

static int run(int argc, char **argv)
{
	struct option table[PROPERTY_COUNT + 2];
	struct properties properties;
	struct environment env = { .root = "", .memory = size_of_memory() };
	int option, has_default_group, no_wait = 0;
	char reason[REASON_SIZE];
	const char *wrong;

	fill_options(table);
	has_default_group = !properties_init(&properties, &env);
	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (option == NO_WAIT) {
			no_wait = 1;
			continue;
		}
		if (option < 0 || option >= PROPERTY_COUNT ||
		    set_property(&properties, argv[0], &property_table[option],
				 optarg, &env))
			return usage_error(argv);
	}
	properties_settle(&properties);
	wrong = check(argc - optind, argv[optind], &properties, reason);
	if (wrong) {
		message(LEVEL_ERROR, "%s: %s", argv[0], wrong);
		return usage_error(argv);
	}
	if (!has_default_group && properties_use_default_group(&properties))
		message(LEVEL_WARNING,
			"mapbufctl: group '" DEFAULT_GROUP "' does not exist: the buffer gets the group root");
	return create(argv[optind], &properties, no_wait);
}

const struct verb verb_create = {
	.name = "create", .arguments = "NAME --size=SIZE [OPTION]...",
	.summary = "create a buffer and print its node",
	.help = help, .run = run
};
