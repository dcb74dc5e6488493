/* SPDX-License-Identifier: GPL-2.0-only */
/* What has to be done so that the buffers of a configuration exist. */
#ifndef MAPBUFCTL_PLAN_H
#define MAPBUFCTL_PLAN_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "config.h"

/* A buffer that exists. */
struct present {
	const char *name;
	uint64_t size;
	const char *backing;
	int numa_node;
};

enum action {
	ACTION_CREATE,
	ACTION_KEEP,	/* it is there */
	ACTION_LEAVE,	/* it is there, but not as configured */
};

struct step {
	enum action action;
	const struct section *buffer;	/* of the configuration */
	char *difference;		/* of ACTION_LEAVE */
};

struct plan {
	struct step *steps;
	size_t count;
};

void plan_make(struct plan *plan, const struct config *config,
	       const struct present *present, size_t present_count,
	       uint64_t page_size);
void plan_print(const struct plan *plan, FILE *to);
void plan_free(struct plan *plan);

#endif /* MAPBUFCTL_PLAN_H */
