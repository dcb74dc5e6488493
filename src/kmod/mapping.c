// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapping a buffer into processes: the one place that touches page tables, but for
 * ranges without pages (mapping_range.c).
 *
 * There are three kinds of areas, told apart at mmap and mremap time:
 *
 * - Some 2 MiB compound page fits into it.  Where the kernel lets a module map
 *   these, a fault maps those around it, too.  Elsewhere it returns a page with
 *   a reference, and the kernel maps all of its compound page at once, on
 *   condition that the page's index says it lies within the file's inode, which
 *   is as large as the buffer, and the area is neither VM_MIXEDMAP nor
 *   VM_PFNMAP.
 * - Else, VM_MIXEDMAP.  No 2 MiB may ever
 *   be mapped into such an area, of which the kernel loses count, at the latest
 *   when it splits the entry (vma_is_special_huge()).  It would map them from a
 *   page that a fault returns, if the table has gone meanwhile, which since 7.1
 *   MADV_DONTNEED can do.  It cannot here, for no compound page fits.
 * - The backing has no pages, VM_PFNMAP: see mapping_range.c.
 *
 * In the first two a fault in single pages inserts, with a reference each, the page
 * and those around it, as far as one page table reaches: see mapping_pages.c.
 *
 * Whatever pins user memory works on the first two alike.
 */
#include <linux/fs.h>
#include <linux/mman.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/pseudo_fs.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>

#include "backing.h"
#include "compat/chunk.h"
#include "compat/compat.h"
#include "mapbuf.h"
#include "range.h"
#include "trace.h"

static int fs_init_context(struct fs_context *fc)
{
	return init_pseudo(fc, MAPBUF_FS_MAGIC) ? 0 : -ENOMEM;
}

/*
 * Without an owner: the mount would hold the module for ever.  Instead each
 * buffer pins the mount, and no buffer outlives the module.
 */
static struct file_system_type fs_type = {
	.name = "mapbuf-memory",
	.init_fs_context = fs_init_context,
	.kill_sb = kill_anon_super,
};

/* Protected inside simple_pin_fs() and simple_release_fs(). */
static struct vfsmount *fs_mount;
static int fs_pins;

/**
 * mapbuf_mapping_init() - make the inode behind the mappings of a buffer
 * @buf: the buffer, its size known
 *
 * Return: 0, or -ENOMEM.
 */
int mapbuf_mapping_init(struct mapbuf_buffer *buf)
{
	struct inode *inode;
	int err;

	err = simple_pin_fs(&fs_type, &fs_mount, &fs_pins);
	if (err)
		return err;

	inode = alloc_anon_inode(fs_mount->mnt_sb);
	if (IS_ERR(inode)) {
		simple_release_fs(&fs_mount, &fs_pins);
		return PTR_ERR(inode);
	}
	/* 6.12: filemap_map_pages() maps no compound page that the file ends with. */
	i_size_write(inode, buf->spec.bytes + PAGE_SIZE);
	/*
	 * The kernel moves no pages between nodes whose file wants those of the
	 * lowest zone, vma_migratable(), and so does not take them out of page
	 * tables to see who touches them.  It never allocates any for this file.
	 */
	mapping_set_gfp_mask(inode->i_mapping, GFP_KERNEL | GFP_DMA);
	mapbuf_mapping_allow_direct(inode->i_mapping);
	buf->inode = inode;
	return 0;
}

/**
 * mapbuf_mapping_destroy() - undo mapbuf_mapping_init()
 * @buf: the buffer; nothing has it open or mapped
 */
void mapbuf_mapping_destroy(struct mapbuf_buffer *buf)
{
	iput(buf->inode);
	simple_release_fs(&fs_mount, &fs_pins);
}

/* mapbuf_mapping_open() - an area that maps a buffer comes */
void mapbuf_mapping_open(struct vm_area_struct *vma)
{
	struct mapbuf_buffer *buf = vma->vm_private_data;

	atomic_inc(&buf->mappings);
	mapbuf_counts_changed(READ_ONCE(buf->mappings_attr));
	trace_mapbuf_map(buf, vma);
}

/* mapbuf_mapping_close() - an area that maps a buffer goes */
void mapbuf_mapping_close(struct vm_area_struct *vma)
{
	struct mapbuf_buffer *buf = vma->vm_private_data;

	trace_mapbuf_unmap(buf, vma);
	atomic_dec(&buf->mappings);
	mapbuf_counts_changed(READ_ONCE(buf->mappings_attr));
}

/*
 * Whether pages are to be inserted one by one: in an area that no 2 MiB fit into, of
 * a chunk of single pages, and of a piece with an error, if the kernel notices where
 * all of it is still mapped.  Else that one does it by itself, a page at a time.
 */
static bool faults_singly(const struct vm_fault *vmf,
			  const struct mapbuf_buffer *buf)
{
	return vmf->vma->vm_flags & VM_MIXEDMAP ||
	       !PageCompound(mapbuf_page(buf, vmf->pgoff)) ||
	       (MAPBUF_INSERT_SEES_PIECES &&
		mapbuf_chunk_failed(buf, vmf->pgoff));
}

static vm_fault_t mapping_fault(struct vm_fault *vmf)
{
	struct mapbuf_buffer *buf = vmf->vma->vm_private_data;
	vm_fault_t ret = VM_FAULT_FALLBACK;

	if (vmf->pgoff >= buf->nr_pages)
		ret = VM_FAULT_SIGBUS;
	else if (mapbuf_page_failed(buf, vmf->pgoff))
		ret = VM_FAULT_HWPOISON;
	else if (faults_singly(vmf, buf))
		ret = mapbuf_mapping_fault_pages(vmf, buf);
	if (ret == VM_FAULT_FALLBACK) {
		mapbuf_mapping_dirty(vmf);
		if (mapbuf_chunk_failed(buf, vmf->pgoff))
			mapbuf_fault_singly(vmf);
		vmf->page = mapbuf_page(buf, vmf->pgoff);
		get_page(vmf->page);
		ret = 0;
	}
	trace_mapbuf_fault(buf, vmf->vma, vmf->pgoff, ret);
	return ret;
}

#ifdef MAPBUF_HAVE_HUGE_FAULT_ORDER
/*
 * Map the compound pages that lie, aligned in the area, in the same 32 MiB as
 * the fault: one page table has them all.  The memory is there, and a fault for
 * each would cost more than twice as much.
 */
static vm_fault_t map_chunks(const struct vm_fault *vmf,
			     struct mapbuf_buffer *buf)
{
	const unsigned long window = min(16, PTRS_PER_PMD) * PMD_SIZE;
	struct vm_area_struct *vma = vmf->vma;
	unsigned long addr = ALIGN_DOWN(vmf->address, window);
	unsigned long end = min(addr + window, vma->vm_end), index;
	vm_fault_t ret = VM_FAULT_FALLBACK;
	struct vm_area_struct area;
	struct page *head;

	mapbuf_mapping_stand_in(&area, vma, 0);
	addr = max(addr, ALIGN(vma->vm_start, PMD_SIZE));
	for (; addr + PMD_SIZE <= end; addr += PMD_SIZE) {
		index = vma->vm_pgoff + ((addr - vma->vm_start) >> PAGE_SHIFT);
		head = mapbuf_page(buf, index);
		if (!PageCompound(head) || mapbuf_chunk_failed(buf, index) ||
		    !mapbuf_map_chunk(vmf, &area, addr, head))
			continue;
		mapbuf_chunk_mapped(buf, index);
		if (addr == (vmf->address & PMD_MASK))
			ret = VM_FAULT_NOPAGE;
	}
	return ret;
}

/*
 * Comes before mapping_fault() where there is no page table yet, and before the
 * kernel has allocated one for it, which would only be freed again.
 */
static vm_fault_t mapping_huge_fault(struct vm_fault *vmf, unsigned int order)
{
	struct mapbuf_buffer *buf = vmf->vma->vm_private_data;
	vm_fault_t ret = VM_FAULT_FALLBACK;

	if (order != MAPBUF_CHUNK_ORDER || vmf->pgoff >= buf->nr_pages ||
	    mapbuf_page_failed(buf, vmf->pgoff))
		return ret;

	if (faults_singly(vmf, buf))
		ret = mapbuf_mapping_fault_pages(vmf, buf);
	else if (MAPBUF_MAPS_CHUNKS)
		ret = map_chunks(vmf, buf);
	if (ret != VM_FAULT_FALLBACK)
		trace_mapbuf_fault(buf, vmf->vma, vmf->pgoff, ret);
	return ret;
}
#endif

/* Whether the kernel can map a compound page of @buf into @vma in one piece. */
static bool mapping_fits_pmd(const struct mapbuf_buffer *buf,
			     struct vm_area_struct *vma)
{
	unsigned long first = ALIGN(vma->vm_pgoff, MAPBUF_CHUNK_PAGES);
	unsigned long end = vma->vm_pgoff + vma_pages(vma);

	if (!mapbuf_compound() ||
	    ((vma->vm_start >> PAGE_SHIFT) - vma->vm_pgoff) %
	    MAPBUF_CHUNK_PAGES)
		return false;

	for (; first + MAPBUF_CHUNK_PAGES <= end; first += MAPBUF_CHUNK_PAGES) {
		if (PageCompound(mapbuf_page(buf, first)))
			return true;
	}
	return false;
}

/* Which of the two kinds with pages an area is. */
static void mapping_set_kind(const struct mapbuf_buffer *buf,
			     struct vm_area_struct *vma)
{
	if (mapping_fits_pmd(buf, vma))
		vm_flags_clear(vma, VM_MIXEDMAP);
	else
		vm_flags_set(vma, VM_MIXEDMAP);
}

/*
 * What fits 2 MiB at one address need not at another.  Single pages that are
 * mapped already are the same in both kinds, and 2 MiB do not come along to
 * where they do not fit.
 */
static int mapping_moved(struct vm_area_struct *vma)
{
	mapping_set_kind(vma->vm_private_data, vma);
	return 0;
}

static const struct vm_operations_struct mapping_vm_ops = {
	.open = mapbuf_mapping_open,
	.close = mapbuf_mapping_close,
	.mremap = mapping_moved,
	.fault = mapping_fault,
#ifdef MAPBUF_HAVE_HUGE_FAULT_ORDER
	.huge_fault = mapping_huge_fault,
#endif
	.map_pages = mapbuf_map_no_pages,
};

/**
 * mapbuf_mapping_mmap() - map a buffer
 * @buf: the buffer, held by the file of the area
 * @vma: the area, its offset that in the buffer
 *
 * Return: 0, or an error that <linux/mapbuf.h> lists.
 */
int mapbuf_mapping_mmap(struct mapbuf_buffer *buf, struct vm_area_struct *vma)
{
	int err;

	/* VM_SHARED is absent from a shared mapping of a read-only file. */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC)
		return -EACCES;
	if (vma->vm_pgoff >= buf->nr_pages ||
	    vma_pages(vma) > buf->nr_pages - vma->vm_pgoff)
		return -ENXIO;

	vm_flags_clear(vma, VM_MAYEXEC);
	vm_flags_set(vma, VM_DONTEXPAND);
	/*
	 * By itself the kernel takes the mapping of a node that is gone, also of
	 * a destroyed buffer, for anonymous memory, and would dump it.
	 */
	if (!mapbuf_dumps_files(vma->vm_mm))
		vm_flags_set(vma, VM_DONTDUMP);
	vma->vm_private_data = buf;
	if (!mapbuf_buffer_has_pages(buf)) {
		err = mapbuf_mapping_mmap_range(buf, vma);
		if (err)
			return err;
	} else {
		vma->vm_page_prot = mapbuf_buffer_pgprot(buf,
							 vma->vm_page_prot);
		vma->vm_ops = &mapping_vm_ops;
		/* The kernel ages no page of it: nothing to note at munmap. */
		vm_flags_set(vma, VM_SEQ_READ);
		mapping_set_kind(buf, vma);
	}
	mapbuf_mapping_open(vma);
	return 0;
}

/**
 * mapbuf_mmap() - mmap of a buffer node
 * @file: open on a buffer, which it holds; the area in turn holds the file
 * @vma: the area
 *
 * Return: 0, or an error that <linux/mapbuf.h> lists.
 */
int mapbuf_mmap(struct file *file, struct vm_area_struct *vma)
{
	return mapbuf_mapping_mmap(mapbuf_of(file), vma);
}

#ifdef MAPBUF_HAVE_MM_GET_UNMAPPED_AREA_OP
static unsigned long unmapped_area(struct file *file, unsigned long addr,
				   unsigned long len, unsigned long pgoff,
				   unsigned long flags)
{
	return current->mm->get_unmapped_area(file, addr, len, pgoff, flags);
}

/* Ask for 2 MiB more and begin where address and offset are congruent. */
static unsigned long unmapped_area_aligned(struct file *file, unsigned long len,
					   unsigned long pgoff,
					   unsigned long flags)
{
	unsigned long offset = (pgoff << PAGE_SHIFT) & ~PMD_MASK;
	unsigned long addr;

	if (len + PMD_SIZE < len)
		return -ENOMEM;
	addr = unmapped_area(file, 0, len + PMD_SIZE, pgoff, flags);
	if (IS_ERR_VALUE(addr))
		return addr;
	return addr + ((offset - addr) & ~PMD_MASK);
}

/**
 * mapbuf_get_unmapped_area() - choose an address that 2 MiB pages fit
 * @file: open on a buffer
 * @addr: hint, or 0
 * @len: bytes
 * @pgoff: first page
 * @flags: of mmap
 *
 * Return: an address, or an error.
 */
unsigned long mapbuf_get_unmapped_area(struct file *file, unsigned long addr,
				       unsigned long len, unsigned long pgoff,
				       unsigned long flags)
{
	unsigned long aligned;

	if (!addr && !(flags & MAP_FIXED) && len >= PMD_SIZE) {
		aligned = unmapped_area_aligned(file, len, pgoff, flags);
		if (!IS_ERR_VALUE(aligned))
			return aligned;
	}
	return unmapped_area(file, addr, len, pgoff, flags);
}
#endif
