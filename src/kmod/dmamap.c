// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory of a buffer, mapped for devices.
 */
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/pfn.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "backing.h"
#include "compat/compat.h"
#include "dmabuf.h"
#include "mapbuf.h"
#include "range.h"

/*
 * Before 6.10 the kernel does not say of a device behind an IOMMU that there is nothing
 * to synchronize, and finds that out for each piece.  Those that are not trusted are
 * behind bounce buffers, too.
 */
static bool sees_caches(struct device *dev)
{
	return mapbuf_dma_is_translated(dev) && dev_is_dma_coherent(dev) &&
	       !(dev_is_pci(dev) && to_pci_dev(dev)->untrusted);
}

static int map_pages(struct mapbuf_buffer *buf, struct mapbuf_dma_map *map)
{
	struct scatterlist *sg;
	int err, i;

	err = mapbuf_buffer_sg_table(buf, map->dev, map->first, map->nr_pages,
				     &map->table);
	if (err)
		return err;
	err = dma_map_sgtable(map->dev, &map->table, map->direction, 0);
	if (err) {
		sg_free_table(&map->table);
		return err;
	}
	if (sees_caches(map->dev))
		return 0;
	for_each_sgtable_dma_sg(&map->table, sg, i) {
		if (dma_need_sync(map->dev, sg_dma_address(sg))) {
			map->needs_sync = true;
			break;
		}
	}
	return 0;
}

/*
 * dma_map_resource() takes what it is given for the registers of a device: it does
 * not look for where a bus sees memory elsewhere, and behind an IOMMU of arm64 it
 * makes uncached what processors have cached.
 */
static bool can_map_range(const struct mapbuf_buffer *buf, struct device *dev)
{
	if (dev->dma_range_map)
		return false;
	return IS_ENABLED(CONFIG_X86) || mapbuf_buffer_is_io(buf) ||
	       !device_iommu_mapped(dev);
}

/* Entries of addresses alone, for a device. */
static void set_entries(struct sg_table *table, dma_addr_t addr, size_t bytes,
			size_t longest)
{
	struct scatterlist *sg;
	size_t at = 0, n;
	int i;

	for_each_sgtable_dma_sg(table, sg, i) {
		n = min(bytes - at, longest);
		sg_set_page(sg, NULL, n, 0);
		sg_dma_address(sg) = addr + at;
		sg_dma_len(sg) = n;
		at += n;
	}
}

/*
 * Of a range without pages there are addresses for the device only, in one
 * piece, in entries as long as the device takes them.
 */
static int map_range(struct mapbuf_buffer *buf, struct mapbuf_dma_map *map)
{
	size_t offset = map->first << PAGE_SHIFT;
	size_t bytes = map->nr_pages << PAGE_SHIFT;
	size_t longest = mapbuf_dma_segment(map->dev);
	dma_addr_t addr;
	int err;

	if (!can_map_range(buf, map->dev))
		return -EOPNOTSUPP;
	err = sg_alloc_table(&map->table, DIV_ROUND_UP(bytes, longest),
			     GFP_KERNEL);
	if (err)
		return err;
	addr = dma_map_resource(map->dev, buf->spec.phys_addr + offset, bytes,
				map->direction, 0);
	if (dma_mapping_error(map->dev, addr)) {
		sg_free_table(&map->table);
		return -EIO;
	}
	set_entries(&map->table, addr, bytes, longest);
	return 0;
}

/* Of the device's own memory. */
static int map_coherent(struct mapbuf_buffer *buf, struct mapbuf_dma_map *map)
{
	size_t bytes = map->nr_pages << PAGE_SHIFT;
	dma_addr_t addr = buf->dma_handle + (map->first << PAGE_SHIFT);
	int err;

	if (map->dev != buf->spec.device)
		return -EOPNOTSUPP;
	/* A driver that came since may reach less. */
	if ((addr + bytes - 1) & ~map->dev->coherent_dma_mask)
		return -EIO;
	err = sg_alloc_table(&map->table, DIV_ROUND_UP(bytes, SZ_1G), GFP_KERNEL);
	if (!err)
		set_entries(&map->table, addr, bytes, SZ_1G);
	return err;
}

static int map_memory(struct mapbuf_buffer *buf, struct mapbuf_dma_map *map)
{
	int err;

	if (mapbuf_buffer_has_pages(buf))
		return map_pages(buf, map);
	if (!mapbuf_range_enter(buf))
		return -ENODEV;
	err = buf->spec.ops->of_device ? map_coherent(buf, map) :
					 map_range(buf, map);
	mapbuf_range_leave(buf);
	return err;
}

/* Page structures are made for sections, of 2 MiB at least. */
static bool range_has_pages(const struct mapbuf_buffer *buf, u64 offset,
			    u64 bytes)
{
	unsigned long pfn = PHYS_PFN(buf->spec.phys_addr + offset);
	unsigned long end = pfn + (bytes >> PAGE_SHIFT);

	for (; pfn < end; pfn = round_up(pfn + 1, SZ_2M >> PAGE_SHIFT)) {
		if (pfn_valid(pfn))
			return true;
	}
	return false;
}

/**
 * mapbuf_dma_can_map() - whether devices can have a part of a buffer at all
 * @buf: the buffer
 * @offset: first byte
 * @bytes: length
 *
 * Through the pages of a reserved range a driver could reach for the direct map,
 * where it is not.  So devices get it as they get registers of others.
 *
 * Return: false for a range with pages, in a kernel that then refuses to map it.
 */
bool mapbuf_dma_can_map(const struct mapbuf_buffer *buf, u64 offset, u64 bytes)
{
	return !buf->spec.ops->phys || MAPBUF_DMA_MAPS_ANY_FRAME ||
	       !range_has_pages(buf, offset, bytes);
}

/**
 * mapbuf_dma_map() - map a part of a buffer for a device
 * @buf: the buffer; the caller keeps it from being freed
 * @dev: the device; the caller keeps it until mapbuf_dma_unmap()
 * @first: page of @buf
 * @nr_pages: length
 * @direction: whether the device reads, writes, or both
 *
 * Whoever synchronizes meanwhile waits, and then finds it in the list.  Sleeps.
 *
 * Return: the mapping, or -ENOMEM; -EIO if a page has a memory error; -ENODEV if
 * the device has gone that a range was of; -EOPNOTSUPP if that cannot be mapped for
 * another; or an error of dma_map_sgtable().
 */
struct mapbuf_dma_map *mapbuf_dma_map(struct mapbuf_buffer *buf,
				      struct device *dev, unsigned long first,
				      unsigned long nr_pages,
				      enum dma_data_direction direction)
{
	struct mapbuf_dma_map *map;
	int err;

	map = kzalloc(sizeof(*map), GFP_KERNEL);
	if (!map)
		return ERR_PTR(-ENOMEM);
	map->dev = dev;
	map->direction = direction;
	map->first = first;
	map->nr_pages = nr_pages;

	mutex_lock(&buf->dma_lock);
	err = map_memory(buf, map);
	if (!err)
		list_add(&map->link, &buf->dma_maps);
	mutex_unlock(&buf->dma_lock);
	if (!err)
		return map;
	kfree(map);
	return ERR_PTR(err);
}

/**
 * mapbuf_dma_unmap() - undo mapbuf_dma_map()
 * @buf: the buffer
 * @map: the mapping
 *
 * Sleeps.
 */
void mapbuf_dma_unmap(struct mapbuf_buffer *buf, struct mapbuf_dma_map *map)
{
	mutex_lock(&buf->dma_lock);
	list_del(&map->link);
	if (mapbuf_buffer_has_pages(buf))
		dma_unmap_sgtable(map->dev, &map->table, map->direction, 0);
	else if (!buf->spec.ops->of_device)
		dma_unmap_resource(map->dev, sg_dma_address(map->table.sgl),
				   map->nr_pages << PAGE_SHIFT, map->direction,
				   0);
	mutex_unlock(&buf->dma_lock);
	sg_free_table(&map->table);
	kfree(map);
}

/**
 * mapbuf_dma_is_translated() - whether an IOMMU gives a device addresses of its own
 * @dev: the device
 *
 * Return: false if it sees physical memory, perhaps elsewhere.
 */
bool mapbuf_dma_is_translated(struct device *dev)
{
#ifdef CONFIG_IOMMU_API
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);

	return domain && domain->type & __IOMMU_DOMAIN_PAGING;
#else
	return false;
#endif
}
