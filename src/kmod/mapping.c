// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapping a buffer into processes: the one place that touches page tables.
 *
 * A fault gives the kernel a page with a reference, so that whatever pins user
 * memory works on the mapping.  Where that page is part of a 2 MiB compound
 * page, the kernel maps all of it at once, on condition that the file's inode
 * is as large as the buffer and the area is neither VM_MIXEDMAP nor VM_PFNMAP.
 */
#include <linux/fs.h>
#include <linux/mman.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/pseudo_fs.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>

#include "compat/compat.h"
#include "mapbuf.h"

#define MAPBUF_FS_MAGIC 0x6d617062	/* "mapb" */

static int fs_init_context(struct fs_context *fc)
{
	return init_pseudo(fc, MAPBUF_FS_MAGIC) ? 0 : -ENOMEM;
}

/*
 * Without an owner: the mount would hold the module for ever.  Instead each
 * buffer pins the mount, and no buffer outlives the module.
 */
static struct file_system_type fs_type = {
	.name = "mapbuf",
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
	i_size_write(inode, buf->spec.bytes);
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

static void mapping_open(struct vm_area_struct *vma)
{
	struct mapbuf_buffer *buf = vma->vm_private_data;

	atomic_inc(&buf->mappings);
}

static void mapping_close(struct vm_area_struct *vma)
{
	struct mapbuf_buffer *buf = vma->vm_private_data;

	atomic_dec(&buf->mappings);
}

static vm_fault_t mapping_fault(struct vm_fault *vmf)
{
	struct mapbuf_buffer *buf = vmf->vma->vm_private_data;

	if (vmf->pgoff >= buf->nr_pages)
		return VM_FAULT_SIGBUS;

	vmf->page = mapbuf_page(buf, vmf->pgoff);
	get_page(vmf->page);
	return 0;
}

static const struct vm_operations_struct mapping_vm_ops = {
	.open = mapping_open,
	.close = mapping_close,
	.fault = mapping_fault,
};

/**
 * mapbuf_mmap() - mmap of a buffer node
 * @file: open on a buffer, which it holds; the area in turn holds the file
 * @vma: the area
 *
 * Return: 0, or an error that <linux/mapbuf.h> lists.
 */
int mapbuf_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct mapbuf_buffer *buf = file->private_data;

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
	vma->vm_private_data = buf;
	vma->vm_ops = &mapping_vm_ops;
	mapping_open(vma);
	return 0;
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
#else
unsigned long mapbuf_get_unmapped_area(struct file *file, unsigned long addr,
				       unsigned long len, unsigned long pgoff,
				       unsigned long flags)
{
	return thp_get_unmapped_area(file, addr, len, pgoff, flags);
}
#endif
