/* SPDX-License-Identifier: GPL-2.0-only */
/* The processes that have a buffer open or mapped. */
#ifndef MAPBUFCTL_HOLDERS_H
#define MAPBUFCTL_HOLDERS_H

#include <stddef.h>

/**
 * struct holder - one process
 * @pid: its number
 * @process: its name
 * @unit: of systemd; NULL if it is in none
 * @opens: how many descriptors of the buffer it has
 * @mappings: how many mappings
 */
struct holder {
	int pid;
	char *process;
	char *unit;
	unsigned int opens;
	unsigned int mappings;
};

/*
 * @node: path of the device node, without the root.  Sorted by number; the
 * processes of other users are seen by root only.
 */
struct holder *holders_find(const char *node, size_t *count);
void holders_free(struct holder *holders, size_t count);

/* The unit of a /proc/PID/cgroup, or NULL; the caller frees it. */
char *holders_unit(const char *cgroup);

#endif /* MAPBUFCTL_HOLDERS_H */
