// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages with a memory error.
 *
 * The kernel flags such a page (PageHWPoison), and leaves a page of a driver as
 * it is otherwise: mapped, readable, and inside its compound page.  There is no
 * event for a module, so each path that reaches a page asks for the flag.
 *
 * Once noticed, the page is unmapped wherever it is, and a touch of it is an
 * error.  The rest of its 2 MiB goes on working, mapped page by page.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched.h>

#include "compat/compat.h"
#include "mapbuf.h"
#include "range.h"

static struct mapbuf_chunk *chunk_of(const struct mapbuf_buffer *buf,
				     unsigned long index)
{
	return &buf->chunks[index >> MAPBUF_CHUNK_ORDER];
}

/**
 * mapbuf_page_revoke() - take a page with an error away from all who map it
 * @buf: the buffer; the caller keeps it from being freed
 * @index: of a page that has an error
 *
 * Also when that has been done before: somebody may have been mapping it then.
 * Sleeps.  Not under the lock of the page.
 */
void mapbuf_page_revoke(const struct mapbuf_buffer *buf, unsigned long index)
{
	struct page *page = mapbuf_page(buf, index);

	WRITE_ONCE(chunk_of(buf, index)->failed, true);
	if (PageCompound(page))
		mapbuf_set_failed(compound_head(page));
	/*
	 * Where the kernel maps 2 MiB for a page that a fault has returned, it
	 * has the lock: it has finished, or will see the flag.  Where this module
	 * maps pages it asks again after that, see mapbuf_chunk_mapped().
	 */
	lock_page(page);
	unlock_page(page);
	smp_mb();	/* the flags above, page tables below */
	unmap_mapping_range(buf->inode->i_mapping, (loff_t)index << PAGE_SHIFT,
			    PAGE_SIZE, 1);
}

/**
 * mapbuf_pages_good() - how many pages come before one with an error
 * @buf: the buffer; the caller keeps it from being freed
 * @first: index of the first page
 * @pages: that and those that follow it
 * @n: how many
 *
 * Sleeps.
 *
 * Return: @n if none of them has one.
 */
unsigned long mapbuf_pages_good(const struct mapbuf_buffer *buf,
				unsigned long first, struct page **pages,
				unsigned long n)
{
	unsigned long i;

	for (i = 0; i < n; i++) {
		if (unlikely(PageHWPoison(pages[i]))) {
			mapbuf_page_revoke(buf, first + i);
			break;
		}
	}
	return i;
}

/**
 * mapbuf_pages_failed() - how many pages of a part of a buffer have an error
 * @buf: the buffer; the caller keeps it from being freed
 * @first: page of it
 * @n: length in pages
 *
 * Each is taken away from all who map it.  Sleeps.
 *
 * Return: the number; of a buffer that is not made of pages, all if its device has
 * gone, else 0.
 */
unsigned long mapbuf_pages_failed(const struct mapbuf_buffer *buf,
				  unsigned long first, unsigned long n)
{
	unsigned long i, failed = 0;

	if (mapbuf_range_gone(buf))
		return n;
	if (!IS_ENABLED(CONFIG_MEMORY_FAILURE) || !buf->chunks)
		return 0;
	for (i = first; i < first + n; i++) {
		failed += mapbuf_page_failed(buf, i);
		if (i % MAPBUF_CHUNK_PAGES == 0)
			cond_resched();
	}
	return failed;
}

/**
 * mapbuf_chunk_mapped() - look once more at pages that have just been mapped
 * @buf: the buffer
 * @index: of one of them; all are of its chunk
 *
 * For what maps pages without their lock.  Sleeps.
 */
void mapbuf_chunk_mapped(const struct mapbuf_buffer *buf, unsigned long index)
{
	unsigned long first = ALIGN_DOWN(index, MAPBUF_CHUNK_PAGES);

	if (!IS_ENABLED(CONFIG_MEMORY_FAILURE))
		return;
	smp_mb();	/* page tables before, the flag of the chunk now */
	if (unlikely(mapbuf_chunk_failed(buf, index)))
		mapbuf_pages_failed(buf, first,
				    min(buf->nr_pages - first,
					MAPBUF_CHUNK_PAGES));
}

/**
 * mapbuf_piece_failed() - whether a compound page must not be freed
 * @head: its first page
 *
 * The allocator looks at the flag of a single page that is freed, and keeps it.
 * Of a compound page it does not look at each, and would give the memory to
 * somebody else: such a page is kept for good.
 *
 * Return: true if one of its pages has an error.
 */
bool mapbuf_piece_failed(struct page *head)
{
	unsigned long i, n = compound_nr(head);

	if (!IS_ENABLED(CONFIG_MEMORY_FAILURE))
		return false;
	for (i = 0; i < n; i++) {
		if (PageHWPoison(head + i))
			return true;
	}
	return false;
}
