/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Buffers for devices: what dmabuf.c exports, dmamap.c maps, and dmasync.c
 * synchronizes.
 */
#ifndef MAPBUF_DMABUF_H
#define MAPBUF_DMABUF_H

#include <linux/dma-direction.h>
#include <linux/list.h>
#include <linux/scatterlist.h>
#include <linux/types.h>

struct device;
struct mapbuf_buffer;

/**
 * struct mapbuf_dmabuf - an exported part of a buffer
 * @buf: the buffer; this is one of its users
 * @first: page of it
 * @nr_pages: length
 * @writes: how many accesses of processors for writing have begun and not ended;
 *	    under dma_lock of @buf, as @link
 * @link: in the list of the buffer
 */
struct mapbuf_dmabuf {
	struct mapbuf_buffer *buf;
	unsigned long first;
	unsigned long nr_pages;
	unsigned int writes;
	struct list_head link;
};

/**
 * struct mapbuf_dma_map - what a device has mapped of a buffer
 * @dev: the device; who mapped this keeps it until it is unmapped
 * @table: the memory as the device sees it
 * @direction: as it was mapped
 * @needs_sync: the device does not see what processors have in their caches, or is
 *	behind bounce buffers
 * @first: page of the buffer
 * @nr_pages: length
 * @link: in the list of the buffer, of which whatever is exported again, and
 *	  synchronized, reaches all devices
 */
struct mapbuf_dma_map {
	struct device *dev;
	struct sg_table table;
	enum dma_data_direction direction;
	unsigned long first;
	unsigned long nr_pages;
	bool needs_sync;
	struct list_head link;
};

/* dmamap.c */
bool mapbuf_dma_can_map(const struct mapbuf_buffer *buf, u64 offset, u64 bytes);
struct mapbuf_dma_map *mapbuf_dma_map(struct mapbuf_buffer *buf,
				      struct device *dev, unsigned long first,
				      unsigned long nr_pages,
				      enum dma_data_direction direction);
void mapbuf_dma_unmap(struct mapbuf_buffer *buf, struct mapbuf_dma_map *map);
bool mapbuf_dma_is_translated(struct device *dev);

/* dmasync.c */
void mapbuf_dma_add(struct mapbuf_dmabuf *export);
void mapbuf_dma_remove(struct mapbuf_dmabuf *export);
void mapbuf_dma_begin(struct mapbuf_dmabuf *export,
		      enum dma_data_direction direction);
void mapbuf_dma_end(struct mapbuf_dmabuf *export,
		    enum dma_data_direction direction);

#endif /* MAPBUF_DMABUF_H */
