// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages from anywhere: 2 MiB at a time where there are any, else single ones.
 */
#include <linux/cpuset.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/slab.h>
#include <linux/topology.h>

#include "backing.h"
#include "job.h"
#include "mapbuf.h"

static struct page *vmalloc_get(const struct mapbuf_buffer *buf, int node,
				gfp_t gfp, unsigned int order)
{
	const struct mapbuf_spec *spec = &buf->spec;
	struct page *page;
	u64 end;

	if (node != NUMA_NO_NODE)
		gfp |= __GFP_THISNODE;
	page = alloc_pages_node(node, gfp, order);
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
					int node, gfp_t gfp, unsigned int order)
{
	struct page *page;
	int type, top;

	if (!buf->spec.dma_bits)
		return vmalloc_get(buf, node, gfp, order);

	top = mapbuf_top_zone(&buf->spec);
	for (type = top; type >= 0; type--) {
		if (type < top && !mapbuf_zones_free(&buf->spec, type, top,
						     1UL << order))
			continue;
		page = vmalloc_get(buf, node, gfp | mapbuf_zone_gfp[type],
				   order);
		if (page)
			return page;
	}
	return NULL;
}

/* Where that failed before, the pages that it got are there. */
static int vmalloc_fill_singly(struct mapbuf_buffer *buf,
			       struct mapbuf_chunk *chunk, unsigned long n,
			       int node, gfp_t gfp)
{
	unsigned long i;

	if (!chunk->pages)
		chunk->pages = kvcalloc(n, sizeof(*chunk->pages), MAPBUF_GFP);
	if (!chunk->pages)
		return -ENOMEM;

	for (i = 0; i < n; i++) {
		if (chunk->pages[i])
			continue;
		chunk->pages[i] = vmalloc_get_bounded(buf, node, gfp, 0);
		if (!chunk->pages[i])
			return -ENOMEM;
	}
	return 0;
}

static int vmalloc_fill(struct mapbuf_job *job, unsigned long first,
			unsigned long n, bool helper)
{
	/* A try to compact memory is worth it, reclaim in circles is not. */
	const gfp_t huge = GFP_KERNEL | __GFP_ZERO | __GFP_COMP |
			   __GFP_NORETRY | __GFP_NOWARN;
	struct mapbuf_buffer *buf = job->buf;
	struct mapbuf_chunk *chunk = &buf->chunks[first >> MAPBUF_CHUNK_ORDER];
	gfp_t gfp = MAPBUF_GFP | __GFP_ZERO;
	int node = buf->spec.numa_node;

	/* Others may have taken some meanwhile. */
	if (!mapbuf_pages_available(&buf->spec, buf->nr_pages -
				    atomic_long_read(&job->done)))
		return -ENOMEM;

	/* Only the caller may wait for memory, and have some of other nodes. */
	if (helper) {
		gfp &= ~__GFP_DIRECT_RECLAIM;
		node = job->node;
	}
	if (mapbuf_compound() && n == MAPBUF_CHUNK_PAGES && !chunk->pages)
		chunk->head = vmalloc_get_bounded(buf, node, huge,
						  MAPBUF_CHUNK_ORDER);
	return chunk->head ? 0 : vmalloc_fill_singly(buf, chunk, n, node, gfp);
}

static int vmalloc_alloc(struct mapbuf_buffer *buf)
{
	int node = buf->spec.numa_node;
	struct mapbuf_job job = {
		.buf = buf,
		.piece = vmalloc_fill,
		.end = buf->nr_pages,
		.unit = MAPBUF_CHUNK_PAGES,
		.node = node == NUMA_NO_NODE ? numa_mem_id() : node,
		.creating = true,
		.clears = true,
	};

	/* Helpers are in no cpuset; and memory may be clear already. */
	job.alone = !node_isset(job.node, cpuset_current_mems_allowed) ||
		    want_init_on_free();
	return mapbuf_job_run(&job);
}

const struct mapbuf_backing_ops mapbuf_backing_vmalloc = {
	.name = "vmalloc",
	.id = MAPBUF_BACKING_VMALLOC,
	.alloc = vmalloc_alloc,
};
