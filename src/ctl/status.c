// SPDX-License-Identifier: GPL-2.0-only
/* The verb that a person uses first when something is wrong. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mapbuf.h>

#include "config.h"
#include "ctl.h"
#include "size.h"
#include "system.h"
#include "xalloc.h"

static void help(void)
{
	puts("      --root=DIR   take the configuration, and users and groups, from below DIR");
}

static void tell(const char *what, const char *text)
{
	printf("%14s: %s\n", what, text);
}

static int tell_module(void)
{
	char *version, *why, *text;
	enum module_state state = module_examine(&version, &why);

	if (state == MODULE_LOADED)
		text = xprintf("loaded, version %s", version);
	else if (state == MODULE_OTHER_VERSION)
		text = xprintf("loaded, version %s, but %s", version, why);
	else
		text = xprintf("not loaded: %s", why);
	tell("Module", text);
	free(text);
	free(version);
	free(why);
	return state != MODULE_LOADED;
}

static int is_present(const struct mapbuf_list *list, const char *name)
{
	const struct mapbuf_entry *entry;
	size_t i;

	for (i = 0; list && (entry = mapbuf_list_get(list, i)); i++) {
		if (strcmp(mapbuf_entry_name(entry), name) == 0)
			return 1;
	}
	return 0;
}

/* Also names those that are missing. */
static int tell_configured(const struct config *config,
			   const struct mapbuf_list *list)
{
	size_t i, present = 0, missing = 0;
	char *names = xstrdup(""), *longer, *text;

	for (i = 0; i < config->buffer_count; i++) {
		if (is_present(list, config->buffers[i].name)) {
			present++;
			continue;
		}
		missing++;
		longer = xprintf("%s %s", names, config->buffers[i].name);
		free(names);
		names = longer;
	}
	text = xprintf("%zu configured in %zu files, %zu present, %zu missing%s%s%s",
		       config->buffer_count, config->file_count, present,
		       missing, missing ? ":" : "", names,
		       missing ? " (mapbufctl apply)" : "");
	tell("Buffers", text);
	free(text);
	free(names);
	if (config->error_count) {
		text = xprintf("%d errors, told above (mapbufctl apply --dry-run)",
			       config->error_count);
		tell("Configuration", text);
		free(text);
	}
	return missing || config->error_count;
}

static void tell_boot(void)
{
	if (system_has_argument("mapbuf.apply=0"))
		tell("At boot", "nothing is made: mapbuf.apply=0 is on the kernel command line");
}

/* In bytes; 0 if the module does not tell. */
static uint64_t read_limit(char **setting)
{
	const char *why;
	uint64_t bytes;

	*setting = system_read("/sys/module/mapbuf/parameters/max_bytes");
	if (!*setting || size_parse(*setting, size_of_memory(), &bytes, &why))
		return 0;
	return bytes;
}

#define CONTROL "/sys/class/misc/mapbuf-control/"

/* In bytes; @otherwise if the module does not tell. */
static uint64_t read_bytes(const char *file, uint64_t otherwise)
{
	char *text = system_read("%s", file);
	uint64_t bytes = otherwise;
	const char *why;

	if (text && size_parse(text, 0, &bytes, &why))
		bytes = strcmp(text, "0") == 0 ? 0 : otherwise;
	free(text);
	return bytes;
}

/* Of buffers that were destroyed. */
static void tell_pinned(void)
{
	uint64_t pinned = read_bytes(CONTROL "pinned", 0);
	char size_text[SIZE_TEXT], *text;

	if (!pinned)
		return;
	size_format(size_text, pinned);
	text = xprintf("%s of destroyed buffers, until what has pinned it lets it go",
		       size_text);
	tell("Still pinned", text);
	free(text);
}

static void tell_used(const struct mapbuf_list *list)
{
	char used_text[SIZE_TEXT], limit_text[SIZE_TEXT], *setting, *text;
	const struct mapbuf_entry *entry;
	uint64_t used = 0, limit;
	size_t i;

	for (i = 0; (entry = mapbuf_list_get(list, i)); i++) {
		/* That was not memory of the system before either. */
		if (strcmp(mapbuf_entry_backing(entry), "reserved") != 0)
			used += mapbuf_entry_size(entry);
	}
	used = read_bytes(CONTROL "used", used);
	limit = read_limit(&setting);
	size_format(used_text, used);
	size_format(limit_text, limit);
	if (limit)
		text = xprintf("%s in %zu buffers, of %s that max_bytes=%s allows",
			       used_text, i, limit_text, setting);
	else
		text = xprintf("%s in %zu buffers", used_text, i);
	tell("Memory used", text);
	free(text);
	free(setting);
	tell_pinned();
}

/* Names the buffers. */
static int tell_errors(const struct mapbuf_list *list)
{
	char *names = xstrdup(""), *longer, *text;
	const struct mapbuf_entry *entry;
	int64_t errors = 0, some;
	size_t i;

	for (i = 0; (entry = mapbuf_list_get(list, i)); i++) {
		some = mapbuf_entry_errors(entry);
		if (some <= 0)
			continue;
		errors += some;
		longer = xprintf("%s %s", names, mapbuf_entry_name(entry));
		free(names);
		names = longer;
	}
	if (errors) {
		text = xprintf("%" PRId64 " pages cannot be used, of:%s (make these buffers again)",
			       errors, names);
		tell("Memory errors", text);
		free(text);
	}
	free(names);
	return errors != 0;
}

static void tell_free(void)
{
	char all[SIZE_TEXT], huge[SIZE_TEXT], largest[SIZE_TEXT], *text, *line;
	struct free_memory *nodes;
	size_t count, i;

	text = system_read("/proc/buddyinfo");
	if (!text)
		return;
	nodes = memory_parse(text, sysconf(_SC_PAGESIZE), &count);
	for (i = 0; i < count; i++) {
		size_format(all, nodes[i].bytes);
		size_format(huge, nodes[i].huge_bytes);
		size_format(largest, nodes[i].largest);
		line = xprintf("%s on NUMA node %d, %s of it in pieces of 2M and more, at most %s without moving pages",
			       all, nodes[i].node, huge, largest);
		tell("Memory free", line);
		free(line);
	}
	free(nodes);
	free(text);
}

static int status(const char *root)
{
	struct environment env = { .root = root, .memory = size_of_memory() };
	struct mapbuf_list *list;
	struct config config;
	int is_wrong;

	config_read(&config, &env);
	list = mapbuf_list_read();
	is_wrong = tell_module();
	is_wrong |= tell_configured(&config, list);
	tell_boot();
	if (list) {
		tell_used(list);
		is_wrong |= tell_errors(list);
	}
	tell_free();
	mapbuf_list_free(list);
	config_free(&config);
	return is_wrong ? EXIT_FAILED : EXIT_OK;
}

static int run(int argc, char **argv)
{
	static const struct option table[] = {
		{ "root", required_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 }
	};
	const char *root = system_root();
	int option;

	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (option != 'r')
			return usage_error(argv);
		root = optarg;
	}
	if (optind < argc) {
		message(LEVEL_ERROR, "%s: '%s' is not expected", argv[0],
			argv[optind]);
		return usage_error(argv);
	}
	if (root_is_wrong(argv, root))
		return usage_error(argv);
	return status(root);
}

const struct verb verb_status = {
	.name = "status", .arguments = "[--root=DIR]",
	.summary = "tell whether all is well, and what to do if not",
	.help = help, .run = run
};
