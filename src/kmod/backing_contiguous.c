// SPDX-License-Identifier: GPL-2.0-only
/*
 * One physically contiguous range.
 *
 * The buddy allocator gives up to 2 MiB.  For more, the zones are scanned for
 * an aligned range whose pages are free or can be moved away, and
 * alloc_contig_range() moves them.
 */
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/sched/signal.h>
#include <linux/wait_bit.h>

#include "backing.h"
#include "compat/compat.h"
#include "job.h"
#include "mapbuf.h"

#ifdef CONFIG_CONTIG_ALLOC

/*
 * The nodes that are being scanned, each by one at a time: two would choose the
 * same range, and each would see the pages that the other has isolated as in use.
 */
static DECLARE_BITMAP(scanned, MAX_NUMNODES);

static int node_lock(int node)
{
	return wait_on_bit_lock(&scanned[BIT_WORD(node)],
				node % BITS_PER_LONG, TASK_KILLABLE);
}

static void node_unlock(int node)
{
	clear_and_wake_up_bit(node % BITS_PER_LONG, &scanned[BIT_WORD(node)]);
}

/*
 * Ranges with doubtful pages that are tried, if there are none without.  A try
 * costs the moving of all that comes before the page that stays; but it also
 * empties the lists that the page may have been on its way to.
 */
#define DOUBTFUL_TRIES 2

/* What is asked for at a time where others ask for the rest meanwhile. */
#define SHARED_PAGES (16 * MAPBUF_CHUNK_PAGES)

/* Whether the kernel clears what it gives. */
static bool contig_clears(void)
{
	return MAPBUF_CONTIG_INITS && !want_init_on_free() &&
	       want_init_on_alloc(GFP_KERNEL);
}

/* The first frame beyond what DMABits= allows. */
static unsigned long bound_pfn(const struct mapbuf_buffer *buf)
{
	u32 bits = buf->spec.dma_bits;

	return bits && bits < 64 ? BIT_ULL(bits) >> PAGE_SHIFT : ULONG_MAX;
}

/*
 * How many frames from @page on can be had, as far as that can be seen without
 * a lock; 0: this one cannot.  A wrong answer costs a try, nothing else.
 * @doubtful: pages that seem to be pinned are wanted, too.
 */
static unsigned long page_obtainable(struct page *page, struct zone *zone,
				     bool doubtful)
{
	unsigned long order;

	if (page_zone(page) != zone || PageReserved(page) || PageSlab(page))
		return 0;

	if (PageBuddy(page)) {
		order = READ_ONCE(page_private(page));
		return order < BITS_PER_LONG &&
		       BIT(order) <= MAX_ORDER_NR_PAGES ? BIT(order) : 1;
	}
	return !page_ref_count(page) ||
	       (mapbuf_page_on_lru(page) &&
		(doubtful || !mapbuf_page_doubtful(page)));
}

/*
 * The last frame in [@start, @end) that cannot be had, or @end.  From the back,
 * so that the next range to try begins behind all such frames.
 */
static unsigned long range_blocked(unsigned long start, unsigned long end,
				   struct zone *zone, bool doubtful)
{
	unsigned long block, first, i, n, blocked;
	struct page *page;

	/* Memory goes on- and offline in multiples of a pageblock. */
	for (block = end; block > start; block = first) {
		first = max(start, ALIGN_DOWN(block - 1, pageblock_nr_pages));
		page = pfn_to_online_page(first);
		if (!page)
			return block - 1;

		blocked = end;
		for (i = 0; i < block - first; i += max(n, 1UL)) {
			n = page_obtainable(page + i, zone, doubtful);
			if (!n)
				blocked = first + i;
		}
		if (blocked != end)
			return blocked;
		cond_resched();
	}
	return end;
}

/*
 * The pieces of alloc_contig_range() have each a tag of its own, and the kernel
 * reaches all of a range by the address of the first one.
 */
static void range_untag(unsigned long start, unsigned long n)
{
	unsigned long i;

	if (!IS_ENABLED(CONFIG_KASAN_SW_TAGS) &&
	    !IS_ENABLED(CONFIG_KASAN_HW_TAGS))
		return;
	for (i = 0; i < n; i++)
		page_kasan_tag_reset(pfn_to_page(start + i));
}

/*
 * Have each whole 2 MiB map in one piece where the kernel gives single pages.  One
 * that cannot be joined is mapped page by page.
 */
static void range_join(const struct mapbuf_buffer *buf)
{
	unsigned long i;

	if (!MAPBUF_JOINS_PAGES || !mapbuf_compound() ||
	    MAPBUF_CHUNK_PAGES > MAX_ORDER_NR_PAGES)
		return;
	for (i = 0; i < buf->nr_pages >> MAPBUF_CHUNK_ORDER; i++) {
		mapbuf_join_pages(buf->chunks[i].head, MAPBUF_CHUNK_ORDER);
		cond_resched();
	}
}

/*
 * @doubts: how many tries are left for ranges with doubtful pages; @cleared: what was
 * found is filled with zeroes.
 */
struct search {
	int doubts;
	bool cleared;
};

/* The frames [@start, @end). */
struct frames {
	unsigned long start;
	unsigned long end;
};

/*
 * @start: of the range; @clear: what is taken is cleared at once; @failed: on an
 * error, what could not be had.
 */
struct take_job {
	struct mapbuf_job job;
	unsigned long start;
	bool clear;
	struct frames failed;
};

static void frames_clear(unsigned long start, unsigned long n)
{
	unsigned long i;

	for (i = 0; i < n; i++) {
		clear_highpage(pfn_to_page(start + i));
		if (!(i % MAPBUF_CHUNK_PAGES))
			cond_resched();
	}
}

static int take_piece(struct mapbuf_job *job, unsigned long first,
		      unsigned long n, bool helper)
{
	struct take_job *take = container_of(job, struct take_job, job);
	unsigned long step = mapbuf_contig_compound ? MAPBUF_CHUNK_PAGES : n;
	unsigned long end = first + n, at, start, i;
	struct mapbuf_chunk *chunk;
	int err;

	for (at = first; at < end; at += n) {
		n = min(step, end - at);
		chunk = &job->buf->chunks[at >> MAPBUF_CHUNK_ORDER];
		if (chunk->head)	/* a helper has got no further */
			continue;
		start = take->start + at;
		err = mapbuf_alloc_contig(start, start + n,
					  mapbuf_contig_compound &&
					  n == MAPBUF_CHUNK_PAGES);
		if (err && !helper)
			take->failed = (struct frames){ start, start + n };
		if (err)
			return err;
		for (i = 0; i < n; i += MAPBUF_CHUNK_PAGES)
			chunk[i >> MAPBUF_CHUNK_ORDER].head =
				pfn_to_page(start + i);
		if (take->clear)
			frames_clear(start, n);
	}
	return 0;
}

/*
 * Take [@start, @start + @buf->nr_pages), one reference to each page.  Where
 * the kernel can give 2 MiB as one compound page, which maps in one piece, ask
 * for each by itself: they are adjacent all the same, and the first that fails
 * is known.  Else ask for all at once, as 5.10 cannot isolate less than 4 MiB, or,
 * where others help, for much at once, and join the pages.  Who takes a piece clears
 * it, too, so that one waits for the kernel while another clears.  On an error @failed is
 * what could not be had.
 *
 * What is free merges up to MAX_ORDER_NR_PAGES, aligned, while all of it is
 * isolated.  If two asked for parts of that at once, one would get all, or the
 * kernel warn of it: so a piece begins and ends where that does.
 */
static int range_take(struct mapbuf_buffer *buf, unsigned long start,
		      struct search *search, struct frames *failed)
{
	unsigned long block = max_t(unsigned long, MAX_ORDER_NR_PAGES,
				    MAPBUF_CHUNK_PAGES);
	unsigned long lead = min(-start & (block - 1), buf->nr_pages);
	bool clears = contig_clears() || want_init_on_free();
	struct take_job take = {
		.job = {
			.buf = buf,
			.piece = take_piece,
			.end = buf->nr_pages,
			.unit = buf->nr_pages,
			.node = page_to_nid(pfn_to_page(start)),
			.creating = true,
			/* Else it costs less than to ask for help. */
			.alone = want_init_on_free(),
		},
		.start = start,
	};
	bool helped = mapbuf_job_helpers(&take.job);
	int err = 0;

	if (mapbuf_contig_compound)
		take.job.unit = block;
	else if (helped)
		take.job.unit = max(block, SHARED_PAGES);
	take.clear = helped && !clears;
	take.job.clears = helped || clears;

	if (take.job.unit < buf->nr_pages && lead) {
		err = take_piece(&take.job, 0, lead, false);
		atomic_long_set(&take.job.next, lead);
		atomic_long_set(&take.job.done, lead);
	}
	if (!err)
		err = mapbuf_job_run(&take.job);
	if (err) {
		*failed = take.failed;
		mapbuf_pages_free(buf, true);
		return err;
	}
	search->cleared = take.job.clears;
	range_untag(start, buf->nr_pages);
	range_join(buf);
	return 0;
}

/*
 * Whether a doubtful page is what failed.  Else it was something that is not to
 * be seen, as a CMA area, which looks like free memory.
 */
static bool was_doubtful(const struct frames *failed, struct zone *zone, int err)
{
	return err == -ENOMEM || range_blocked(failed->start, failed->end, zone,
					       false) != failed->end;
}

static int zone_scan(struct mapbuf_buffer *buf, struct zone *zone,
		     struct search *search)
{
	unsigned long pfn = zone->zone_start_pfn;
	unsigned long end = pfn + mapbuf_zone_reach(&buf->spec, zone);
	unsigned long blocked, next;
	struct frames failed;
	int err;

	for (;;) {
		pfn = ALIGN(pfn, MAPBUF_CHUNK_PAGES);
		if (pfn >= end || end - pfn < buf->nr_pages)
			return -ENOMEM;
		if (fatal_signal_pending(current))
			return -EINTR;

		next = pfn + buf->nr_pages;
		blocked = range_blocked(pfn, next, zone, search->doubts);
		if (blocked != next) {
			pfn = blocked + 1;
			continue;
		}

		err = range_take(buf, pfn, search, &failed);
		if (err != -EBUSY && err != -ENOMEM)
			return err;
		if (search->doubts && was_doubtful(&failed, zone, err))
			search->doubts--;
		/* Where the whole range was asked for, any of it may have been it. */
		pfn = mapbuf_contig_compound ? failed.end :
		      pfn + max(buf->nr_pages / 8, MAPBUF_CHUNK_PAGES);
	}
}

static int node_scan(struct mapbuf_buffer *buf, int node,
		     struct search *search)
{
	int i, err = -ENOMEM, top = mapbuf_top_zone(&buf->spec);
	struct zone *zone;

	/* From the top: the low zones are for devices that reach no other. */
	for (i = top; i >= 0 && err == -ENOMEM; i--) {
		zone = &NODE_DATA(node)->node_zones[i];
		if (mapbuf_zone_has(&buf->spec, zone, top, buf->nr_pages))
			err = zone_scan(buf, zone, search);
	}
	return err;
}

/*
 * A page on its way to the kernel's lists looks like one that nothing can move,
 * and a busy machine has some in each GiB.  Whatever alloc_contig_range() is asked
 * for, it has all processors put theirs there first: here it is a page that was
 * free a moment ago.
 */
static void drain_lists(int node)
{
	struct page *page = alloc_pages_node(node, GFP_KERNEL | __GFP_MOVABLE |
					     __GFP_THISNODE | __GFP_NOWARN, 0);
	unsigned long pfn;

	if (!page)
		return;
	pfn = page_to_pfn(page);
	__free_page(page);
	if (!mapbuf_alloc_contig(pfn, pfn + 1, false))
		__free_page(pfn_to_page(pfn));
}

/* The ways to search, each for when those before found nothing. */
enum scan { SCAN, SCAN_DRAINED, SCAN_DOUBTFUL, SCANS };

static int node_try(struct mapbuf_buffer *buf, int node, enum scan how,
		    struct search *search)
{
	int err;

	if (node_lock(node))
		return -EINTR;

	/* Whoever had the lock may have taken them. */
	err = -ENOMEM;
	if (mapbuf_pages_available(&buf->spec, buf->nr_pages)) {
		if (how == SCAN_DRAINED)
			drain_lists(node);
		err = node_scan(buf, node, search);
	}
	node_unlock(node);
	return err;
}

static int nodes_scan(struct mapbuf_buffer *buf, enum scan how,
		      struct search *search)
{
	int node = buf->spec.numa_node, err = -ENOMEM;

	search->doubts = how == SCAN_DOUBTFUL ? DOUBTFUL_TRIES : 0;
	if (node != NUMA_NO_NODE)
		return node_try(buf, node, how, search);

	for_each_node_state(node, N_MEMORY) {
		err = node_try(buf, node, how, search);
		if (err != -ENOMEM)
			break;
	}
	return err;
}

static int contiguous_scan(struct mapbuf_buffer *buf, struct search *search)
{
	int err = -ENOMEM;
	enum scan how;

	for (how = SCAN; how < SCANS && err == -ENOMEM; how++)
		err = nodes_scan(buf, how, search);
	return err;
}

/* Up to 2 MiB the buddy allocator has it, unless what it gives is too high. */
static int contiguous_small(struct mapbuf_buffer *buf)
{
	gfp_t gfp = MAPBUF_GFP | __GFP_ZERO |
		    mapbuf_zone_gfp[mapbuf_top_zone(&buf->spec)];
	unsigned int order = get_order(buf->spec.bytes);
	struct page *page;
	unsigned long i;

	if (buf->spec.numa_node != NUMA_NO_NODE)
		gfp |= __GFP_THISNODE;
	if (mapbuf_compound() && order == MAPBUF_CHUNK_ORDER)
		gfp |= __GFP_COMP;

	page = alloc_pages_node(buf->spec.numa_node, gfp, order);
	if (!page)
		return -ENOMEM;
	if (page_to_pfn(page) + buf->nr_pages > bound_pfn(buf)) {
		__free_pages(page, order);
		return -ENOMEM;
	}

	buf->chunks[0].head = page;
	if (gfp & __GFP_COMP)
		return 0;
	split_page(page, order);
	for (i = buf->nr_pages; i < 1UL << order; i++)
		__free_page(page + i);
	return 0;
}

static int contiguous_alloc(struct mapbuf_buffer *buf)
{
	unsigned long n = buf->nr_pages;
	struct search search = {};
	int err;

	/* A compound page of 2 MiB must be used whole. */
	if ((n <= MAPBUF_CHUNK_PAGES / 2 || n == MAPBUF_CHUNK_PAGES) &&
	    !contiguous_small(buf))
		return 0;

	err = contiguous_scan(buf, &search);
	if (err || search.cleared)
		return err;
	return mapbuf_pages_clear(buf);
}

#else /* CONFIG_CONTIG_ALLOC */

/* The kernel gives nobody a range: there is no such store, only its name. */
#define contiguous_alloc NULL

#endif /* CONFIG_CONTIG_ALLOC */

const struct mapbuf_backing_ops mapbuf_backing_contiguous = {
	.name = "contiguous",
	.id = MAPBUF_BACKING_CONTIGUOUS,
	.contiguous = true,
	.alloc = contiguous_alloc,
};
