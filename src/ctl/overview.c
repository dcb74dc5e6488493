// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mapbuf.h>

#include "config.h"
#include "limit.h"
#include "overview.h"
#include "size.h"
#include "xalloc.h"

#define CONTROL "/sys/class/misc/mapbuf-control/"

/* In bytes; @otherwise if the module does not report it. */
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

void usage_read(struct usage *usage, const struct mapbuf_list *list)
{
	const struct mapbuf_entry *entry;
	uint64_t used = 0;
	size_t i;

	for (i = 0; (entry = mapbuf_list_get(list, i)); i++) {
		/* That was not memory of the system before either. */
		if (strcmp(mapbuf_entry_backing(entry), "reserved") != 0)
			used += mapbuf_entry_size(entry);
	}
	usage->used = read_bytes(CONTROL "used", used);
	usage->limit = limit_read(size_of_memory(), &usage->setting);
	usage->pinned = read_bytes(CONTROL "pinned", 0);
}

void usage_free(struct usage *usage)
{
	free(usage->setting);
}

static int is_present(const struct mapbuf_list *list, const char *name)
{
	return list && mapbuf_list_find(list, name);
}

static void read_configuration(struct overview *to, const char *root)
{
	struct environment env = { .root = root, .memory = size_of_memory() };
	struct config config;
	const char *name;
	size_t i;

	config_read(&config, &env);
	to->list = mapbuf_list_read();
	to->files = config.file_count;
	to->configured = config.buffer_count;
	to->config_errors = config.error_count;
	for (i = 0; i < config.buffer_count; i++) {
		name = config.buffers[i].name;
		if (is_present(to->list, name))
			continue;
		to->missing = xgrow(to->missing, to->missing_count,
				    sizeof(*to->missing));
		to->missing[to->missing_count++] = xstrdup(name);
	}
	config_free(&config);
}

static void read_errors(struct overview *to)
{
	const struct mapbuf_entry *entry;
	size_t i;

	for (i = 0; (entry = mapbuf_list_get(to->list, i)); i++) {
		to->errors = xgrow(to->errors, i, sizeof(*to->errors));
		to->errors[i] = mapbuf_entry_errors(entry);
		if (to->errors[i] > 0)
			to->error_sum += to->errors[i];
	}
}

void overview_read(struct overview *overview, const char *root)
{
	char *text;

	memset(overview, 0, sizeof(*overview));
	read_configuration(overview, root);
	overview->module = module_examine(&overview->version,
					  &overview->problem);
	overview->is_switched_off = system_has_argument("mapbuf.apply=0");
	if (overview->list) {
		usage_read(&overview->usage, overview->list);
		read_errors(overview);
	}
	text = system_read("/proc/buddyinfo");
	if (text)
		overview->nodes = memory_parse(text, sysconf(_SC_PAGESIZE),
					       &overview->node_count);
	free(text);
}

int overview_is_healthy(const struct overview *overview)
{
	return overview->module == MODULE_LOADED && !overview->missing_count &&
	       !overview->config_errors && !overview->error_sum;
}

void overview_free(struct overview *overview)
{
	size_t i;

	for (i = 0; i < overview->missing_count; i++)
		free(overview->missing[i]);
	free(overview->missing);
	free(overview->version);
	free(overview->problem);
	mapbuf_list_free(overview->list);
	usage_free(&overview->usage);
	free(overview->errors);
	free(overview->nodes);
}
