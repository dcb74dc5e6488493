/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between kernels, hidden behind the newest kernel's names.
 *
 * Features come from compat/features.h, which the build makes by compiling
 * compat/probe/NAME.c; each of those says which release brought the feature.
 * An entry can go when the oldest kernel in README.md has it.
 */
#ifndef MAPBUF_COMPAT_H
#define MAPBUF_COMPAT_H

#include <linux/eventfd.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/poison.h>
#include <linux/sched/coredump.h>

#include <asm/pgalloc.h>

#include "compat/features.h"

#ifndef MAPBUF_HAVE_VM_FLAGS_SET
static inline void vm_flags_set(struct vm_area_struct *vma, unsigned long flags)
{
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma,
				  unsigned long flags)
{
	vma->vm_flags &= ~flags;
}

static inline void vm_flags_init(struct vm_area_struct *vma, unsigned long flags)
{
	vma->vm_flags = flags;
}
#endif

/* Whether core dumps of the process have shared mappings of files. */
#ifdef MAPBUF_HAVE_MM_FLAGS_TEST
#define mapbuf_dumps_files(mm) mm_flags_test(MMF_DUMP_MAPPED_SHARED, mm)
#else
#define mapbuf_dumps_files(mm) test_bit(MMF_DUMP_MAPPED_SHARED, &(mm)->flags)
#endif

#ifdef MAPBUF_HAVE_MAP_PAGES_RETURNS
#define mapbuf_map_pages_t vm_fault_t
#else
#define mapbuf_map_pages_t void
#endif

/*
 * Operation map_pages of an area that maps nothing there.  Without one, kernels
 * that fault under the lock of the area alone take each fault twice.
 */
static inline mapbuf_map_pages_t mapbuf_map_no_pages(struct vm_fault *vmf,
						     pgoff_t start, pgoff_t end)
{
	return (mapbuf_map_pages_t)0;
}

/*
 * Whether vm_insert_pages() fails where it finds 2 MiB mapped instead of a page table.
 * It does since 6.5; the operation that shows it came with 6.6.
 */
#ifdef MAPBUF_HAVE_HUGE_FAULT_ORDER
#define MAPBUF_INSERT_SEES_PIECES true
#else
#define MAPBUF_INSERT_SEES_PIECES false
#endif

/*
 * mapbuf_use_table() - use the page table that the kernel has allocated for a fault
 * @vmf: of the fault
 *
 * Otherwise one more would be allocated, and this one freed.  Returns whether
 * nothing was mapped yet.
 */
static inline bool mapbuf_use_table(struct vm_fault *vmf)
{
	struct mm_struct *mm = vmf->vma->vm_mm;
	bool none = pmd_none(READ_ONCE(*vmf->pmd));

	if (none && vmf->prealloc_pte) {
		spinlock_t *lock = pmd_lock(mm, vmf->pmd);

		none = pmd_none(*vmf->pmd);
		if (none) {
			mm_inc_nr_ptes(mm);
			smp_wmb();	/* that it is empty, then that it is there */
			pmd_populate(mm, vmf->pmd, vmf->prealloc_pte);
			vmf->prealloc_pte = NULL;
		}
		spin_unlock(lock);
	}
	return none;
}

/*
 * mapbuf_set_failed() - remember that not all of a compound page can be mapped
 * @head: its first page
 *
 * mapbuf_fault_singly() - let the kernel map the one page that a fault returns
 * @vmf: of the fault, in an area that is not VM_MIXEDMAP
 *
 * Before 5.16 the kernel does not ask for errors.  It maps 2 MiB where there is
 * no page table, so put there the one that it has allocated for this fault.
 */
#ifdef MAPBUF_HAVE_FOLIO_HAS_HWPOISONED
static inline void mapbuf_set_failed(struct page *head)
{
	folio_set_has_hwpoisoned(page_folio(head));
}

static inline void mapbuf_fault_singly(struct vm_fault *vmf)
{
}
#else
static inline void mapbuf_set_failed(struct page *head)
{
}

static inline void mapbuf_fault_singly(struct vm_fault *vmf)
{
	mapbuf_use_table(vmf);
}
#endif

#ifdef MAPBUF_HAVE_CONST_UEVENT
#define mapbuf_uevent_const const
#else
#define mapbuf_uevent_const
#endif

#ifdef MAPBUF_HAVE_CONST_DEVNODE
#define mapbuf_devnode_const const
#else
#define mapbuf_devnode_const
#endif

/*
 * mapbuf_allow_direct() - let O_DIRECT be asked of an open file
 *
 * mapbuf_mapping_allow_direct() - the same of a file's mapping
 *
 * Before 6.0 the kernel asks for an operation that nothing calls; then the mapping
 * needs its other one, too, which marks no page dirty.
 */
#ifdef FMODE_CAN_ODIRECT
static inline void mapbuf_allow_direct(struct file *file)
{
	file->f_mode |= FMODE_CAN_ODIRECT;
}

static inline void mapbuf_mapping_allow_direct(struct address_space *mapping)
{
}
#else
static inline int mapbuf_page_stays_clean(struct page *page)
{
	return 0;
}

static inline void mapbuf_allow_direct(struct file *file)
{
}

static inline void mapbuf_mapping_allow_direct(struct address_space *mapping)
{
	static const struct address_space_operations aops = {
		.set_page_dirty = mapbuf_page_stays_clean,
		.direct_IO = noop_direct_IO,
	};

	mapping->a_ops = &aops;
}
#endif

/*
 * mapbuf_mapcount() - how often a page of a file, or its compound page, is mapped
 * @head: single, or the first of a compound page of 2 MiB
 *
 * Each mapping has a reference, of the compound page if that is mapped whole.
 */
#ifdef MAPBUF_HAVE_FOLIO_LARGE_MAPCOUNT
static inline int mapbuf_mapcount(struct page *head)
{
	return folio_mapcount(page_folio(head));
}
#else
static inline int mapbuf_mapcount(struct page *head)
{
	int i, whole, single = 0;

	if (!PageCompound(head))
		return page_mapcount(head);
	whole = compound_mapcount(head);
	for (i = 0; i < compound_nr(head); i++)
		single += atomic_read(&head[i]._mapcount) + 1;
#ifndef MAPBUF_HAVE_NR_PAGES_MAPPED
	single -= whole * compound_nr(head);
#endif
	return whole + single;
}
#endif

/* Where no memory comes and goes it is a macro. */
#if defined(CONFIG_MEMORY_HOTPLUG) && !defined(MAPBUF_HAVE_PFN_TO_ONLINE_PAGE)
static inline struct page *mapbuf_pfn_to_online_page(unsigned long pfn)
{
	if (!pfn_valid(pfn) || !online_section_nr(pfn_to_section_nr(pfn)))
		return NULL;
	return pfn_to_page(pfn);
}

#undef pfn_to_online_page
#define pfn_to_online_page mapbuf_pfn_to_online_page
#endif

/* How many pages of a zone CMA areas have; as if none, where it is not told. */
#ifdef MAPBUF_HAVE_ZONE_CMA_PAGES
#define mapbuf_zone_cma_pages(zone) ((long)zone_cma_pages(zone))
#else
#define mapbuf_zone_cma_pages(zone) 0L
#endif

#ifdef MAPBUF_HAVE_EVENTFD_SIGNAL_PLAIN
/* Add up to @n to an eventfd at once; returns how much it added. */
static inline u64 mapbuf_eventfd_signal(struct eventfd_ctx *eventfd, u64 n)
{
	eventfd_signal(eventfd);
	return 1;
}
#else
static inline u64 mapbuf_eventfd_signal(struct eventfd_ctx *eventfd, u64 n)
{
	eventfd_signal(eventfd, n);
	return n;
}
#endif

#ifdef MAPBUF_HAVE_IMPORT_NS_TOKEN
#define MAPBUF_IMPORT_NS_DMA_BUF MODULE_IMPORT_NS(DMA_BUF)
#else
#define MAPBUF_IMPORT_NS_DMA_BUF MODULE_IMPORT_NS("DMA_BUF")
#endif

#ifdef MAPBUF_HAVE_FOLIO
/* Movable by migration, though something refers to it. */
static inline bool mapbuf_page_on_lru(struct page *page)
{
	return folio_test_lru(page_folio(page));
}

/*
 * A single page that is referred to by more than what maps and caches it: it is
 * pinned, or on its way to a list.  Without a lock, so only probably.
 */
static inline bool mapbuf_page_doubtful(struct page *page)
{
	struct folio *folio = page_folio(page);
	int known = atomic_read(&folio->_mapcount) + 1 +
		    folio_test_swapcache(folio);

	if (!folio_test_anon(folio))
		known += !!folio->mapping + folio_test_private(folio);
	return !folio_test_large(folio) && folio_ref_count(folio) > known;
}

/*
 * mapbuf_set_mapping() - say which file a page, single or the first of a compound
 * one, is of, or that it is of none
 *
 * mapbuf_set_index() - say where in it.  Both of folios, not of pages, since 5.16.
 */
static inline void mapbuf_set_mapping(struct page *head,
				      struct address_space *mapping)
{
	WRITE_ONCE(page_folio(head)->mapping, mapping);
}

static inline void mapbuf_set_index(struct page *head, pgoff_t index)
{
	page_folio(head)->index = index;
}

/* Since 5.13 pages of alloc_contig_range() are cleared as others are. */
#define MAPBUF_CONTIG_INITS true

/* Since 5.15 dma_map_resource() takes frames that have page structures. */
#define MAPBUF_DMA_MAPS_ANY_FRAME (!IS_ENABLED(CONFIG_DMA_API_DEBUG))
#else
static inline bool mapbuf_page_on_lru(struct page *page)
{
	return PageLRU(page);
}

static inline bool mapbuf_page_doubtful(struct page *page)
{
	int known = atomic_read(&page->_mapcount) + 1 + !!PageSwapCache(page);

	if (!PageAnon(page))
		known += !!page->mapping + !!PagePrivate(page);
	return !PageCompound(page) && page_ref_count(page) > known;
}

static inline void mapbuf_set_mapping(struct page *head,
				      struct address_space *mapping)
{
	WRITE_ONCE(head->mapping, mapping);
}

static inline void mapbuf_set_index(struct page *head, pgoff_t index)
{
	head->index = index;
}

#define MAPBUF_CONTIG_INITS false
#define MAPBUF_DMA_MAPS_ANY_FRAME false
#endif

#ifdef CONFIG_CONTIG_ALLOC
/*
 * mapbuf_contig_compound: whether mapbuf_alloc_contig() can give each aligned
 * 2 MiB as one compound page.  Not so if pageblocks are larger, in a kernel without
 * huge pages: they are isolated whole, and so a free piece may go beyond 2 MiB.
 *
 * mapbuf_alloc_contig() - allocate the pages [@start, @end)
 * @compound: as one compound page; @start and @end are aligned accordingly
 *
 * Each page, or the compound page, has one reference.  Sleeps.  Returns 0,
 * -EBUSY when a page cannot be moved away, -ENOMEM, or -EINTR.
 */
#ifdef MAPBUF_HAVE_ACR_FLAGS
#define MAPBUF_ACR ACR_FLAGS_NONE
#else
#define MAPBUF_ACR MIGRATE_MOVABLE
#endif
#define MAPBUF_CONTIG_GFP (GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

#if defined(MAPBUF_HAVE_CONTIG_FROZEN_RANGE) || defined(MAPBUF_HAVE_CONTIG_COMP)
#define mapbuf_contig_compound \
	(mapbuf_compound() && pageblock_order <= MAPBUF_CHUNK_ORDER)
#else
#define mapbuf_contig_compound false
#endif

#if defined(MAPBUF_HAVE_CONTIG_FROZEN_RANGE)
static inline int mapbuf_alloc_contig(unsigned long start, unsigned long end,
				      bool compound)
{
	int err;

	if (!compound)
		return alloc_contig_range(start, end, MAPBUF_ACR,
					  MAPBUF_CONTIG_GFP);

	err = alloc_contig_frozen_range(start, end, MAPBUF_ACR,
					MAPBUF_CONTIG_GFP | __GFP_COMP);
	if (!err)
		init_page_count(pfn_to_page(start));
	return err;
}
#else
static inline int mapbuf_alloc_contig(unsigned long start, unsigned long end,
				      bool compound)
{
	return alloc_contig_range(start, end, MAPBUF_ACR,
				  MAPBUF_CONTIG_GFP |
				  (compound ? __GFP_COMP : 0));
}
#endif

/*
 * MAPBUF_JOINS_PAGES: whether there is mapbuf_join_pages()
 *
 * mapbuf_join_pages() - make adjacent single pages one compound page
 * @head: the first of 1 << @order, aligned; the caller has a reference to each,
 *	  afterwards one to the compound page
 *
 * Fails, and changes nothing, while anybody else refers to one: who goes through
 * all pages of the machine does so for a moment.  Until then nobody can come in
 * between, because nobody gets a reference where there is none.  This is what
 * the kernel does to what alloc_contig_range() gives it for hugetlbfs,
 * prep_compound_gigantic_page(), and all that prep_compound_page() does.
 */
#if defined(MAPBUF_HAVE_COMPOUND_INLINES) && !defined(MAPBUF_HAVE_NR_PAGES_MAPPED)
#define MAPBUF_JOINS_PAGES true

static inline bool mapbuf_join_pages(struct page *head, unsigned int order)
{
	unsigned long n = 1UL << order, i;

	for (i = 0; i < n; i++) {
		if (!page_ref_freeze(head + i, 1))
			goto err_unfreeze;
	}
	__set_bit(PG_head, &head->flags);
	for (i = 1; i < n; i++) {
		head[i].mapping = TAIL_MAPPING;
		set_compound_head(head + i, head);
		set_page_private(head + i, 0);
	}
	set_compound_page_dtor(head, COMPOUND_PAGE_DTOR);
	set_compound_order(head, order);
	atomic_set(compound_mapcount_ptr(head), -1);
	atomic_set(compound_pincount_ptr(head), 0);
	page_ref_unfreeze(head, 1);
	return true;

err_unfreeze:
	while (i--)
		page_ref_unfreeze(head + i, 1);
	return false;
}
#else
#define MAPBUF_JOINS_PAGES false

static inline bool mapbuf_join_pages(struct page *head, unsigned int order)
{
	return false;
}
#endif
#endif /* CONFIG_CONTIG_ALLOC */

#endif /* MAPBUF_COMPAT_H */
