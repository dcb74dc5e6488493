/* SPDX-License-Identifier: GPL-2.0-only */
/* The kinds of memory that are compared. */
#ifndef SOURCES_H
#define SOURCES_H

#include "../kernel/t.h"

/**
 * struct source - memory of a kind
 * @name: of the row
 * @whose: who offers it: a driver, mapbuf, or the system to any program
 * @get: makes it, filled with zeroes unless @late; returns a descriptor to
 *	map, or -errno.  NULL: there is none, anonymous memory is mapped.
 * @put: gives it back, but for what closing the descriptor does
 * @arg: for @get
 * @arg2: for @get
 * @flags: for mmap, beside MAP_SHARED
 * @late: the memory is allocated and cleared by the first touch, so that what
 *	it costs cannot be compared with memory that is there
 */
struct source {
	const char *name;
	const char *whose;
	int (*get)(const struct source *source, size_t bytes);
	void (*put)(int fd);
	unsigned int arg;
	unsigned int arg2;
	int flags;
	bool late;
};

extern const struct source sources[];	/* ends with name NULL */

/* What closing does not undo is undone; -1 for no descriptor. */
void source_put(const struct source *source, int fd);

/* Map all of it; the result is as that of mmap(). */
void *source_map(const struct source *source, int fd, size_t bytes);
void source_unmap(const struct source *source, void *at, size_t bytes);

#endif
