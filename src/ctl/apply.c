// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mapbuf.h>

#include "config.h"
#include "ctl.h"
#include "limit.h"
#include "make.h"
#include "own.h"
#include "plan.h"
#include "progress.h"
#include "size.h"
#include "system.h"
#include "xalloc.h"

struct apply_options {
	const char *root;
	int dry_run;
	int no_wait;
	int early;
	int json;
	unsigned int flags;
};

static void help(void)
{
	puts("  -J, --json       print the plan of a dry run as JSON\n"
	     "      --dry-run    only tell what would be done; needs neither root nor the module\n"
	     "      --early      in an initramfs: unknown users and groups mean root until the next apply; does not wait for udev\n"
	     "      --no-wait    return before udev has named the new buffers\n"
	     "      --prune      destroy idle buffers that are not configured\n"
	     "      --replace    make idle buffers anew that differ from the configuration\n"
	     "      --root=DIR   read the configuration, users and groups below DIR");
}

static void tell(const struct step *step, enum level level, const char *what,
		 const char *why)
{
	if (step->buffer)
		message(level, "%s:%lu: buffer '%s': %s: %s",
			step->buffer->place.file, step->buffer->place.line,
			step->name, what, why);
	else
		message(level, "mapbufctl: buffer '%s': %s: %s", step->name,
			what, why);
}

/* Tells what became of it. */
static void created(struct make_item *item)
{
	struct step *step = item->data;
	char *why;

	if (item->error) {
		why = explain_create(item->error, item->properties);
		tell(step, LEVEL_ERROR,
		     step->action == ACTION_REPLACE ?
		     "is destroyed and cannot be created again" : "cannot be made",
		     why);
		free(why);
		return;
	}
	step->is_made = 1;
	printf("%s '%s': /dev/mapbuf%u\n",
	       step->action == ACTION_REPLACE ? "replaced" : "created",
	       step->name, item->id);
	/* At once: the next may take minutes, or end the program. */
	fflush(stdout);
}

/* Steps of which each creates a buffer, at once. */
static int create(struct mapbuf_control *control, struct step *steps,
		  size_t count, struct make_sum *sum)
{
	struct make_item *items = xgrow(NULL, count, sizeof(*items));
	int result = 0;
	size_t i;

	/* By the plan, which is made anew each time, there are none. */
	for (i = 0; i < count; i++)
		items[i] = (struct make_item){
			.name = steps[i].name,
			.properties = &steps[i].buffer->properties,
			.is_new = 1,
			.data = &steps[i],
		};
	make_buffers(control, items, count, sum, created);
	for (i = 0; i < count; i++) {
		if (items[i].error)
			result = -1;
	}
	free(items);
	return result;
}

/*
 * How many of @count steps are done at once.  All processors of a node clear the
 * memory of one buffer: only those of other nodes have time for more.
 */
static size_t at_once(const struct step *steps, size_t count)
{
	const struct properties *properties;
	size_t n, i;

	for (n = 0; n < count && steps[n].action == ACTION_CREATE; n++) {
		properties = &steps[n].buffer->properties;
		if (properties->numa_node < 0 || !make_takes_long(properties))
			break;
		for (i = 0; i < n; i++) {
			if (steps[i].buffer->properties.numa_node ==
			    properties->numa_node)
				return n;
		}
	}
	return n ? n : 1;
}

/* Somebody may have opened it since the plan was made: that is no failure. */
static int destroy(struct mapbuf_control *control, const struct step *step,
		   int *is_left)
{
	*is_left = 0;
	if (!mapbuf_control_destroy(control, step->name, 0))
		return 0;
	*is_left = errno == EBUSY;
	tell(step, *is_left ? LEVEL_WARNING : LEVEL_ERROR, *is_left ?
	     "is left as it is" : "cannot be destroyed",
	     explain_destroy(errno));
	return *is_left ? 0 : -1;
}

/* @count: more than one only for ACTION_CREATE */
static int change(struct mapbuf_control *control, struct step *step,
		  size_t count, struct make_sum *sum)
{
	int is_left;

	if (step->action == ACTION_CREATE)
		return create(control, step, count, sum);
	if (destroy(control, step, &is_left))
		return -1;
	if (is_left)
		return 0;
	if (step->action == ACTION_REPLACE)
		return create(control, step, 1, sum);
	printf("removed '%s'\n", step->name);
	fflush(stdout);
	return 0;
}

/* As the module would, when all before it are there. */
static int check_sum(const struct plan *plan, const struct present *present,
		     size_t count, const struct apply_options *options,
		     uint64_t memory)
{
	uint64_t limit = limit_of_bytes(options->root, memory), sum;
	const struct step *step;
	char *why;

	step = plan_exceeds(plan, present, count, sysconf(_SC_PAGESIZE), limit,
			    &sum);
	if (!step)
		return EXIT_OK;
	why = xprintf("with it the buffers have %" PRIu64 " bytes, and max_bytes is %" PRIu64 " (%s)",
		      sum, limit, LIMIT_ADVICE);
	tell(step, LEVEL_ERROR, "will not fit", why);
	free(why);
	return EXIT_FAILED;
}

/* The control node is opened when something is to be done, not before. */
static int change_first(struct mapbuf_control **control, struct step *step,
			size_t count, struct make_sum *sum)
{
	const char *why;
	size_t i;

	if (!*control)
		*control = mapbuf_control_open();
	if (*control)
		return change(*control, step, count, sum);
	why = explain_control(errno);
	for (i = 0; i < count; i++)
		tell(&step[i], LEVEL_ERROR, step->action == ACTION_CREATE ?
		     "cannot be made" : "cannot be destroyed", why);
	return -1;
}

static int change_owner(const struct step *step)
{
	int error = own_buffer(step->name, step->id, &step->buffer->properties);

	if (error) {
		tell(step, LEVEL_ERROR, step->why, strerror(error));
		return -1;
	}
	printf("changed '%s': %s\n", step->name, step->why);
	return 0;
}

/* All that there will be to make, but for what somebody opens meanwhile */
static struct make_sum sum_of_plan(const struct plan *plan)
{
	struct make_sum sum = { 0 };
	const struct step *step;
	size_t i;

	for (i = 0; i < plan->count; i++) {
		step = &plan->steps[i];
		if (step->action == ACTION_CREATE ||
		    step->action == ACTION_REPLACE)
			make_expect(&sum, &step->buffer->properties);
	}
	return sum;
}

static int execute(const struct plan *plan)
{
	struct make_sum sum = sum_of_plan(plan);
	struct mapbuf_control *control = NULL;
	struct step *step;
	int status = EXIT_OK;
	size_t i, n;

	for (i = 0; i < plan->count; i += n) {
		step = &plan->steps[i];
		n = at_once(step, plan->count - i);
		if (step->action == ACTION_LEAVE)
			tell(step, LEVEL_WARNING, "is left as it is",
			     step->why);
		else if (step->action == ACTION_CHANGE)
			status = change_owner(step) ? EXIT_FAILED : status;
		else if (step->action != ACTION_KEEP &&
			 change_first(&control, step, n, &sum))
			status = EXIT_FAILED;
	}
	make_end();
	mapbuf_control_close(control);
	return status;
}

/* When all are made, as udev names one while the next is made. */
static void wait_for_names(const struct plan *plan)
{
	long long since = progress_now_ms();
	size_t i;

	for (i = 0; i < plan->count; i++) {
		if (plan->steps[i].is_made)
			make_named(plan->steps[i].name, since);
	}
}

static void describe(const struct mapbuf_entry *entry, struct present *present)
{
	char *path = system_path("/dev/mapbuf%u", mapbuf_entry_id(entry));
	struct stat status;

	*present = (struct present){
		.name = mapbuf_entry_name(entry),
		.id = mapbuf_entry_id(entry),
		.size = mapbuf_entry_size(entry),
		.backing = mapbuf_entry_backing(entry),
		.numa_node = mapbuf_entry_numa_node(entry),
		.opens = mapbuf_entry_opens(entry),
		.mappings = mapbuf_entry_mappings(entry),
		.dma_bits = mapbuf_entry_dma_bits(entry),
		.phys_addr = mapbuf_entry_phys_addr(entry),
		.device = mapbuf_entry_device(entry),
		.cache = mapbuf_entry_cache(entry),
		.zero_on_last_close = mapbuf_entry_zero_on_last_close(entry),
	};
	if (!stat(path, &status)) {
		present->has_node = 1;
		present->uid = status.st_uid;
		present->gid = status.st_gid;
		present->mode = status.st_mode & 07777;
	}
	free(path);
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
		describe(entry, &(*present)[(*count)++]);
	}
	return list;
}

static int apply(const struct apply_options *options)
{
	struct environment env = {
		.root = options->root, .memory = size_of_memory(),
		.early = options->early
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
	plan_make(&plan, &config, present, count, sysconf(_SC_PAGESIZE),
		  options->flags);
	if ((options->flags & PLAN_PRUNE) && config.error_count)
		message(LEVEL_ERROR, "mapbufctl: nothing is pruned, because the configuration has errors");
	if (options->dry_run) {
		if (options->json)
			plan_print_json(&plan);
		else
			plan_print(&plan, stdout);
		status = check_sum(&plan, present, count, options, env.memory);
	} else {
		status = execute(&plan);
		if (!options->no_wait && !options->early)
			wait_for_names(&plan);
	}
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
		{ "early", no_argument, NULL, 'y' },
		{ "no-wait", no_argument, NULL, 'w' },
		{ "json", no_argument, NULL, 'J' },
		{ "prune", no_argument, NULL, 'p' },
		{ "replace", no_argument, NULL, 'e' },
		{ "root", required_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 }
	};
	struct apply_options options = { .root = "" };
	int option;

	while ((option = getopt_long(argc, argv, "J", table, NULL)) != -1) {
		if (option == 'n')
			options.dry_run = 1;
		else if (option == 'w')
			options.no_wait = 1;
		else if (option == 'y')
			options.early = 1;
		else if (option == 'J')
			options.json = 1;
		else if (option == 'p')
			options.flags |= PLAN_PRUNE;
		else if (option == 'e')
			options.flags |= PLAN_REPLACE;
		else if (option == 'r')
			options.root = optarg;
		else
			return usage_error(argv);
	}
	if (word_is_unexpected(argv, argv[optind]))
		return usage_error(argv);
	if (options.json && !options.dry_run) {
		message(LEVEL_ERROR, "%s: give --json with --dry-run only",
			argv[0]);
		return usage_error(argv);
	}
	if (root_is_wrong(argv, options.root))
		return usage_error(argv);
	if (options.json)
		message_as_json();
	return apply(&options);
}

const struct verb verb_apply = {
	.name = "apply", .arguments = "[OPTION]...",
	.summary = "bring the buffers to what mapbuf.conf(5) says",
	.help = help, .run = run
};
