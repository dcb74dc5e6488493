// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages from anywhere: 2 MiB at a time where there are any, else single ones.
 */
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "backing.h"
#include "mapbuf.h"

static struct page *vmalloc_get(const struct mapbuf_buffer *buf, gfp_t gfp,
				unsigned int order)
{
	const struct mapbuf_spec *spec = &buf->spec;
	struct page *page;
	u64 end;

	if (spec->numa_node != NUMA_NO_NODE)
		gfp |= __GFP_THISNODE;
	page = alloc_pages_node(spec->numa_node, gfp, order);
	if (!page || !spec->dma_bits)
		return page;

	end = page_to_phys(page) + (PAGE_SIZE << order) - 1;
	if (spec->dma_bits == 64 || !(end >> spec->dma_bits))
		return page;
	put_page(page);
	return NULL;
}

/*
 * Ask the zones from the top down until a page lies below the bound.  The lower
 * ones are for those who have no other: only what the kernel would give of them.
 */
static struct page *vmalloc_get_bounded(const struct mapbuf_buffer *buf,
					gfp_t gfp, unsigned int order)
{
	struct page *page;
	int type, top;

	if (!buf->spec.dma_bits)
		return vmalloc_get(buf, gfp, order);

	top = mapbuf_top_zone(&buf->spec);
	for (type = top; type >= 0; type--) {
		if (type < top && !mapbuf_zones_free(&buf->spec, type, top,
						     1UL << order))
			continue;
		page = vmalloc_get(buf, gfp | mapbuf_zone_gfp[type], order);
		if (page)
			return page;
	}
	return NULL;
}

static int vmalloc_fill_singly(struct mapbuf_buffer *buf,
			       struct mapbuf_chunk *chunk, unsigned long n)
{
	unsigned long i;

	chunk->pages = kvcalloc(n, sizeof(*chunk->pages), MAPBUF_GFP);
	if (!chunk->pages)
		return -ENOMEM;

	for (i = 0; i < n; i++) {
		chunk->pages[i] = vmalloc_get_bounded(buf,
						      MAPBUF_GFP | __GFP_ZERO,
						      0);
		if (!chunk->pages[i])
			return -ENOMEM;
	}
	return 0;
}

static int vmalloc_alloc(struct mapbuf_buffer *buf)
{
	/* A try to compact memory is worth it, reclaim in circles is not. */
	const gfp_t huge = GFP_KERNEL | __GFP_ZERO | __GFP_COMP |
			   __GFP_NORETRY | __GFP_NOWARN;
	unsigned long index, n;
	int err;

	for (index = 0; index < buf->nr_pages; index += n) {
		struct mapbuf_chunk *chunk =
			&buf->chunks[index >> MAPBUF_CHUNK_ORDER];

		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		mapbuf_note_cleared(buf, index);
		/* Others may have taken some meanwhile. */
		if (!mapbuf_pages_available(&buf->spec, buf->nr_pages - index))
			return -ENOMEM;

		n = min(buf->nr_pages - index, MAPBUF_CHUNK_PAGES);
		if (mapbuf_compound() && n == MAPBUF_CHUNK_PAGES)
			chunk->head = vmalloc_get_bounded(buf, huge,
							  MAPBUF_CHUNK_ORDER);
		if (chunk->head)
			continue;
		err = vmalloc_fill_singly(buf, chunk, n);
		if (err)
			return err;
	}
	return 0;
}

const struct mapbuf_backing_ops mapbuf_backing_vmalloc = {
	.name = "vmalloc",
	.id = MAPBUF_BACKING_VMALLOC,
	.alloc = vmalloc_alloc,
};
