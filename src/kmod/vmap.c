// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers in the address space of the kernel.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/vmalloc.h>

#include "backing.h"
#include "mapbuf.h"
#include "range.h"
#include "vmap.h"

/* All pages, or one instead of each. */
static void *pages_vmap(const struct mapbuf_buffer *buf, struct page *instead)
{
	struct page **pages;
	unsigned long i;
	void *vaddr;

	pages = kvmalloc_array(buf->nr_pages, sizeof(*pages), MAPBUF_GFP);
	if (!pages)
		return NULL;
	for (i = 0; i < buf->nr_pages; i++)
		pages[i] = instead ?: mapbuf_page(buf, i);
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
 * Return: the address, -ENOMEM, -EIO if a page has a memory error, or
 * -EOPNOTSUPP for a range that is not memory to the processor.
 */
void *mapbuf_buffer_vmap(struct mapbuf_buffer *buf)
{
	void *vaddr;

	if (mapbuf_range_gone(buf))
		return ERR_PTR(-ENODEV);
	if (mapbuf_buffer_is_io(buf))
		return ERR_PTR(-EOPNOTSUPP);
	if (!mapbuf_buffer_has_pages(buf))
		return READ_ONCE(buf->kaddr) ?: ERR_PTR(-ENODEV);
	if (mapbuf_pages_failed(buf, 0, buf->nr_pages))
		return ERR_PTR(-EIO);
	if (buf->spec.ops->contiguous && !PageHighMem(buf->chunks[0].head))
		return page_address(buf->chunks[0].head);

	mutex_lock(&buf->vmap_lock);
	if (!buf->vaddr)
		buf->vaddr = pages_vmap(buf, NULL);
	vaddr = buf->vaddr;
	mutex_unlock(&buf->vmap_lock);
	return vaddr ?: ERR_PTR(-ENOMEM);
}

/**
 * mapbuf_scrap_vmap() - an address for whoever cannot be told that a range has gone
 * @buf: the buffer, whose device has gone, and which the caller is a user of
 *
 * One page of zeroes, of this buffer alone, stands in for each of the range: what is
 * written there is lost.  Mapped until the buffer is freed.  Sleeps.
 *
 * Return: the address, or -ENOMEM.
 */
void *mapbuf_scrap_vmap(struct mapbuf_buffer *buf)
{
	struct page *scrap;
	void *vaddr;

	mutex_lock(&buf->vmap_lock);
	if (!buf->vaddr) {
		scrap = alloc_page(MAPBUF_GFP | __GFP_ZERO);
		if (scrap)
			buf->vaddr = pages_vmap(buf, scrap);
		if (scrap && !buf->vaddr)
			__free_page(scrap);
	}
	vaddr = buf->vaddr;
	mutex_unlock(&buf->vmap_lock);
	return vaddr ?: ERR_PTR(-ENOMEM);
}

/**
 * mapbuf_vmap_end() - undo mapbuf_buffer_vmap() or mapbuf_scrap_vmap()
 * @buf: the buffer, which has no users any more, but still its pages
 *
 * Sleeps.
 */
void mapbuf_vmap_end(struct mapbuf_buffer *buf)
{
	struct page *scrap = NULL;

	if (buf->vaddr && !mapbuf_buffer_has_pages(buf))
		scrap = vmalloc_to_page(buf->vaddr);
	vunmap(buf->vaddr);
	buf->vaddr = NULL;
	if (scrap)
		__free_page(scrap);
}
