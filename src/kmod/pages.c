// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory of a buffer, whatever store it came from.
 */
#include <linux/dma-mapping.h>
#include <linux/highmem.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/scatterlist.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "backing.h"
#include "compat/chunk.h"
#include "compat/compat.h"
#include "job.h"
#include "mapbuf.h"
#include "range.h"

/* Pages in the chunk that starts with page @index. */
static unsigned long chunk_pages(const struct mapbuf_buffer *buf,
				 unsigned long index)
{
	return min(buf->nr_pages - index, MAPBUF_CHUNK_PAGES);
}

/**
 * mapbuf_pages_from() - a list of some pages of a buffer
 * @buf: the buffer; the caller is one of its users
 * @first: page of it
 * @n: how many are wanted, not beyond its end; set to how many are listed
 * @few: space for a list, if there is none
 * @nr_few: its length
 *
 * Return: the list, which is the buffer's own where it has one.
 */
struct page **mapbuf_pages_from(const struct mapbuf_buffer *buf,
				unsigned long first, unsigned long *n,
				struct page **few, unsigned long nr_few)
{
	const struct mapbuf_chunk *chunk =
		&buf->chunks[first >> MAPBUF_CHUNK_ORDER];
	unsigned long index = first & (MAPBUF_CHUNK_PAGES - 1), i;

	if (chunk->pages) {
		*n = min(*n, MAPBUF_CHUNK_PAGES - index);
		return chunk->pages + index;
	}
	*n = min3(*n, MAPBUF_CHUNK_PAGES - index, nr_few);
	for (i = 0; i < *n; i++)
		few[i] = chunk->head + index + i;
	return few;
}

/**
 * mapbuf_pages_set_cache() - have all who reach for a buffer cache it as was asked for
 * @buf: the buffer, its pages just allocated and cleared, in one piece
 *
 * Sleeps.
 *
 * Return: 0, -ENOMEM, or -EINTR on a fatal signal.
 */
int mapbuf_pages_set_cache(struct mapbuf_buffer *buf)
{
	unsigned long i, first;
	int err = 0;

	for (i = 0; buf->spec.cache && i < mapbuf_nr_chunks(buf) && !err; i++) {
		if (fatal_signal_pending(current))
			return -EINTR;
		first = i << MAPBUF_CHUNK_ORDER;
		err = mapbuf_cache_set(buf, mapbuf_page(buf, first),
				       chunk_pages(buf, first));
		cond_resched();
	}
	return err;
}

/* Whether anything but the buffer, its file and mappings refers to it. */
static bool page_pinned(struct page *page)
{
	int refs = page_ref_count(page) - mapbuf_cache_refs(page);

	return refs > 1 && refs > 1 + mapbuf_mapcount(page);
}

/* How many pages of a chunk are pinned: of a compound page all or none. */
static unsigned long chunk_pinned(const struct mapbuf_buffer *buf,
				  unsigned long nr)
{
	unsigned long first = nr << MAPBUF_CHUNK_ORDER, i, pinned = 0;
	unsigned long n = chunk_pages(buf, first);
	const struct mapbuf_chunk *chunk = &buf->chunks[nr];

	if (chunk->head && PageCompound(chunk->head))
		return page_pinned(chunk->head) ? n : 0;
	/* The last ones may be missing, where memory was short. */
	for (i = 0; i < n && (chunk->head || chunk->pages[i]); i++)
		pinned += page_pinned(mapbuf_page(buf, first + i));
	return pinned;
}

/**
 * mapbuf_chunk_pinned() - whether somebody has pages of a chunk pinned
 * @buf: the buffer; the caller keeps it from being freed
 * @nr: number of the chunk
 *
 * While the buffer is being mapped or unmapped, the answer may be wrong.
 *
 * Return: whether a page has more references than the buffer and mappings have.
 */
bool mapbuf_chunk_pinned(const struct mapbuf_buffer *buf, unsigned long nr)
{
	return buf->chunks && chunk_pinned(buf, nr);
}

/**
 * mapbuf_pages_pinned() - how much of a buffer is pinned
 * @buf: the buffer; the caller keeps it from being freed
 *
 * As mapbuf_chunk_pinned().  Sleeps.
 *
 * Return: pages that somebody has pinned; of a compound page all count.
 */
unsigned long mapbuf_pages_pinned(const struct mapbuf_buffer *buf)
{
	unsigned long i, pinned = 0;

	if (!buf->chunks)
		return 0;
	for (i = 0; i < mapbuf_nr_chunks(buf); i++) {
		pinned += chunk_pinned(buf, i);
		cond_resched();
	}
	return pinned;
}

static void chunk_free(const struct mapbuf_buffer *buf, unsigned long nr)
{
	unsigned long n = chunk_pages(buf, nr << MAPBUF_CHUNK_ORDER), i;
	struct mapbuf_chunk *chunk = &buf->chunks[nr];

	if (chunk->pages) {
		for (i = 0; i < n && chunk->pages[i]; i++)
			put_page(chunk->pages[i]);
		kvfree(chunk->pages);
	} else if (!mapbuf_cache_reset(buf, chunk->head, n)) {
		; /* Nobody else may have them. */
	} else if (PageCompound(chunk->head)) {
		if (!mapbuf_piece_failed(chunk->head))
			put_page(chunk->head);
	} else {
		for (i = 0; i < n; i++)
			put_page(chunk->head + i);
	}
	chunk->pages = NULL;
	chunk->head = NULL;
}

/* The first chunk may be missing, or its first page, where memory was short. */
static int node_of_pages(const struct mapbuf_buffer *buf)
{
	const struct mapbuf_chunk *chunk = &buf->chunks[0];
	struct page *page = chunk->pages ? chunk->pages[0] : chunk->head;

	return page ? page_to_nid(page) : numa_node_id();
}

/* @left: pages that have stayed. */
struct free_job {
	struct mapbuf_job job;
	bool pinned_too;
	atomic_long_t left;
};

static int free_piece(struct mapbuf_job *job, unsigned long first,
		      unsigned long n, bool helper)
{
	struct free_job *free = container_of(job, struct free_job, job);
	unsigned long nr = first >> MAPBUF_CHUNK_ORDER;
	struct mapbuf_buffer *buf = job->buf;

	if (!buf->chunks[nr].pages && !buf->chunks[nr].head)
		return 0;
	if (!free->pinned_too && chunk_pinned(buf, nr))
		atomic_long_add(n, &free->left);
	else
		chunk_free(buf, nr);
	return 0;
}

/**
 * mapbuf_pages_free() - give back the references of a buffer
 * @buf: the buffer, which has no users; some of its chunks, or all, filled
 * @pinned_too: also those of pages that somebody has pinned, and who frees them
 *		then
 *
 * Without @pinned_too a chunk stays whole while one of its pages is pinned, and
 * the caller tries again.  Every page is put by itself: free_contig_range()
 * would warn of one that is pinned.  Sleeps.
 *
 * Return: how many pages have stayed.
 */
unsigned long mapbuf_pages_free(struct mapbuf_buffer *buf, bool pinned_too)
{
	struct free_job free = {
		.job = {
			.buf = buf,
			.piece = free_piece,
			.end = buf->nr_pages,
			.unit = MAPBUF_CHUNK_PAGES,
			.node = node_of_pages(buf),
			/* Else it costs less than to ask for help. */
			.alone = !want_init_on_free(),
		},
		.pinned_too = pinned_too,
	};

	mapbuf_job_run(&free.job);
	return atomic_long_read(&free.left);
}

/**
 * mapbuf_range_valid() - whether a range is of whole pages, within a buffer
 * @buf: the buffer
 * @offset: first byte
 * @bytes: length
 *
 * Return: true if so, and it is not empty.
 */
bool mapbuf_range_valid(const struct mapbuf_buffer *buf, u64 offset, u64 bytes)
{
	return bytes && !offset_in_page(offset) && !offset_in_page(bytes) &&
	       offset < buf->spec.bytes && bytes <= buf->spec.bytes - offset;
}

/**
 * mapbuf_dma_segment() - how long an entry of a table may be for a device
 * @dev: the device
 *
 * It may have a limit of its own, and where its DMA goes through bounce buffers
 * these have one.
 *
 * Return: bytes, a multiple of PAGE_SIZE.
 */
size_t mapbuf_dma_segment(struct device *dev)
{
	return clamp_t(size_t, min_t(size_t, dma_get_max_seg_size(dev),
				     dma_max_mapping_size(dev)) & PAGE_MASK,
		       PAGE_SIZE, SZ_1G);
}

/* How many pages from @first on are adjacent, at most @most, and before @end. */
static unsigned long run_of_pages(const struct mapbuf_buffer *buf,
				  unsigned long first, unsigned long end,
				  unsigned long most)
{
	unsigned long pfn = page_to_pfn(mapbuf_page(buf, first)), at = first;

	end = min(end, first + most);
	do {
		if (buf->chunks[at >> MAPBUF_CHUNK_ORDER].pages)
			at++;
		else
			at = min(end, (at | (MAPBUF_CHUNK_PAGES - 1)) + 1);
	} while (at < end &&
		 page_to_pfn(mapbuf_page(buf, at)) == pfn + (at - first));
	return at - first;
}

/**
 * mapbuf_buffer_sg_table() - the pages of a part of a buffer
 * @buf: the buffer, which the caller is a user of
 * @dev: the device that it is for; NULL: entries as long as they can be
 * @first: page of it
 * @n: length in pages
 * @table: filled in, to be freed with sg_free_table()
 *
 * Sleeps.
 *
 * Return: 0, -ENOMEM, -EIO if a page has a memory error, or -EOPNOTSUPP if it
 * has no pages.
 */
int mapbuf_buffer_sg_table(const struct mapbuf_buffer *buf, struct device *dev,
			   unsigned long first, unsigned long n,
			   struct sg_table *table)
{
	unsigned long most = (dev ? mapbuf_dma_segment(dev) : UINT_MAX) >>
			     PAGE_SHIFT;
	unsigned long at, run, end = first + n;
	unsigned int entries = 0;
	struct scatterlist *sg;
	int err;

	if (!mapbuf_buffer_has_pages(buf))
		return -EOPNOTSUPP;
	if (mapbuf_pages_failed(buf, first, n))
		return -EIO;

	for (at = first; at < end; at += run_of_pages(buf, at, end, most)) {
		entries++;
		cond_resched();
	}
	err = sg_alloc_table(table, entries, MAPBUF_GFP);
	if (err)
		return err;
	for (at = first, sg = table->sgl; at < end; at += run, sg = sg_next(sg)) {
		run = run_of_pages(buf, at, end, most);
		sg_set_page(sg, mapbuf_page(buf, at), run << PAGE_SHIFT, 0);
		cond_resched();
	}
	return 0;
}

/**
 * mapbuf_buffer_has_pages() - whether a buffer is made of pages
 * @buf: the buffer
 *
 * Return: false if it is a range of page frames without usable pages.
 */
bool mapbuf_buffer_has_pages(const struct mapbuf_buffer *buf)
{
	return !buf->spec.ops->free;
}

/**
 * mapbuf_buffer_is_io() - whether a buffer is not memory to the processor
 * @buf: the buffer
 *
 * Return: true if @buf->kaddr is an address of I/O memory.
 */
bool mapbuf_buffer_is_io(const struct mapbuf_buffer *buf)
{
	return !mapbuf_buffer_has_pages(buf) &&
	       buf->spec.cache != MAPBUF_CACHE_CACHED;
}

/**
 * mapbuf_buffer_pgprot() - how processes map a buffer
 * @buf: the buffer
 * @prot: what they may do
 *
 * Return: @prot with the caching that all who reach for the memory have in common.
 */
pgprot_t mapbuf_buffer_pgprot(const struct mapbuf_buffer *buf, pgprot_t prot)
{
	if (buf->spec.ops->pgprot)
		return buf->spec.ops->pgprot(buf, prot);
	switch (buf->spec.cache) {
	case MAPBUF_CACHE_UNCACHED:
		return pgprot_noncached(prot);
	case MAPBUF_CACHE_WRITE_COMBINED:
		return pgprot_writecombine(prot);
	default:
		return prot;
	}
}

/**
 * mapbuf_buffer_phys() - where in physical memory a buffer is
 * @buf: the buffer; the caller is one of its users
 * @phys: set to where it begins
 *
 * Return: false if it is not in one place.
 */
bool mapbuf_buffer_phys(const struct mapbuf_buffer *buf, phys_addr_t *phys)
{
	const struct mapbuf_backing_ops *ops = buf->spec.ops;

	if (ops->contiguous)
		*phys = ops->phys ? ops->phys(buf) :
				    page_to_phys(mapbuf_page(buf, 0));
	return ops->contiguous;
}

/**
 * mapbuf_buffer_copy() - copy from or to a buffer
 * @buf: the buffer; the caller is one of its users
 * @pos: where in it
 * @bytes: how much; not across a page
 * @iter: the other side
 * @to_iter: direction
 *
 * Sleeps.
 *
 * Return: bytes copied; fewer than asked for if @iter faults.
 */
size_t mapbuf_buffer_copy(struct mapbuf_buffer *buf, loff_t pos, size_t bytes,
			  struct iov_iter *iter, bool to_iter)
{
	struct page *page;

	if (!mapbuf_buffer_has_pages(buf))
		return mapbuf_range_copy(buf, pos, bytes, iter, to_iter);

	page = mapbuf_page(buf, pos >> PAGE_SHIFT);
	pos = offset_in_page(pos);
	return to_iter ? copy_page_to_iter(page, pos, bytes, iter) :
			 copy_page_from_iter(page, pos, bytes, iter);
}
