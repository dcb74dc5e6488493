// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapping a range without pages into processes.
 *
 * Such an area is VM_PFNMAP: a fault inserts frame numbers, without references, so
 * nothing can pin them.  Not at once, when it is mapped: when its device is removed,
 * only areas are found that are among those of the file already.
 */
#include <linux/mm.h>
#include <linux/pfn.h>

#include "backing.h"
#include "compat/compat.h"
#include "mapbuf.h"
#include "range.h"
#include "trace.h"

struct neighbours {
	const struct mapbuf_buffer *buf;
	struct vm_area_struct *vma;
	unsigned long index;	/* page of the buffer, of the first one */
	unsigned long begin;	/* address, of the first one */
	pgprot_t prot;
};

static unsigned long frame_at(const struct neighbours *n, unsigned long addr)
{
	const struct mapbuf_buffer *buf = n->buf;
	unsigned long index = n->index + ((addr - n->begin) >> PAGE_SHIFT);

	return buf->spec.ops->frame ? buf->spec.ops->frame(buf, index) :
				      PHYS_PFN(buf->spec.phys_addr) + index;
}

/* x86 may map the range with other caching than was asked for. */
static int note_prot(pte_t *pte, unsigned long addr, void *data)
{
#ifdef CONFIG_X86
	struct neighbours *n = data;

	if (pte_present(ptep_get(pte)))
		n->prot = pte_pgprot(ptep_get(pte));
#endif
	return 0;
}

/* Under the lock of the page table.  Another fault may have been faster. */
static int insert_neighbour(pte_t *pte, unsigned long addr, void *data)
{
	const struct neighbours *n = data;
	unsigned long pfn = frame_at(n, addr);

	if (pte_none(ptep_get(pte)))
		set_pte_at(n->vma->vm_mm, addr, pte,
			   pte_mkspecial(pfn_pte(pfn, n->prot)));
	return 0;
}

/*
 * The kernel inserts the frame that faulted.  To have it insert each of the others,
 * too, would cost twelve times what remap_pfn_range() does, which needs the lock of
 * all areas.  They are a bonus.
 */
static vm_fault_t range_insert(const struct vm_fault *vmf,
			       const struct mapbuf_buffer *buf)
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned long addr = vmf->address & PAGE_MASK;
	unsigned long end = min(vma->vm_end, (addr & PMD_MASK) + PMD_SIZE);
	struct neighbours n = {
		.buf = buf,
		.vma = vma,
		.begin = max(vma->vm_start, addr & PMD_MASK),
		.prot = mapbuf_mapping_prot(vma),
	};
	vm_fault_t ret;

	n.index = vma->vm_pgoff + ((n.begin - vma->vm_start) >> PAGE_SHIFT);
	ret = vmf_insert_pfn_prot(vma, addr, frame_at(&n, addr), n.prot);
	if (ret != VM_FAULT_NOPAGE)
		return ret;
	apply_to_page_range(vma->vm_mm, addr, PAGE_SIZE, note_prot, &n);
	apply_to_page_range(vma->vm_mm, n.begin, end - n.begin,
			    insert_neighbour, &n);
	return ret;
}

static vm_fault_t range_fault(struct vm_fault *vmf)
{
	struct mapbuf_buffer *buf = vmf->vma->vm_private_data;
	vm_fault_t ret = VM_FAULT_SIGBUS;

	if (vmf->pgoff < buf->nr_pages && mapbuf_range_enter(buf)) {
		ret = range_insert(vmf, buf);
		mapbuf_range_leave(buf);
	}
	trace_mapbuf_fault(buf, vmf->vma, vmf->pgoff, ret);
	return ret;
}

/* For /proc/PID/mem and ptrace; others cannot reach such an area. */
static int range_access(struct vm_area_struct *vma, unsigned long addr,
			void *data, int len, int write)
{
	struct mapbuf_buffer *buf = vma->vm_private_data;
	size_t n = min_t(size_t, len, vma->vm_end - addr);
	loff_t pos = ((loff_t)vma->vm_pgoff << PAGE_SHIFT) +
		     (addr - vma->vm_start);

	if (write && !(vma->vm_flags & VM_WRITE))
		return -EACCES;
	return mapbuf_range_access(buf, pos, data, n, write) ? n : -EIO;
}

static const struct vm_operations_struct range_vm_ops = {
	.open = mapbuf_mapping_open,
	.close = mapbuf_mapping_close,
	.fault = range_fault,
	.map_pages = mapbuf_map_no_pages,
	.access = range_access,
};

/**
 * mapbuf_mapping_mmap_range() - map a buffer that has no pages
 * @buf: the buffer, held by the file of the area
 * @vma: the area, within it
 *
 * Return: 0, or -ENODEV if its device has gone.
 */
int mapbuf_mapping_mmap_range(const struct mapbuf_buffer *buf,
			      struct vm_area_struct *vma)
{
	if (mapbuf_range_gone(buf))
		return -ENODEV;
	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTDUMP);
	vma->vm_page_prot = mapbuf_buffer_pgprot(buf, vma->vm_page_prot);
	/* As memremap() does: with memory encryption they would differ. */
	vma->vm_page_prot = pgprot_decrypted(vma->vm_page_prot);
	vma->vm_ops = &range_vm_ops;
	return 0;
}
