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
#include "mapbuf.h"

#ifdef CONFIG_DMA_SHARED_BUFFER

#include <linux/dma-mapping.h>
#include <linux/minmax.h>
#include <linux/mutex.h>

#include "dmabuf.h"

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

/*
 * Synchronize what is both exported and mapped, and no more: elsewhere others
 * may write, or the device.  An IOMMU may have made one entry of several; then a
 * part of it has no address of its own, and all is synchronized.
 */
static void sync_part(const struct mapbuf_dmabuf *export,
		      struct mapbuf_dma_map *map,
		      enum dma_data_direction direction, bool for_cpu)
{
	size_t begin = max(export->first, map->first) << PAGE_SHIFT;
	size_t end = min(export->first + export->nr_pages,
			 map->first + map->nr_pages) << PAGE_SHIFT;
	size_t at = map->first << PAGE_SHIFT, from, to;
	struct scatterlist *sg;
	int i;

	if (begin >= end)
		return;
	if (map->table.nents != map->table.orig_nents) {
		if (for_cpu)
			dma_sync_sgtable_for_cpu(map->dev, &map->table,
						 direction);
		else
			dma_sync_sgtable_for_device(map->dev, &map->table,
						    direction);
		return;
	}
	for_each_sgtable_dma_sg(&map->table, sg, i) {
		from = max(begin, at);
		to = min_t(size_t, end, at + sg_dma_len(sg));
		if (from < to && for_cpu)
			dma_sync_single_range_for_cpu(map->dev,
						      sg_dma_address(sg),
						      from - at, to - from,
						      direction);
		else if (from < to)
			dma_sync_single_range_for_device(map->dev,
							 sg_dma_address(sg),
							 from - at, to - from,
							 direction);
		at += sg_dma_len(sg);
	}
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

	if (!mapbuf_buffer_has_pages(buf))
		return;
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

	if (!mapbuf_buffer_has_pages(buf))
		return;
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
	if (export->writes && mapbuf_buffer_has_pages(buf))
		give_to_devices(export);
	list_del(&export->link);
	mutex_unlock(&buf->dma_lock);
}

#endif /* CONFIG_DMA_SHARED_BUFFER */
