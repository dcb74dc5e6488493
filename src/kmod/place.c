// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where in the file of a buffer its pages are, as the kernel is to know it.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched.h>

#include "compat/chunk.h"
#include "compat/compat.h"
#include "mapbuf.h"

/*
 * Who has a page pinned marks it dirty under its lock, and asks its file then, if
 * it has one.
 */
static void page_place(struct page *head, struct address_space *mapping,
		       unsigned long index)
{
	lock_page(head);
	mapbuf_uncache_chunk(head);
	mapbuf_set_index(head, index);
	mapbuf_set_mapping(head, mapping);
	if (mapping && PageCompound(head))
		mapbuf_cache_chunk(head, MAPBUF_GFP);
	unlock_page(head);
}

static void pages_place(const struct mapbuf_buffer *buf,
			struct address_space *mapping)
{
	unsigned long i, index, end;

	for (i = 0; i < mapbuf_nr_chunks(buf); i++) {
		const struct mapbuf_chunk *chunk = &buf->chunks[i];

		index = i << MAPBUF_CHUNK_ORDER;
		end = min(index + MAPBUF_CHUNK_PAGES, buf->nr_pages);
		/* The last ones may be missing, where memory was short. */
		if (chunk->head && PageCompound(chunk->head))
			page_place(chunk->head, mapping, index);
		else if (chunk->head || chunk->pages)
			for (; index < end && mapbuf_page(buf, index); index++)
				page_place(mapbuf_page(buf, index), mapping,
					   index);
		cond_resched();
	}
}

/**
 * mapbuf_mapping_place() - tell the kernel where in the buffer its pages are
 * @buf: the buffer, its memory just allocated
 *
 * A futex of several processes is known by the file and the index of its page.  A
 * fault maps a compound page in one piece only if it ends, by its index, before
 * the end of the file.
 *
 * Whoever looks for a page in the page cache of the file, to split, write back or
 * truncate it, finds none, or one that he gives up: see mapbuf_cache_chunk().
 */
void mapbuf_mapping_place(struct mapbuf_buffer *buf)
{
	pages_place(buf, buf->inode->i_mapping);
}

/**
 * mapbuf_mapping_displace() - undo mapbuf_mapping_place()
 * @buf: the buffer, with all pages that it has; nothing has it open or mapped
 *
 * Pages may stay pinned for longer than there is a file.  Sleeps.
 */
void mapbuf_mapping_displace(struct mapbuf_buffer *buf)
{
	pages_place(buf, NULL);
}
