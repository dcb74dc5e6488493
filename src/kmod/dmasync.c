// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers and devices that do not see what processors have in their caches, or
 * that are behind bounce buffers.
 *
 * Whatever has a dma-buf of a buffer reaches all devices that have mapped any part
 * of it.  The direction that counts is that of the mapping: what a device only
 * reads is the same in memory.  Ranges without pages cannot be synchronized; they
 * are cached as their owner chose.
 */
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/sched.h>

#include "backing.h"
#include "device.h"
#include "dmabuf.h"
#include "mapbuf.h"

/* Whether a processor writes what is both exported and mapped. */
static bool is_written(const struct mapbuf_dmabuf *export,
		       const struct mapbuf_dma_map *map)
{
	unsigned long first = max(export->first, map->first);
	unsigned long end = min(export->first + export->nr_pages,
				map->first + map->nr_pages);
	const struct mapbuf_dmabuf *other;

	list_for_each_entry(other, &export->buf->dma_exports, link) {
		if (other->writes && other->first < end &&
		    first < other->first + other->nr_pages)
			return true;
	}
	return false;
}

static void sync_piece(const struct mapbuf_dma_map *map, dma_addr_t address,
		       size_t bytes, enum dma_data_direction direction,
		       bool for_cpu)
{
	if (for_cpu)
		dma_sync_single_for_cpu(map->dev, address, bytes, direction);
	else
		dma_sync_single_for_device(map->dev, address, bytes, direction);
}

/*
 * Synchronize what of bytes [@begin, @end) of the buffer is mapped, and no more:
 * elsewhere others may write, or the device.  An IOMMU may have made one entry for
 * the device of several in memory; what lies in both is one piece.
 */
static void sync_range(struct mapbuf_dma_map *map, size_t begin, size_t end,
		       enum dma_data_direction direction, bool for_cpu)
{
	size_t at = map->first << PAGE_SHIFT, dma_at = at, from, to;
	struct scatterlist *sg, *dma = map->table.sgl;
	int i;

	begin = max(begin, at);
	end = min(end, (map->first + map->nr_pages) << PAGE_SHIFT);
	if (!map->needs_sync || begin >= end)
		return;
	for_each_sgtable_sg(&map->table, sg, i) {
		if (at >= end)
			break;
		for (from = max(begin, at); from < min(end, at + sg->length);
		     from = to) {
			while (from >= dma_at + sg_dma_len(dma)) {
				dma_at += sg_dma_len(dma);
				dma = sg_next(dma);
			}
			to = min3(end, at + sg->length,
				  dma_at + sg_dma_len(dma));
			sync_piece(map, sg_dma_address(dma) + from - dma_at,
				   to - from, direction, for_cpu);
			cond_resched();
		}
		at += sg->length;
	}
}

/* Synchronize what is both exported and mapped. */
static void sync_part(const struct mapbuf_dmabuf *export,
		      struct mapbuf_dma_map *map,
		      enum dma_data_direction direction, bool for_cpu)
{
	sync_range(map, export->first << PAGE_SHIFT,
		   (export->first + export->nr_pages) << PAGE_SHIFT, direction,
		   for_cpu);
}

/* Under dma_lock. */
static void give_to_devices(struct mapbuf_dmabuf *export)
{
	struct mapbuf_dma_map *map;

	list_for_each_entry(map, &export->buf->dma_maps, link)
		sync_part(export, map, map->direction, false);
}

/*
 * What a processor has only read is the device's still, but some caches are told
 * here, not at the begin, to forget it.  That never sends anything.
 */
static void forget_read(struct mapbuf_dmabuf *export)
{
	struct mapbuf_dma_map *map;

	list_for_each_entry(map, &export->buf->dma_maps, link) {
		if (map->direction != DMA_TO_DEVICE && !is_written(export, map))
			sync_part(export, map, DMA_FROM_DEVICE, false);
	}
}

/**
 * mapbuf_dma_begin() - a processor is about to access what is exported
 * @export: a dma-buf
 * @direction: DMA_FROM_DEVICE if it only reads
 *
 * Fetches what devices have written; but not what a processor writes meanwhile,
 * which would be thrown away.  Sleeps.
 */
void mapbuf_dma_begin(struct mapbuf_dmabuf *export,
		      enum dma_data_direction direction)
{
	struct mapbuf_buffer *buf = export->buf;
	struct mapbuf_dma_map *map;

	mutex_lock(&buf->dma_lock);
	list_for_each_entry(map, &buf->dma_maps, link) {
		if (map->direction != DMA_TO_DEVICE && !is_written(export, map))
			sync_part(export, map, map->direction, true);
	}
	if (direction != DMA_FROM_DEVICE && export->writes < UINT_MAX)
		export->writes++;
	mutex_unlock(&buf->dma_lock);
}

/**
 * mapbuf_dma_end() - a processor has accessed what is exported
 * @export: a dma-buf
 * @direction: as it began
 *
 * An end without a begin is allowed, and gives to devices all the same.  Sleeps.
 */
void mapbuf_dma_end(struct mapbuf_dmabuf *export,
		    enum dma_data_direction direction)
{
	struct mapbuf_buffer *buf = export->buf;

	mutex_lock(&buf->dma_lock);
	if (direction == DMA_FROM_DEVICE) {
		forget_read(export);
	} else {
		if (export->writes)
			export->writes--;
		give_to_devices(export);
	}
	mutex_unlock(&buf->dma_lock);
}

/**
 * mapbuf_dma_add() - a dma-buf comes
 * @export: the dma-buf
 */
void mapbuf_dma_add(struct mapbuf_dmabuf *export)
{
	mutex_lock(&export->buf->dma_lock);
	list_add(&export->link, &export->buf->dma_exports);
	mutex_unlock(&export->buf->dma_lock);
}

/**
 * mapbuf_dma_remove() - a dma-buf goes
 * @export: the dma-buf; what was to be written through it, and has not been ended,
 *	    is given to devices, as nobody else can end it
 *
 * Sleeps.
 */
void mapbuf_dma_remove(struct mapbuf_dmabuf *export)
{
	struct mapbuf_buffer *buf = export->buf;

	mutex_lock(&buf->dma_lock);
	if (export->writes)
		give_to_devices(export);
	list_del(&export->link);
	mutex_unlock(&buf->dma_lock);
}

/* The part of a direction that a mapping has; DMA_NONE if there is none. */
static enum dma_data_direction
common_direction(const struct mapbuf_dma_map *map,
		 enum dma_data_direction direction)
{
	if (map->direction == DMA_BIDIRECTIONAL)
		return direction;
	return direction == DMA_BIDIRECTIONAL || direction == map->direction ?
	       map->direction : DMA_NONE;
}

/**
 * mapbuf_dma_sync() - synchronize a part of a buffer with all who have it mapped
 * @buf: the buffer; the caller is one of its users
 * @begin: first byte
 * @end: the byte after the last one, not beyond @buf
 * @direction: DMA_TO_DEVICE, DMA_FROM_DEVICE or DMA_BIDIRECTIONAL
 * @for_cpu: before processors access it; else before devices do
 *
 * The caller says who owns the memory, so nothing is kept from being thrown away.
 * Sleeps.
 *
 * Return: 0; -ENODEV if no device has any of it mapped; or -EOPNOTSUPP if it is a
 * range without pages that processors have cached, and a device does not see that.
 */
int mapbuf_dma_sync(struct mapbuf_buffer *buf, size_t begin, size_t end,
		    enum dma_data_direction direction, bool for_cpu)
{
	enum dma_data_direction common;
	struct mapbuf_dma_map *map;
	int err = -ENODEV;

	if (!for_cpu && buf->spec.cache == MAPBUF_CACHE_WRITE_COMBINED)
		wmb();	/* what is being gathered before what the device is told */
	mutex_lock(&buf->dma_lock);
	list_for_each_entry(map, &buf->dma_maps, link) {
		if (begin >= (map->first + map->nr_pages) << PAGE_SHIFT ||
		    end <= map->first << PAGE_SHIFT)
			continue;
		if (buf->spec.ops->phys && !mapbuf_buffer_is_io(buf) &&
		    !dev_is_dma_coherent(map->dev)) {
			err = -EOPNOTSUPP;
			break;
		}
		err = 0;
		common = common_direction(map, direction);
		if (common != DMA_NONE)
			sync_range(map, begin, end, common, for_cpu);
	}
	mutex_unlock(&buf->dma_lock);
	return err;
}
