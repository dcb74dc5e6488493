// SPDX-License-Identifier: GPL-2.0-only
/*
 * A physical range that exists already: a hole left by memmap=, a BAR.
 *
 * There may be page structures for it, but no direct map: to reach such pages
 * as pages oopses.  So it is mapped by frame number, and pinning it fails with
 * EFAULT.  Nothing is allocated; when the buffer goes, the range stays.
 */
#include <linux/capability.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "backing.h"
#include "mapbuf.h"

static void *reserved_remap(const struct mapbuf_spec *spec)
{
	switch (spec->cache) {
	case MAPBUF_CACHE_UNCACHED:
		return (void __force *)ioremap(spec->phys_addr, spec->bytes);
	case MAPBUF_CACHE_WRITE_COMBINED:
		return memremap(spec->phys_addr, spec->bytes, MEMREMAP_WC);
	default:
		return memremap(spec->phys_addr, spec->bytes, MEMREMAP_WB);
	}
}

static int reserved_check(const struct mapbuf_spec *spec)
{
	phys_addr_t last = spec->phys_addr + spec->bytes - 1;

	if (!capable(CAP_SYS_RAWIO))
		return -EPERM;
	/* What /dev/mem may not do, this may not. */
	if (security_locked_down(LOCKDOWN_DEV_MEM))
		return -EPERM;
	if (last < spec->phys_addr || last > iomem_resource.end ||
	    region_intersects(spec->phys_addr, spec->bytes,
			      IORESOURCE_SYSTEM_RAM,
			      IORES_DESC_NONE) != REGION_DISJOINT)
		return -EINVAL;
	return 0;
}

static void reserved_free(struct mapbuf_buffer *buf)
{
	if (buf->spec.cache == MAPBUF_CACHE_UNCACHED)
		iounmap((void __iomem __force *)buf->kaddr);
	else
		memunmap(buf->kaddr);
	release_mem_region(buf->spec.phys_addr, buf->spec.bytes);
}

static void reserved_clear(struct mapbuf_buffer *buf, unsigned long nr)
{
	unsigned long i = nr << MAPBUF_CHUNK_ORDER;
	unsigned long end = min(i + MAPBUF_CHUNK_PAGES, buf->nr_pages);

	for (; i < end; i++) {
		memset_io((void __iomem __force *)buf->kaddr + i * PAGE_SIZE,
			  0, PAGE_SIZE);
		cond_resched();
	}
}

static int reserved_clear_all(struct mapbuf_buffer *buf)
{
	unsigned long i;

	for (i = 0; i < mapbuf_nr_chunks(buf); i++) {
		if (fatal_signal_pending(current)) {
			reserved_free(buf);
			buf->kaddr = NULL;
			return -EINTR;
		}
		reserved_clear(buf, i);
	}
	return 0;
}

static int reserved_alloc(struct mapbuf_buffer *buf)
{
	const struct mapbuf_spec *spec = &buf->spec;
	int err = reserved_check(spec);

	if (err)
		return err;
	if (!request_mem_region(spec->phys_addr, spec->bytes, spec->name))
		return -EBUSY;

	buf->kaddr = reserved_remap(spec);
	if (!buf->kaddr) {
		release_mem_region(spec->phys_addr, spec->bytes);
		return -ENOMEM;
	}
	return spec->flags & MAPBUF_CREATE_ZERO ? reserved_clear_all(buf) : 0;
}

static phys_addr_t reserved_phys(const struct mapbuf_buffer *buf)
{
	return buf->spec.phys_addr;
}

static pgprot_t reserved_pgprot(const struct mapbuf_buffer *buf, pgprot_t prot)
{
	switch (buf->spec.cache) {
	case MAPBUF_CACHE_UNCACHED:
		return pgprot_noncached(prot);
	case MAPBUF_CACHE_WRITE_COMBINED:
		return pgprot_writecombine(prot);
	default:
		return prot;
	}
}

/* Registers of a device want aligned accesses, which the bounce buffer gives. */
static size_t reserved_copy_io(void __iomem *at, size_t bytes,
			       struct iov_iter *iter, bool to_iter)
{
	u64 bounce[32];
	size_t done, n = 0, copied = 0;

	for (done = 0; done < bytes && copied == n; done += copied) {
		n = min(bytes - done, sizeof(bounce));
		if (to_iter) {
			memcpy_fromio(bounce, at + done, n);
			copied = copy_to_iter(bounce, n, iter);
		} else {
			copied = copy_from_iter(bounce, n, iter);
			memcpy_toio(at + done, bounce, copied);
		}
	}
	return done;
}

static size_t reserved_copy(struct mapbuf_buffer *buf, loff_t pos, size_t bytes,
			    struct iov_iter *iter, bool to_iter)
{
	void *at = buf->kaddr + pos;

	if (buf->spec.cache == MAPBUF_CACHE_UNCACHED)
		return reserved_copy_io((void __iomem __force *)at, bytes, iter,
					to_iter);
	return to_iter ? copy_to_iter(at, bytes, iter) :
			 copy_from_iter(at, bytes, iter);
}

const struct mapbuf_backing_ops mapbuf_backing_reserved = {
	.name = "reserved",
	.id = MAPBUF_BACKING_RESERVED,
	.contiguous = true,
	.alloc = reserved_alloc,
	.free = reserved_free,
	.phys = reserved_phys,
	.pgprot = reserved_pgprot,
	.copy = reserved_copy,
	.clear = reserved_clear,
};
