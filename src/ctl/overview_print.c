// SPDX-License-Identifier: GPL-2.0-only
/* What is printed here others read: mapbufctl(8) says that it stays. */
#include <inttypes.h>
#include <stdio.h>

#include <mapbuf.h>

#include "json.h"
#include "overview.h"

static struct json_object *make_module(const struct overview *from)
{
	struct json_object *to = json_object_new_object();

	json_add_bool(to, "loaded", from->module != MODULE_MISSING);
	json_add_text(to, "version", from->version);
	json_add_text(to, "problem", from->problem);
	return to;
}

static struct json_object *make_configuration(const struct overview *from)
{
	struct json_object *to = json_object_new_object();
	struct json_object *missing = json_object_new_array();
	size_t i;

	for (i = 0; i < from->missing_count; i++)
		json_object_array_add(missing,
				      json_object_new_string(from->missing[i]));
	json_add_number(to, "files", from->files);
	json_add_number(to, "buffers", from->configured);
	json_object_object_add(to, "missing", missing);
	json_add_number(to, "errors", from->config_errors);
	json_add_bool(to, "applied_at_boot", !from->is_switched_off);
	return to;
}

static struct json_object *make_memory(const struct overview *from)
{
	struct json_object *to;

	if (!from->list)
		return NULL;
	to = json_object_new_object();
	json_add_number(to, "buffers", mapbuf_list_count(from->list));
	json_add_number(to, "used", from->usage.used);
	json_add_number(to, "limit", from->usage.limit ?
			(int64_t)from->usage.limit : -1);
	json_add_number(to, "pinned", from->usage.pinned);
	json_add_number(to, "errors", from->error_sum);
	return to;
}

static struct json_object *make_free(const struct overview *from)
{
	struct json_object *to = json_object_new_array(), *node;
	size_t i;

	for (i = 0; i < from->node_count; i++) {
		node = json_object_new_object();
		json_add_number(node, "numa", from->nodes[i].node);
		json_add_number(node, "bytes", from->nodes[i].bytes);
		json_add_number(node, "huge", from->nodes[i].huge_bytes);
		json_add_number(node, "largest", from->nodes[i].largest);
		json_object_array_add(to, node);
	}
	return to;
}

void overview_print_json(const struct overview *overview)
{
	struct json_object *all = json_object_new_object();

	json_add_bool(all, "healthy", overview_is_healthy(overview));
	json_object_object_add(all, "module", make_module(overview));
	json_object_object_add(all, "configuration",
			       make_configuration(overview));
	json_object_object_add(all, "memory", make_memory(overview));
	json_object_object_add(all, "free", make_free(overview));
	json_print(all);
}

static void print_metric(const char *name, const char *help, int64_t value)
{
	printf("# HELP mapbuf_%s %s\n# TYPE mapbuf_%s gauge\n"
	       "mapbuf_%s %" PRId64 "\n", name, help, name, name, value);
}

static int64_t get_size(const struct mapbuf_entry *entry)
{
	return mapbuf_entry_size(entry);
}

/* Names of buffers have nothing that is to be escaped in a label. */
static void print_metric_of_buffers(const struct overview *overview,
				    const char *name, const char *help,
				    int64_t (*get)(const struct mapbuf_entry *))
{
	const struct mapbuf_entry *entry;
	int64_t value;
	size_t i;

	printf("# HELP mapbuf_buffer_%s %s\n# TYPE mapbuf_buffer_%s gauge\n",
	       name, help, name);
	for (i = 0; (entry = mapbuf_list_get(overview->list, i)); i++) {
		value = get ? get(entry) : overview->errors[i];
		if (value >= 0)
			printf("mapbuf_buffer_%s{name=\"%s\",backing=\"%s\"} %" PRId64 "\n",
			       name, mapbuf_entry_name(entry),
			       mapbuf_entry_backing(entry), value);
	}
}

static void print_buffers(const struct overview *overview)
{
	print_metric("used_bytes", "Memory that counts against the limit.",
		     overview->usage.used);
	if (overview->usage.limit)
		print_metric("limit_bytes", "What the parameter max_bytes allows.",
			     overview->usage.limit);
	print_metric("destroyed_pinned_bytes",
		     "Memory of destroyed buffers that is still pinned.",
		     overview->usage.pinned);
	print_metric_of_buffers(overview, "size_bytes", "Size of the buffer.",
				get_size);
	print_metric_of_buffers(overview, "opens", "Its open files.",
				mapbuf_entry_opens);
	print_metric_of_buffers(overview, "mappings", "Its mappings.",
				mapbuf_entry_mappings);
	print_metric_of_buffers(overview, "pinned_bytes",
				"How much of it is pinned.",
				mapbuf_entry_pinned);
	print_metric_of_buffers(overview, "error_pages",
				"Its pages that have a memory error.", NULL);
}

void overview_print_metrics(const struct overview *overview)
{
	print_metric("healthy", "1 if mapbufctl status finds nothing wrong.",
		     overview_is_healthy(overview));
	print_metric("module_loaded", "1 if the module is loaded.",
		     overview->module != MODULE_MISSING);
	print_metric("configured_buffers", "Buffers of the configuration.",
		     overview->configured);
	print_metric("missing_buffers",
		     "Buffers of the configuration that do not exist.",
		     overview->missing_count);
	print_metric("configuration_errors", "Errors in the configuration.",
		     overview->config_errors);
	if (overview->list)
		print_buffers(overview);
}
