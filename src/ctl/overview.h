/* SPDX-License-Identifier: GPL-2.0-only */
/* What the verb status reports, before it is printed. */
#ifndef MAPBUFCTL_OVERVIEW_H
#define MAPBUFCTL_OVERVIEW_H

#include <stddef.h>
#include <stdint.h>

#include "system.h"

struct json_object;
struct mapbuf_list;

/**
 * struct usage - the memory of all buffers
 * @used: bytes that count against the limit
 * @limit: in bytes, 0 if unknown
 * @setting: the limit as the module prints it; may be NULL
 * @pinned: bytes of destroyed buffers
 */
struct usage {
	uint64_t used;
	uint64_t limit;
	char *setting;
	uint64_t pinned;
};

void usage_read(struct usage *usage, const struct mapbuf_list *list);
void usage_free(struct usage *usage);

/**
 * struct overview - the machine, the configuration, the buffers
 * @version: of the module; may be NULL
 * @problem: of the module, and what to do; NULL if there is none
 * @configured: buffers of the configuration
 * @missing: those that do not exist, @configured at most; of the configuration
 * @is_switched_off: no buffers are made at boot
 * @list: NULL if the buffers cannot be listed; then there is no @usage either
 * @errors: of each buffer of @list: pages with a memory error, or -1
 * @nodes: free memory
 */
struct overview {
	enum module_state module;
	char *version;
	char *problem;
	size_t files;
	size_t configured;
	char **missing;
	size_t missing_count;
	int config_errors;
	int is_switched_off;
	struct mapbuf_list *list;
	struct usage usage;
	int64_t *errors;
	int64_t error_sum;
	struct free_memory *nodes;
	size_t node_count;
};

/* @root: where the configuration is; its errors are reported */
void overview_read(struct overview *overview, const char *root);
void overview_free(struct overview *overview);
int overview_is_healthy(const struct overview *overview);

/* overview_print.c: as JSON, and for Prometheus */
void overview_print_json(const struct overview *overview);
void overview_print_metrics(const struct overview *overview);

#endif /* MAPBUFCTL_OVERVIEW_H */
