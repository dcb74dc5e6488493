// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapping single pages of a buffer into processes, many with each fault.
 *
 * The functions of the kernel that insert pages get a stand-in for the area, which
 * they do not keep.  It differs in
 *
 * - VM_MIXEDMAP.  vm_insert_pages() sets it where it is absent, under a lock that
 *   a fault does not have, and an area that 2 MiB fit into must not have it.  The
 *   flag says nothing about single pages: the kernel finds their struct page, and
 *   so their reference, with it or without.
 * - Entries that are dirty already, see mapbuf_mapping_prot().
 */
#include <linux/mm.h>
#include <linux/pagemap.h>

#include "compat/compat.h"
#include "mapbuf.h"

/* As many pages as the kernel's own faults map, where a table is in use already. */
#define AROUND_BYTES (16 * PAGE_SIZE)

/**
 * mapbuf_mapping_prot() - the protection of new entries of an area
 * @vma: the area
 *
 * A processor of arm64 may lack the hardware that notes the first write: then an
 * entry that could be written cannot as long as it is clean, and the first write
 * is a fault.  Nobody asks whether a page of a buffer is dirty.  An area whose
 * writes are to be noticed (soft-dirty) has no protection to write.
 *
 * Elsewhere a page that is never written would cost more to unmap.
 *
 * Return: that of @vma, dirty if it can be written.
 */
pgprot_t mapbuf_mapping_prot(const struct vm_area_struct *vma)
{
	pgprot_t prot = vma->vm_page_prot;

#ifdef CONFIG_ARM64
	pte_t entry = pfn_pte(0, prot);

	if (pte_write(entry))
		prot = __pgprot(pte_val(pte_mkdirty(entry)));
#endif
	return prot;
}

/**
 * mapbuf_mapping_dirty() - have the kernel make a dirty entry, too
 * @vmf: of a fault that is about to return a page
 */
void mapbuf_mapping_dirty(struct vm_fault *vmf)
{
	const struct vm_area_struct *vma = vmf->vma;

	if (pgprot_val(mapbuf_mapping_prot(vma)) != pgprot_val(vma->vm_page_prot))
		vmf->flags |= FAULT_FLAG_WRITE;
}

/**
 * mapbuf_mapping_stand_in() - an area as what inserts into it is to see it
 * @area: filled in
 * @vma: the area, which stays as it is
 * @flags: of @area beside those of @vma
 */
void mapbuf_mapping_stand_in(struct vm_area_struct *area,
			     const struct vm_area_struct *vma,
			     unsigned long flags)
{
	memset(area, 0, sizeof(*area));
	area->vm_start = vma->vm_start;
	area->vm_end = vma->vm_end;
	area->vm_mm = vma->vm_mm;
	area->vm_page_prot = mapbuf_mapping_prot(vma);
	area->vm_ops = vma->vm_ops;
	area->vm_pgoff = vma->vm_pgoff;
	area->vm_file = vma->vm_file;
	vm_flags_init(area, vma->vm_flags | flags);
}

/*
 * Insert pages of [@addr, @end) until something is in the way, or a page has an
 * error.  Returns how many, and why there are no more.
 */
static unsigned long insert(const struct vm_fault *vmf,
			    const struct mapbuf_buffer *buf, unsigned long addr,
			    unsigned long end, int *err)
{
	unsigned long pgoff = linear_page_index(vmf->vma, addr);
	unsigned long first = pgoff, n, good, left;
	struct page *few[128], **pages;
	struct vm_area_struct area;

	mapbuf_mapping_stand_in(&area, vmf->vma, VM_MIXEDMAP);
	end = pgoff + ((end - addr) >> PAGE_SHIFT);
	do {
		n = end - pgoff;
		pages = mapbuf_pages_from(buf, pgoff, &n, few, ARRAY_SIZE(few));
		good = mapbuf_pages_good(buf, pgoff, pages, n);
		left = good;
		*err = 0;
		if (good)
			*err = vm_insert_pages(&area, addr, pages, &left);
		mapbuf_chunk_mapped(buf, pgoff);
		pgoff += good - left;
		addr += good << PAGE_SHIFT;
	} while (!*err && good == n && pgoff < end);

	return pgoff - first;
}

/**
 * mapbuf_mapping_fault_pages() - map single pages around a fault
 * @vmf: of the fault; what its page table maps is not, and can not be, mapped in
 *	 one piece
 * @buf: the buffer
 *
 * From the page that faulted to the end of its page table; and what comes before
 * it, all of it if nothing was mapped yet.  More than the page itself is a bonus.
 * Sleeps.
 *
 * Return: VM_FAULT_NOPAGE, an error, or VM_FAULT_FALLBACK: the kernel is to map
 * the one page.
 */
vm_fault_t mapbuf_mapping_fault_pages(struct vm_fault *vmf,
				      const struct mapbuf_buffer *buf)
{
	unsigned long addr = vmf->address & PAGE_MASK, table = addr & PMD_MASK;
	unsigned long begin = max(vmf->vma->vm_start, table);
	unsigned long end = min(vmf->vma->vm_end, table + PMD_SIZE);
	int err;

	if (!mapbuf_use_table(vmf))
		begin = max(begin, ALIGN_DOWN(addr, AROUND_BYTES));
	if (insert(vmf, buf, addr, end, &err)) {
		if (begin < addr)
			insert(vmf, buf, begin, addr, &err);
		return VM_FAULT_NOPAGE;
	}

	switch (err) {
	case -EBUSY:
		/*
		 * Another thread was faster, or userfaultfd has left a marker
		 * here, for the kernel to replace.
		 */
		return VM_FAULT_FALLBACK;
	case 0:
		/* The page has just failed: the next fault says so. */
	case -EFAULT:
		/* MADV_DONTNEED has just taken the page table away: again. */
		return VM_FAULT_NOPAGE;
	case -ENOMEM:
		return VM_FAULT_OOM;
	default:
		return VM_FAULT_SIGBUS;
	}
}
