// SPDX-License-Identifier: GPL-2.0-only
/* The verb that a person uses first when something is wrong. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <mapbuf.h>

#include "ctl.h"
#include "overview.h"
#include "size.h"
#include "xalloc.h"

static void help(void)
{
	puts("  -J, --json       print JSON, sizes in bytes\n"
	     "      --metrics    print metrics for Prometheus\n"
	     "      --root=DIR   read the configuration, and users and groups, below DIR");
}

static void tell(const char *what, const char *text)
{
	printf("%14s: %s\n", what, text);
}

static void tell_module(const struct overview *from)
{
	char *text;

	if (from->module == MODULE_LOADED)
		text = xprintf("loaded, version %s", from->version);
	else if (from->module == MODULE_OTHER_VERSION)
		text = xprintf("loaded, version %s, but %s", from->version,
			       from->problem);
	else
		text = xprintf("not loaded: %s", from->problem);
	tell("Module", text);
	free(text);
}

/* Also names those that are missing. */
static void tell_configured(const struct overview *from)
{
	char *text;
	size_t i;

	printf("%14s: %zu configured in %zu files, %zu present, %zu missing%s",
	       "Buffers", from->configured, from->files,
	       from->configured - from->missing_count, from->missing_count,
	       from->missing_count ? ":" : "");
	for (i = 0; i < from->missing_count; i++)
		printf(" %s", from->missing[i]);
	puts(from->missing_count ? " (mapbufctl apply)" : "");
	if (from->config_errors) {
		text = xprintf("%d errors, reported above (mapbufctl apply --dry-run)",
			       from->config_errors);
		tell("Configuration", text);
		free(text);
	}
	if (from->is_switched_off)
		tell("At boot", "no buffers are created: mapbuf.apply=0 is on the kernel command line");
}

static void tell_used(const struct overview *from)
{
	char used[SIZE_TEXT], limit[SIZE_TEXT], pinned[SIZE_TEXT];

	size_format(used, from->usage.used);
	size_format(limit, from->usage.limit);
	size_format(pinned, from->usage.pinned);
	printf("%14s: %s in %zu buffers", "Memory used", used,
	       mapbuf_list_count(from->list));
	if (from->usage.limit)
		printf(", of %s that max_bytes=%s allows", limit,
		       from->usage.setting);
	putchar('\n');
	/* Of buffers that were destroyed. */
	if (from->usage.pinned)
		printf("%14s: %s of destroyed buffers, until it is unpinned\n",
		       "Still pinned", pinned);
}

/* Names the buffers. */
static void tell_errors(const struct overview *from)
{
	const struct mapbuf_entry *entry;
	size_t i;

	if (!from->error_sum)
		return;
	printf("%14s: %" PRId64 " pages cannot be used, of:", "Memory errors",
	       from->error_sum);
	for (i = 0; (entry = mapbuf_list_get(from->list, i)); i++) {
		if (from->errors[i] > 0)
			printf(" %s", mapbuf_entry_name(entry));
	}
	puts(" (make these buffers again)");
}

static void tell_free(const struct overview *from)
{
	char all[SIZE_TEXT], huge[SIZE_TEXT], largest[SIZE_TEXT];
	size_t i;

	for (i = 0; i < from->node_count; i++) {
		size_format(all, from->nodes[i].bytes);
		size_format(huge, from->nodes[i].huge_bytes);
		size_format(largest, from->nodes[i].largest);
		printf("%14s: %s on NUMA node %d, %s of it in pieces of 2M and more, at most %s without moving pages\n",
		       "Memory free", all, from->nodes[i].node, huge, largest);
	}
}

static void print_text(const struct overview *overview)
{
	tell_module(overview);
	tell_configured(overview);
	if (overview->list) {
		tell_used(overview);
		tell_errors(overview);
	}
	tell_free(overview);
}

static int status(const char *root, void (*print)(const struct overview *))
{
	struct overview overview;
	int is_healthy;

	overview_read(&overview, root);
	print(&overview);
	is_healthy = overview_is_healthy(&overview);
	overview_free(&overview);
	return is_healthy ? EXIT_OK : EXIT_FAILED;
}

static int run(int argc, char **argv)
{
	static const struct option table[] = {
		{ "json", no_argument, NULL, 'J' },
		{ "metrics", no_argument, NULL, 'm' },
		{ "root", required_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 }
	};
	const char *root = system_root();
	int option, json = 0, metrics = 0;

	while ((option = getopt_long(argc, argv, "J", table, NULL)) != -1) {
		if (option == '?')
			return usage_error(argv);
		json |= option == 'J';
		metrics |= option == 'm';
		if (option == 'r')
			root = optarg;
	}
	if (json && metrics) {
		message(LEVEL_ERROR, "%s: give --json or --metrics, not both",
			argv[0]);
		return usage_error(argv);
	}
	if (word_is_unexpected(argv, argv[optind]))
		return usage_error(argv);
	if (root_is_wrong(argv, root))
		return usage_error(argv);
	if (json)
		message_as_json();
	return status(root, json ? overview_print_json :
		      metrics ? overview_print_metrics : print_text);
}

const struct verb verb_status = {
	.name = "status", .arguments = "[OPTION]...",
	.summary = "tell whether all is well, and what to do if not",
	.help = help, .run = run
};
