// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory of a buffer, whatever store it came from.
 */
#include <linux/highmem.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/scatterlist.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <linux/vmalloc.h>

#include "backing.h"
#include "mapbuf.h"

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
 * mapbuf_pages_available() - whether memory has so many pages left
 * @nr: how many more are wanted
 *
 * Some are left for everybody else: after the last page, the next small
 * allocation of anyone wakes the OOM killer.
 *
 * Return: true if they can be had, as far as can be told without trying.
 */
bool mapbuf_pages_available(u64 nr)
{
	unsigned long margin = min_t(unsigned long, totalram_pages() / 64,
				     SZ_64M >> PAGE_SHIFT);

	return nr + margin <= si_mem_available();
}

/**
 * mapbuf_pages_clear() - fill a buffer with zeroes
 * @buf: the buffer
 * @killable: stop on a fatal signal
 *
 * Sleeps.
 *
 * Return: 0, or -EINTR.
 */
int mapbuf_pages_clear(struct mapbuf_buffer *buf, bool killable)
{
	unsigned long i;

	for (i = 0; i < buf->nr_pages; i++) {
		clear_highpage(mapbuf_page(buf, i));
		if (i % MAPBUF_CHUNK_PAGES)
			continue;
		if (killable && fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
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

	vunmap(buf->vaddr);
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

static void *pages_vmap(const struct mapbuf_buffer *buf)
{
	struct page **pages;
	unsigned long i;
	void *vaddr;

	pages = kvmalloc_array(buf->nr_pages, sizeof(*pages), MAPBUF_GFP);
	if (!pages)
		return NULL;
	for (i = 0; i < buf->nr_pages; i++)
		pages[i] = mapbuf_page(buf, i);
	vaddr = vmap(pages, buf->nr_pages, VM_MAP, PAGE_KERNEL);
	kvfree(pages);
	return vaddr;
}

/**
 * mapbuf_buffer_vmap() - a buffer in the address space of the kernel
 * @buf: the buffer, which the caller is a user of
 *
 * Mapped when it is asked for first, until the memory is freed.  Sleeps.
 *
 * Return: the address, -ENOMEM, or -EOPNOTSUPP for a range that is not memory
 * to the processor.
 */
void *mapbuf_buffer_vmap(struct mapbuf_buffer *buf)
{
	void *vaddr;

	if (mapbuf_buffer_is_io(buf))
		return ERR_PTR(-EOPNOTSUPP);
	if (!mapbuf_buffer_has_pages(buf))
		return buf->kaddr;
	if (buf->spec.ops->contiguous && !PageHighMem(buf->chunks[0].head))
		return page_address(buf->chunks[0].head);

	mutex_lock(&buf->vmap_lock);
	if (!buf->vaddr)
		buf->vaddr = pages_vmap(buf);
	vaddr = buf->vaddr;
	mutex_unlock(&buf->vmap_lock);
	return vaddr ?: ERR_PTR(-ENOMEM);
}

/* How many pages from @first on are adjacent, @end and what an entry holds aside. */
static unsigned long run_of_pages(const struct mapbuf_buffer *buf,
				  unsigned long first, unsigned long end)
{
	const unsigned long most = UINT_MAX >> PAGE_SHIFT;
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
 * @first: page of it
 * @n: length in pages
 * @table: filled in, to be freed with sg_free_table()
 *
 * Sleeps.
 *
 * Return: 0, -ENOMEM, or -EOPNOTSUPP if it has no pages.
 */
int mapbuf_buffer_sg_table(const struct mapbuf_buffer *buf, unsigned long first,
			   unsigned long n, struct sg_table *table)
{
	unsigned long at, run, end = first + n;
	unsigned int entries = 0;
	struct scatterlist *sg;
	int err;

	if (!mapbuf_buffer_has_pages(buf))
		return -EOPNOTSUPP;

	for (at = first; at < end; at += run_of_pages(buf, at, end)) {
		entries++;
		cond_resched();
	}
	err = sg_alloc_table(table, entries, MAPBUF_GFP);
	if (err)
		return err;
	for (at = first, sg = table->sgl; at < end; at += run, sg = sg_next(sg)) {
		run = run_of_pages(buf, at, end);
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
	return !buf->spec.ops->phys;
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
	const struct mapbuf_backing_ops *ops = buf->spec.ops;
	struct page *page;

	if (ops->copy)
		return ops->copy(buf, pos, bytes, iter, to_iter);

	page = mapbuf_page(buf, pos >> PAGE_SHIFT);
	pos = offset_in_page(pos);
	return to_iter ? copy_page_to_iter(page, pos, bytes, iter) :
			 copy_page_from_iter(page, pos, bytes, iter);
}

/**
 * mapbuf_buffer_clear() - fill a buffer with zeroes
 * @buf: the buffer; the caller is one of its users
 *
 * Sleeps, for long.
 */
void mapbuf_buffer_clear(struct mapbuf_buffer *buf)
{
	if (buf->spec.ops->clear)
		buf->spec.ops->clear(buf);
	else
		mapbuf_pages_clear(buf, false);
}
