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

#include "backing.h"
#include "mapbuf.h"
#include "range.h"

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
	mapbuf_range_release(buf);
}

static int reserved_clear_all(struct mapbuf_buffer *buf)
{
	int err = mapbuf_pages_clear(buf);

	if (err) {
		reserved_free(buf);
		buf->kaddr = NULL;
	}
	return err;
}

static int reserved_alloc(struct mapbuf_buffer *buf)
{
	const struct mapbuf_spec *spec = &buf->spec;
	int err = reserved_check(spec);

	if (err)
		return err;
	err = mapbuf_range_claim(buf);
	if (err)
		return err;

	buf->kaddr = reserved_remap(spec);
	if (!buf->kaddr) {
		mapbuf_range_release(buf);
		return -ENOMEM;
	}
	return spec->flags & MAPBUF_CREATE_ZERO ? reserved_clear_all(buf) : 0;
}

static phys_addr_t reserved_phys(const struct mapbuf_buffer *buf)
{
	return buf->spec.phys_addr;
}

const struct mapbuf_backing_ops mapbuf_backing_reserved = {
	.name = "reserved",
	.id = MAPBUF_BACKING_RESERVED,
	.contiguous = true,
	.alloc = reserved_alloc,
	.free = reserved_free,
	.phys = reserved_phys,
};
