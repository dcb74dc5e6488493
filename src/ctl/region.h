/* SPDX-License-Identifier: GPL-2.0-only */
/* Reserved memory of the device tree. */
#ifndef MAPBUFCTL_REGION_H
#define MAPBUFCTL_REGION_H

#include <stdint.h>

struct region {
	uint64_t start;
	uint64_t size;
};

/*
 * Find the node of that name below /reserved-memory, with or without its unit
 * address.  -1 and the reason, REASON_SIZE bytes, if there is none, or it is none for
 * a buffer.
 */
int region_find(const char *root, const char *name, struct region *region,
		char *reason);

#endif /* MAPBUFCTL_REGION_H */
