// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pages of a buffer, whatever store they came from.
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "mapbuf.h"

/* Pages in the chunk that starts with page @index. */
static unsigned long chunk_pages(const struct mapbuf_buffer *buf,
				 unsigned long index)
{
	return min(buf->nr_pages - index, MAPBUF_CHUNK_PAGES);
}

/**
 * mapbuf_page() - a page of a buffer
 * @buf: the buffer; the caller is one of its users
 * @index: below @buf->nr_pages
 *
 * Return: the page; the reference stays with the buffer.
 */
struct page *mapbuf_page(const struct mapbuf_buffer *buf, unsigned long index)
{
	const struct mapbuf_chunk *chunk =
		&buf->chunks[index >> MAPBUF_CHUNK_ORDER];

	index &= MAPBUF_CHUNK_PAGES - 1;
	return chunk->pages ? chunk->pages[index] : chunk->head + index;
}

/**
 * mapbuf_pages_clear() - fill a buffer with zeroes
 * @buf: the buffer
 *
 * Sleeps.
 */
void mapbuf_pages_clear(struct mapbuf_buffer *buf)
{
	unsigned long i;

	for (i = 0; i < buf->nr_pages; i++) {
		clear_highpage(mapbuf_page(buf, i));
		if (!(i % MAPBUF_CHUNK_PAGES))
			cond_resched();
	}
}

/**
 * mapbuf_pages_free() - give back the references of a buffer
 * @buf: the buffer, all its chunks or the first ones of them filled
 *
 * A page that somebody still has pinned is freed by them.  So every page is
 * put by itself: free_contig_range() would warn of such a page.  Sleeps.
 */
void mapbuf_pages_free(struct mapbuf_buffer *buf)
{
	unsigned long index, i, n;

	for (index = 0; index < buf->nr_pages; index += n) {
		struct mapbuf_chunk *chunk =
			&buf->chunks[index >> MAPBUF_CHUNK_ORDER];

		n = chunk_pages(buf, index);
		if (chunk->pages) {
			for (i = 0; i < n && chunk->pages[i]; i++)
				put_page(chunk->pages[i]);
			kvfree(chunk->pages);
		} else if (chunk->head && PageCompound(chunk->head)) {
			put_page(chunk->head);
		} else if (chunk->head) {
			for (i = 0; i < n; i++)
				put_page(chunk->head + i);
		}
		chunk->pages = NULL;
		chunk->head = NULL;
		cond_resched();
	}
}
