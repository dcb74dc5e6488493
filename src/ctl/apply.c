// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mapbuf.h>

#include "config.h"
#include "ctl.h"
#include "plan.h"
#include "size.h"
#include "xalloc.h"

struct apply_options {
	const char *root;
	int dry_run;
};

static void help(void)
{
	puts("      --dry-run    only tell what would be done; needs neither root nor the module\n"
	     "      --root=DIR   take the configuration, and users and groups, from below DIR");
}

static void tell(const struct section *buffer, enum level level,
		 const char *what, const char *why)
{
	message(level, "%s:%lu: buffer '%s': %s: %s", buffer->place.file,
		buffer->place.line, buffer->name, what, why);
}

static int create(struct mapbuf_control *control, const struct section *buffer)
{
	const struct properties *properties = &buffer->properties;
	struct mapbuf_options *options;
	unsigned int id;
	int error;

	options = properties_to_options(properties);
	error = !options || mapbuf_control_create(control, buffer->name,
						  options, &id) ? errno : 0;
	mapbuf_options_free(options);
	if (error) {
		tell(buffer, LEVEL_ERROR, "cannot be made",
		     explain_create(error, properties->backing));
		return -1;
	}
	printf("created '%s': /dev/mapbuf%u\n", buffer->name, id);
	return 0;
}

/* The control node is opened when a buffer is to be made, not before. */
static int create_first(struct mapbuf_control **control,
			const struct section *buffer)
{
	if (!*control)
		*control = mapbuf_control_open();
	if (!*control) {
		tell(buffer, LEVEL_ERROR, "cannot be made",
		     explain_control(errno));
		return -1;
	}
	return create(*control, buffer);
}

static int execute(const struct plan *plan)
{
	struct mapbuf_control *control = NULL;
	const struct step *step;
	int status = EXIT_OK;
	size_t i;

	for (i = 0; i < plan->count; i++) {
		step = &plan->steps[i];
		if (step->action == ACTION_CREATE &&
		    create_first(&control, step->buffer))
			status = EXIT_FAILED;
		if (step->action == ACTION_LEAVE)
			tell(step->buffer, LEVEL_WARNING,
			     "is left as it is (destroy it to have it made anew)",
			     step->difference);
	}
	mapbuf_control_close(control);
	return status;
}

/* Without the module there are no buffers. */
static struct mapbuf_list *read_present(struct present **present, size_t *count)
{
	const struct mapbuf_entry *entry;
	struct mapbuf_list *list;

	*present = NULL;
	*count = 0;
	list = mapbuf_list_read();
	if (!list)
		return NULL;
	while ((entry = mapbuf_list_get(list, *count))) {
		*present = xgrow(*present, *count, sizeof(**present));
		(*present)[(*count)++] = (struct present){
			.name = mapbuf_entry_name(entry),
			.size = mapbuf_entry_size(entry),
			.backing = mapbuf_entry_backing(entry),
			.numa_node = mapbuf_entry_numa_node(entry),
		};
	}
	return list;
}

static int apply(const struct apply_options *options)
{
	struct environment env = {
		.root = options->root, .memory = size_of_memory()
	};
	struct mapbuf_list *list;
	struct present *present;
	struct config config;
	int status = EXIT_OK;
	struct plan plan;
	size_t count;

	list = read_present(&present, &count);
	if (!list && errno != ENOENT) {
		message(LEVEL_ERROR, "mapbufctl: the buffers cannot be listed: %s",
			explain_list(errno));
		return EXIT_FAILED;
	}
	config_read(&config, &env);
	plan_make(&plan, &config, present, count, sysconf(_SC_PAGESIZE));
	if (options->dry_run)
		plan_print(&plan, stdout);
	else
		status = execute(&plan);
	if (config.error_count)
		status = EXIT_FAILED;

	plan_free(&plan);
	config_free(&config);
	free(present);
	mapbuf_list_free(list);
	return status;
}

static int run(int argc, char **argv)
{
	static const struct option table[] = {
		{ "dry-run", no_argument, NULL, 'n' },
		{ "root", required_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 }
	};
	struct apply_options options = { .root = "" };
	int option;

	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (option == 'n')
			options.dry_run = 1;
		else if (option == 'r')
			options.root = optarg;
		else
			return usage_error(argv);
	}
	if (optind < argc) {
		message(LEVEL_ERROR, "%s: '%s' is not expected", argv[0],
			argv[optind]);
		return usage_error(argv);
	}
	return apply(&options);
}

const struct verb verb_apply = {
	.name = "apply", .arguments = "[OPTION]...",
	.summary = "create the buffers of mapbuf.conf(5) that do not exist",
	.help = help, .run = run
};
