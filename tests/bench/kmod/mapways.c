// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a driver can do instead of using mapbuf: memory of each kind, mapped in
 * each way, so that the ways can be measured side by side.  For tests only.
 */
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "mapways.h"

#define PIECE_BYTES ((size_t)4 << 20)

/*
 * Of the members, @pieces is for memory that comes in pieces, @pages for single
 * pages, @area for vmalloc().
 */
struct ways {
	struct mapways_request request;
	unsigned long nr_pages;
	unsigned long nr_pieces;
	void **pieces;
	struct page **pages;
	char *area;
};

static size_t piece_bytes(const struct ways *ways, unsigned long i)
{
	return min_t(size_t, ways->request.bytes - i * PIECE_BYTES,
		     PIECE_BYTES);
}

static void *piece_get(const struct ways *ways, size_t bytes)
{
	switch (ways->request.memory) {
	case MAPWAYS_KMALLOC:
		return kzalloc(bytes, GFP_KERNEL | __GFP_NOWARN);
	case MAPWAYS_ALLOC_PAGES:
		return (void *)__get_free_pages(GFP_KERNEL | __GFP_ZERO |
						__GFP_NOWARN, get_order(bytes));
	default:
		return alloc_pages_exact(bytes, GFP_KERNEL | __GFP_ZERO |
						__GFP_NOWARN);
	}
}

static void piece_put(const struct ways *ways, void *piece, size_t bytes)
{
	switch (ways->request.memory) {
	case MAPWAYS_KMALLOC:
		kfree(piece);
		break;
	case MAPWAYS_ALLOC_PAGES:
		free_pages((unsigned long)piece, get_order(bytes));
		break;
	default:
		free_pages_exact(piece, bytes);
	}
}

static int pieces_get(struct ways *ways)
{
	unsigned long i;

	ways->nr_pieces = DIV_ROUND_UP(ways->request.bytes, PIECE_BYTES);
	ways->pieces = kvcalloc(ways->nr_pieces, sizeof(*ways->pieces),
				GFP_KERNEL);
	if (!ways->pieces)
		return -ENOMEM;
	for (i = 0; i < ways->nr_pieces; i++) {
		ways->pieces[i] = piece_get(ways, piece_bytes(ways, i));
		if (!ways->pieces[i])
			return -ENOMEM;
	}
	return 0;
}

static int pages_get(struct ways *ways)
{
	unsigned long i;

	ways->pages = kvcalloc(ways->nr_pages, sizeof(*ways->pages),
			       GFP_KERNEL);
	if (!ways->pages)
		return -ENOMEM;
	for (i = 0; i < ways->nr_pages; i++) {
		ways->pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!ways->pages[i])
			return -ENOMEM;
	}
	return 0;
}

static int memory_get(struct ways *ways)
{
	switch (ways->request.memory) {
	case MAPWAYS_SINGLE_PAGES:
		return pages_get(ways);
	case MAPWAYS_VMALLOC:
		ways->area = vmalloc_user(ways->request.bytes);
		return ways->area ? 0 : -ENOMEM;
	case MAPWAYS_PHYS:
		return request_mem_region(ways->request.phys,
					  ways->request.bytes, "mapways") ?
		       0 : -EBUSY;
	default:
		return pieces_get(ways);
	}
}

static void memory_put(struct ways *ways)
{
	unsigned long i;

	for (i = 0; ways->pieces && i < ways->nr_pieces; i++) {
		if (ways->pieces[i])
			piece_put(ways, ways->pieces[i], piece_bytes(ways, i));
	}
	for (i = 0; ways->pages && i < ways->nr_pages; i++) {
		if (ways->pages[i])
			__free_page(ways->pages[i]);
	}
	kvfree(ways->pieces);
	kvfree(ways->pages);
	vfree(ways->area);
}

static struct page *page_of(const struct ways *ways, unsigned long index)
{
	if (ways->pages)
		return ways->pages[index];
	return vmalloc_to_page(ways->area + (index << PAGE_SHIFT));
}

static vm_fault_t ways_fault(struct vm_fault *vmf)
{
	const struct ways *ways = vmf->vma->vm_private_data;

	if (vmf->pgoff >= ways->nr_pages)
		return VM_FAULT_SIGBUS;
	vmf->page = page_of(ways, vmf->pgoff);
	get_page(vmf->page);
	return 0;
}

static const struct vm_operations_struct ways_vm_ops = {
	.fault = ways_fault,
};

static int map_pfn(const struct ways *ways, struct vm_area_struct *vma)
{
	unsigned long i;
	int err = 0;

	if (ways->request.memory == MAPWAYS_PHYS)
		return remap_pfn_range(vma, vma->vm_start,
				       ways->request.phys >> PAGE_SHIFT,
				       vma->vm_end - vma->vm_start,
				       vma->vm_page_prot);

	for (i = 0; i < ways->nr_pieces && !err; i++)
		err = remap_pfn_range(vma, vma->vm_start + i * PIECE_BYTES,
				      virt_to_phys(ways->pieces[i]) >>
				      PAGE_SHIFT, piece_bytes(ways, i),
				      vma->vm_page_prot);
	return err;
}

static int map_page_by_page(const struct ways *ways, struct vm_area_struct *vma)
{
	unsigned long i;
	int err = 0;

	for (i = 0; i < ways->nr_pages && !err; i++)
		err = vm_insert_page(vma, vma->vm_start + (i << PAGE_SHIFT),
				     page_of(ways, i));
	return err;
}

static int ways_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct ways *ways = file->private_data;
	unsigned long left;

	if (!ways->nr_pages || vma->vm_pgoff ||
	    vma_pages(vma) != ways->nr_pages)
		return -EINVAL;

	switch (ways->request.mapping) {
	case MAPWAYS_REMAP_PFN:
		return map_pfn(ways, vma);
	case MAPWAYS_INSERT_PAGE:
		return map_page_by_page(ways, vma);
	case MAPWAYS_INSERT_PAGES:
		left = ways->nr_pages;
		return vm_insert_pages(vma, vma->vm_start, ways->pages, &left);
	case MAPWAYS_REMAP_VMALLOC:
		return remap_vmalloc_range(vma, ways->area, 0);
	default:
		vma->vm_private_data = ways;
		vma->vm_ops = &ways_vm_ops;
		return 0;
	}
}

/* Whether that memory can be mapped in that way. */
static bool request_valid(const struct mapways_request *request)
{
	bool single = request->memory == MAPWAYS_SINGLE_PAGES;
	bool vmalloc = request->memory == MAPWAYS_VMALLOC;

	if (!request->bytes || request->bytes % PAGE_SIZE ||
	    request->phys % PAGE_SIZE || request->memory >= MAPWAYS_MEMORIES)
		return false;

	switch (request->mapping) {
	case MAPWAYS_REMAP_PFN:
		return !single && !vmalloc;
	case MAPWAYS_INSERT_PAGES:
		return single;
	case MAPWAYS_REMAP_VMALLOC:
		return vmalloc;
	case MAPWAYS_INSERT_PAGE:
	case MAPWAYS_FAULT:
		return single || vmalloc;
	default:
		return false;
	}
}

static long ways_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct ways *ways = file->private_data;
	int err;

	if (cmd != MAPWAYS_GET)
		return -ENOTTY;
	if (ways->nr_pages)
		return -EBUSY;
	if (copy_from_user(&ways->request, (void __user *)arg,
			   sizeof(ways->request)))
		return -EFAULT;
	if (!request_valid(&ways->request))
		return -EINVAL;

	ways->nr_pages = ways->request.bytes >> PAGE_SHIFT;
	err = memory_get(ways);
	if (!err)
		return 0;
	memory_put(ways);
	memset(ways, 0, sizeof(*ways));
	return err;
}

static int ways_open(struct inode *inode, struct file *file)
{
	struct ways *ways = kzalloc(sizeof(*ways), GFP_KERNEL);

	file->private_data = ways;
	return ways ? 0 : -ENOMEM;
}

static int ways_release(struct inode *inode, struct file *file)
{
	struct ways *ways = file->private_data;

	if (ways->nr_pages && ways->request.memory == MAPWAYS_PHYS)
		release_mem_region(ways->request.phys, ways->request.bytes);
	memory_put(ways);
	kfree(ways);
	return 0;
}

static const struct file_operations ways_fops = {
	.owner = THIS_MODULE,
	.open = ways_open,
	.release = ways_release,
	.unlocked_ioctl = ways_ioctl,
	.mmap = ways_mmap,
};

static struct miscdevice ways_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "mapways",
	.mode = 0600,
	.fops = &ways_fops,
};
module_misc_device(ways_device);

MODULE_DESCRIPTION("Memory mapped in each way that a driver has");
MODULE_LICENSE("GPL");
