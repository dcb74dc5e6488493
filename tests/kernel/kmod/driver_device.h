/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DRIVER_DEVICE_H
#define DRIVER_DEVICE_H

#include <linux/types.h>

struct device;
struct driver_call;

/* The one that imports, and that buffers can belong to */
int driver_device_add(void);
void driver_device_remove(void);
struct device *driver_device(void);

/* DRIVER_REGION; one call at a time */
int driver_region(const struct driver_call *call);

void driver_fill(void *where, size_t bytes, u64 seed);
int driver_check(const void *where, size_t bytes, u64 seed);
/*
 * DRIVER_MAP_SG and what follows it, of a client's buffer.  A table is one more user of
 * the buffer.
 */
struct mapbuf_buffer;
struct sg_table;

struct driver_sg {
	struct mapbuf_buffer *buf;
	struct sg_table *table;
};

int driver_map_sg(struct driver_sg *sg, struct mapbuf_buffer *buf,
		  struct driver_call *call);
int driver_use_table(const struct sg_table *table, const struct driver_call *call,
		     bool writes);
int driver_unmap_sg(struct driver_sg *sg);
int driver_dma_buf(struct mapbuf_buffer *buf, struct driver_call *call);

/* DRIVER_CACHING */
int driver_caching(struct driver_call *call);

/* The device writes there first, if @writes. */
int driver_use_address(u64 address, u64 bytes, u64 seed, bool writes);

#endif
