// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether there is memory for a buffer: of the nodes and zones that its store
 * can use, beside what others need.  The sum of all free memory is no answer:
 * ZONE_MOVABLE, CMA areas and high memory give the kernel's own allocations
 * nothing.
 */
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/sizes.h>
#include <linux/vmstat.h>

#include "backing.h"
#include "compat/compat.h"
#include "mapbuf.h"

/* What asks the allocator for a page of that zone, or of those below. */
const gfp_t mapbuf_zone_gfp[] = {
#ifdef CONFIG_ZONE_DMA
	[ZONE_DMA] = __GFP_DMA,
#endif
#ifdef CONFIG_ZONE_DMA32
	[ZONE_DMA32] = __GFP_DMA32,
#endif
	[ZONE_NORMAL] = 0,
};

/* What is left to others of so many pages. */
static unsigned long margin_of(unsigned long pages)
{
	return clamp_t(unsigned long, pages / 64, SZ_1M >> PAGE_SHIFT,
		       SZ_64M >> PAGE_SHIFT);
}

static bool node_wanted(const struct mapbuf_spec *spec, int node)
{
	return spec->numa_node == NUMA_NO_NODE || spec->numa_node == node;
}

/**
 * mapbuf_zone_reach() - how much of a zone a buffer may lie in
 * @spec: of the buffer
 * @zone: a zone of a node
 *
 * Return: pages from its beginning on; 0 if the zone is empty, or beyond what
 * DMABits= allows.
 */
unsigned long mapbuf_zone_reach(const struct mapbuf_spec *spec,
				struct zone *zone)
{
	unsigned long end = zone_end_pfn(zone), start = zone->zone_start_pfn;

	if (spec->dma_bits && spec->dma_bits < 64)
		end = min_t(u64, end, BIT_ULL(spec->dma_bits) >> PAGE_SHIFT);
	return zone_managed_pages(zone) && end > start ?
	       end - start : 0;
}

/**
 * mapbuf_top_zone() - the highest zone that a buffer may lie in
 * @spec: of the buffer
 *
 * The zones below are for those who cannot use this one: of each, the kernel
 * keeps lowmem_reserve[top] pages from everybody who can.
 *
 * Return: the index of a zone of the kernel's own memory; 0 also if there is
 * none.
 */
int mapbuf_top_zone(const struct mapbuf_spec *spec)
{
	int node, type, top = 0;

	for_each_node_state(node, N_MEMORY) {
		if (!node_wanted(spec, node))
			continue;
		for (type = ZONE_NORMAL; type > top; type--) {
			if (mapbuf_zone_reach(spec, &NODE_DATA(node)->node_zones[type]))
				top = type;
		}
	}
	return top;
}

/*
 * Pages that are free to who could have them of zone @top; may be negative.  The
 * watermark is not the one that is raised for a while against fragmentation.
 */
static long zone_free(struct zone *zone, int top)
{
	long free = zone_page_state(zone, NR_FREE_PAGES) -
		    zone_page_state(zone, NR_FREE_CMA_PAGES);

	return free - (long)zone->_watermark[WMARK_HIGH] -
	       zone->lowmem_reserve[top];
}

/* Page cache that can be dropped.  Which of it is in CMA areas cannot be seen. */
static long zone_cached(struct zone *zone)
{
	long file = zone_page_state(zone, NR_ZONE_INACTIVE_FILE) +
		    zone_page_state(zone, NR_ZONE_ACTIVE_FILE);
	long elsewhere = mapbuf_zone_cma_pages(zone) -
			 zone_page_state(zone, NR_FREE_CMA_PAGES);

	file = max(file - max(elsewhere, 0L), 0L);
	return file - min_t(long, file / 2, zone->_watermark[WMARK_LOW]);
}

/* What a range would be emptied of: it need not be free. */
static long zone_movable(struct zone *zone)
{
	return zone_page_state(zone, NR_ZONE_INACTIVE_ANON) +
	       zone_page_state(zone, NR_ZONE_ACTIVE_ANON);
}

/* Of the kernel's caches, which lie anywhere in its own memory. */
static long node_reclaimable(struct pglist_data *node, int top)
{
	long pages = atomic_long_read(&node->vm_stat[NR_SLAB_RECLAIMABLE_B]) +
		     atomic_long_read(&node->vm_stat[NR_KERNEL_MISC_RECLAIMABLE]);

	pages = max(pages, 0L);
	return pages - min_t(long, pages / 2,
			     node->node_zones[top]._watermark[WMARK_LOW]);
}

/* Pages of @zone that a buffer could be given, at most @reach. */
static long zone_available(const struct mapbuf_spec *spec, struct zone *zone,
			   int top, unsigned long reach)
{
	long pages = zone_free(zone, top) + zone_cached(zone);

	if (spec->ops->contiguous)
		pages += zone_movable(zone);
	return clamp_t(long, pages, 0, reach);
}

/**
 * mapbuf_zone_has() - whether a range can be looked for in a zone
 * @spec: of the buffer
 * @zone: a zone of a node
 * @top: from mapbuf_top_zone()
 * @nr: its length in pages
 *
 * Return: false if so many would leave others less than the kernel keeps.
 */
bool mapbuf_zone_has(const struct mapbuf_spec *spec, struct zone *zone, int top,
		     unsigned long nr)
{
	return zone_available(spec, zone, top,
			      mapbuf_zone_reach(spec, zone)) >= (long)nr;
}

/**
 * mapbuf_zones_free() - whether a page of lower zones may be asked for
 * @spec: of the buffer
 * @type: index of the zones
 * @top: from mapbuf_top_zone(), higher than @type
 * @nr: how many pages
 *
 * The allocator gives all of a zone to who asks for that zone.
 *
 * Return: false if so many would leave others less than the kernel keeps.
 */
bool mapbuf_zones_free(const struct mapbuf_spec *spec, int type, int top,
		       unsigned long nr)
{
	struct zone *zone;
	int node;

	for_each_node_state(node, N_MEMORY) {
		zone = &NODE_DATA(node)->node_zones[type];
		if (node_wanted(spec, node) && mapbuf_zone_reach(spec, zone) &&
		    zone_free(zone, top) >= (long)nr)
			return true;
	}
	return false;
}

/**
 * mapbuf_pages_available() - whether memory has so many pages left for a buffer
 * @spec: of the buffer
 * @nr: how many more are wanted
 *
 * Some are left for everybody else: after the last page, the next small
 * allocation of anyone wakes the OOM killer.
 *
 * Return: true if they can be had, as far as can be told without trying.
 */
bool mapbuf_pages_available(const struct mapbuf_spec *spec, u64 nr)
{
	int node, type, top = mapbuf_top_zone(spec);
	u64 managed = 0, available = 0;

	for_each_node_state(node, N_MEMORY) {
		struct pglist_data *data = NODE_DATA(node);

		if (!node_wanted(spec, node))
			continue;
		for (type = top; type >= 0; type--) {
			struct zone *zone = &data->node_zones[type];
			unsigned long reach = mapbuf_zone_reach(spec, zone);

			if (!reach)
				continue;
			managed += min(reach, zone_managed_pages(zone));
			available += zone_available(spec, zone, top, reach);
		}
		if (!spec->dma_bits)
			available += node_reclaimable(data, top);
	}
	/* What a range is emptied of has to go somewhere, to any zone. */
	if (spec->ops->contiguous &&
	    nr + margin_of(totalram_pages()) > si_mem_available())
		return false;
	return nr + margin_of(managed) <= available;
}
