/* SPDX-License-Identifier: GPL-2.0-only */
/* What has to be done so that the buffers of a configuration exist. */
#ifndef MAPBUFCTL_PLAN_H
#define MAPBUFCTL_PLAN_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "config.h"

/**
 * struct present - a buffer that exists
 * @opens: as of struct mapbuf_entry, and so all up to @zero_on_last_close
 * @has_node: whether @uid, @gid and @mode, of the node, are known
 */
struct present {
	const char *name;
	unsigned int id;
	uint64_t size;
	const char *backing;
	int numa_node;
	int64_t opens;
	int64_t mappings;
	int64_t dma_bits;
	int64_t phys_addr;
	const char *cache;
	const char *device;
	int64_t zero_on_last_close;
	int has_node;
	uid_t uid;
	gid_t gid;
	mode_t mode;
};

enum action {
	ACTION_CREATE,
	ACTION_KEEP,	/* it is there */
	ACTION_CHANGE,	/* the same, but for owner, group or mode */
	ACTION_LEAVE,	/* it is there, but not as configured */
	ACTION_REPLACE,	/* the same, and to be made anew */
	ACTION_REMOVE,	/* it is there, but not configured */
};

/**
 * struct step - what to do about one buffer
 * @action: what
 * @name: its name
 * @buffer: of the configuration; NULL for ACTION_REMOVE
 * @why: what differs; NULL for ACTION_CREATE, ACTION_KEEP; for ACTION_LEAVE also why it stays
 * @is_made: set when it has been
 * @id: for ACTION_CHANGE, the number of the buffer
 * @number: its place in the order of the configuration
 */
struct step {
	enum action action;
	const char *name;
	const struct section *buffer;
	char *why;
	int is_made;
	unsigned int id;
	size_t number;
};

struct plan {
	struct step *steps;
	size_t count;
};

/* What may be done to buffers that exist, if they are idle */
#define PLAN_REPLACE	(1u << 0)
#define PLAN_PRUNE	(1u << 1)

void plan_make(struct plan *plan, const struct config *config,
	       const struct present *present, size_t present_count,
	       uint64_t page_size, unsigned int flags);
/*
 * The first step with which the buffers would have more than @limit bytes together,
 * and in @sum how many; NULL if they fit.
 */
const struct step *plan_exceeds(const struct plan *plan,
				const struct present *present,
				size_t present_count, uint64_t page_size,
				uint64_t limit, uint64_t *sum);
void plan_print(const struct plan *plan, FILE *to);
/* To standard output */
void plan_print_json(const struct plan *plan);
void plan_free(struct plan *plan);

#endif /* MAPBUFCTL_PLAN_H */
