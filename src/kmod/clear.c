// SPDX-License-Identifier: GPL-2.0-only
/*
 * Filling buffers with zeroes.
 */
#include <linux/highmem.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/topology.h>

#include "job.h"
#include "mapbuf.h"
#include "range.h"

/**
 * mapbuf_note_cleared() - tell who looks on how much of a new buffer is done
 * @buf: the buffer, while it is created
 * @nr: pages; fewer than before where a range was given up and another is tried,
 *	which is not told
 *
 * Only the creator calls this.
 */
void mapbuf_note_cleared(const struct mapbuf_buffer *buf, unsigned long nr)
{
	u64 bytes = (u64)nr << PAGE_SHIFT;

	if (buf->spec.cleared && bytes > atomic64_read(buf->spec.cleared))
		atomic64_set(buf->spec.cleared, bytes);
}

static int clear_piece(struct mapbuf_job *job, unsigned long first,
		       unsigned long n, bool helper)
{
	struct mapbuf_buffer *buf = job->buf;
	unsigned long i;

	if (!mapbuf_buffer_has_pages(buf)) {
		mapbuf_range_clear(buf, first, n);
		return 0;
	}
	for (i = first; i < first + n; i++) {
		if (!mapbuf_page_failed(buf, i))
			clear_highpage(mapbuf_page(buf, i));
	}
	return 0;
}

static int clear_all(struct mapbuf_buffer *buf, unsigned long first,
		     unsigned long end, bool creating)
{
	struct mapbuf_job job = {
		.buf = buf,
		.piece = clear_piece,
		.next = ATOMIC_LONG_INIT(first),
		.end = end,
		.unit = MAPBUF_CHUNK_PAGES,
		.node = buf->chunks ? page_to_nid(mapbuf_page(buf, first)) :
				      numa_node_id(),
		.creating = creating,
		.clears = creating,
	};

	return mapbuf_job_run(&job);
}

/**
 * mapbuf_pages_clear() - fill a new buffer with zeroes
 * @buf: the buffer, its memory just allocated
 *
 * Sleeps.
 *
 * Return: 0, or -EINTR on a fatal signal.
 */
int mapbuf_pages_clear(struct mapbuf_buffer *buf)
{
	return clear_all(buf, 0, buf->nr_pages, true);
}

/**
 * mapbuf_chunks_clear() - fill chunks with zeroes
 * @buf: the buffer; the caller keeps it from being freed
 * @first: number of the first
 * @end: of the one after the last
 *
 * Sleeps.
 */
void mapbuf_chunks_clear(struct mapbuf_buffer *buf, unsigned long first,
			 unsigned long end)
{
	if (first < end)
		clear_all(buf, first << MAPBUF_CHUNK_ORDER,
			  min(end << MAPBUF_CHUNK_ORDER, buf->nr_pages), false);
}
