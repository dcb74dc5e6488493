/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between kernels for compound pages that a module maps in one piece,
 * as compat.h does for the rest.
 */
#ifndef MAPBUF_COMPAT_CHUNK_H
#define MAPBUF_COMPAT_CHUNK_H

#include <linux/huge_mm.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/xarray.h>

#include "compat/features.h"

/*
 * MAPBUF_MAPS_CHUNKS: whether there is mapbuf_map_chunk()
 *
 * mapbuf_map_chunk() - map 2 MiB in one piece, if nothing is there
 * @vmf: of a fault that may map them
 * @area: that faulted, or what stands in for it; not VM_MIXEDMAP or VM_PFNMAP
 * @addr: where, aligned; in the area, and in reach of the table @vmf->pmd is in
 * @head: of a compound page of 2 MiB
 *
 * Returns whether there was nothing.
 */
#if defined(MAPBUF_HAVE_INSERT_FOLIO_PMD)
#define MAPBUF_MAPS_CHUNKS true

/*
 * Not said to be a write: should a page table have come in between, the kernel
 * would warn.  The entry can be written all the same, as the area can.
 */
static inline bool mapbuf_map_piece(struct vm_fault *piece, struct folio *folio)
{
	return vmf_insert_folio_pmd(piece, folio, false) == VM_FAULT_NOPAGE;
}
#elif defined(MAPBUF_HAVE_HUGE_FAULT_ORDER)
#define MAPBUF_MAPS_CHUNKS true
#define MAPBUF_CACHES_CHUNKS 1

/*
 * From the page cache, unless somebody else has it locked.  A dma-buf is a file of
 * its own, which has none.  Some processors want a page table beside each such entry,
 * prepared by a fault.
 */
static inline bool mapbuf_map_piece(struct vm_fault *piece, struct folio *folio)
{
	pgoff_t index = folio->index;

	return !arch_needs_pgtable_deposit() &&
	       piece->vma->vm_file->f_mapping == folio->mapping &&
	       filemap_map_pages(piece, index, index) == VM_FAULT_NOPAGE;
}
#else
#define MAPBUF_MAPS_CHUNKS false
#endif

static inline bool mapbuf_map_chunk(const struct vm_fault *vmf,
				    struct vm_area_struct *area,
				    unsigned long addr, struct page *head)
{
#ifdef MAPBUF_HAVE_HUGE_FAULT_ORDER
	struct vm_fault piece = {
		.vma = area,
		.address = addr,
		.pmd = vmf->pmd - pmd_index(vmf->address) + pmd_index(addr),
		.flags = vmf->flags & FAULT_FLAG_WRITE,
	};

	return pmd_none(pmdp_get_lockless(piece.pmd)) &&
	       mapbuf_map_piece(&piece, page_folio(head));
#else
	return false;
#endif
}

/*
 * mapbuf_cache_chunk() - put a compound page into the page cache of its file
 * @head: its first page, locked; its file and index are set
 * @gfp: how to allocate what is needed; without, it is mapped all the same
 *
 * mapbuf_uncache_chunk() - undo that, if it was done
 *
 * mapbuf_cache_refs() - how many references the page cache has
 *
 * For mapbuf_map_chunk(), where that needs it.  As always there is a reference for
 * each of its pages.  Whoever finds it, to split or to drop it, gives up because of
 * one more, which the buffer has.  It is not among what the file's pages are
 * counted by, so nobody writes it back or waits for it to go, and on no list of
 * what can be reclaimed.
 */
#ifdef MAPBUF_CACHES_CHUNKS
static inline int mapbuf_cache_store(struct folio *folio, void *entry, gfp_t gfp)
{
	XA_STATE_ORDER(xas, &folio->mapping->i_pages, folio->index,
		       folio_order(folio));

	do {
		xas_lock_irq(&xas);
		xas_store(&xas, entry);
		xas_unlock_irq(&xas);
	} while (xas_nomem(&xas, gfp));
	return xas_error(&xas);
}

static inline void mapbuf_cache_chunk(struct page *head, gfp_t gfp)
{
	struct folio *folio = page_folio(head);

	folio_ref_add(folio, folio_nr_pages(folio));
	folio_mark_uptodate(folio);
	if (!mapbuf_cache_store(folio, folio, gfp))
		return;
	folio_clear_uptodate(folio);
	folio_ref_sub(folio, folio_nr_pages(folio));
}

static inline void mapbuf_uncache_chunk(struct page *head)
{
	struct folio *folio = page_folio(head);

	if (!folio_test_uptodate(folio))
		return;
	mapbuf_cache_store(folio, NULL, 0);
	folio_clear_uptodate(folio);
	folio_ref_sub(folio, folio_nr_pages(folio));
}

static inline int mapbuf_cache_refs(struct page *head)
{
	struct folio *folio = page_folio(head);

	return folio_test_uptodate(folio) ? folio_nr_pages(folio) : 0;
}
#else
static inline void mapbuf_cache_chunk(struct page *head, gfp_t gfp)
{
}

static inline void mapbuf_uncache_chunk(struct page *head)
{
}

static inline int mapbuf_cache_refs(struct page *head)
{
	return 0;
}
#endif

#endif /* MAPBUF_COMPAT_CHUNK_H */
