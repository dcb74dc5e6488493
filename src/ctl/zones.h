/* SPDX-License-Identifier: GPL-2.0-only */
/* The zones of physical memory, as /proc/zoneinfo has them. */
#ifndef MAPBUFCTL_ZONES_H
#define MAPBUFCTL_ZONES_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct zone - a zone that has memory
 * @node: number of its NUMA node
 * @name: DMA, DMA32, Normal ...
 * @start: its first byte
 * @end: behind its last byte; there may be holes between them
 */
struct zone {
	int node;
	char name[16];
	uint64_t start;
	uint64_t end;
};

/* From the text of /proc/zoneinfo; the caller frees the array. */
struct zone *zones_parse(const char *text, uint64_t page_size, size_t *count);

#endif /* MAPBUFCTL_ZONES_H */
