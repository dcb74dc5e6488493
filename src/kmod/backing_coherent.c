// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory from the DMA API, for the device that the buffer belongs to.
 *
 * Processors and the device see the same without synchronization; where the device
 * does not look into their caches, processors go around these.  How much there is, is
 * up to the platform: what an IOMMU makes adjacent, a pool of the device in the device
 * tree, a CMA area, or else what the page allocator has in one piece.
 *
 * It is the device's, and its driver's: when one of them goes, so does the memory.
 * Hence it is mapped by frame number, without references, as a reserved range is.
 */
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/pfn.h>
#include <linux/vmalloc.h>

#include "backing.h"
#include "dmabuf.h"
#include "mapbuf.h"

/* Under the lock of the device, as device.c calls it. */
static int coherent_alloc(struct mapbuf_buffer *buf)
{
	struct device *dev = buf->spec.device;
	u64 bytes = buf->spec.bytes;
	u32 bits = buf->spec.asked_bits;

	if (!dev->coherent_dma_mask)
		return -EOPNOTSUPP;
	if (bytes > SIZE_MAX)
		return -ENOMEM;
	/* An IOMMU makes one piece of as many pages as are asked for. */
	if (mapbuf_dma_is_translated(dev) &&
	    !mapbuf_pages_available(&buf->spec, buf->nr_pages))
		return -ENOMEM;
	buf->kaddr = dma_alloc_attrs(dev, bytes, &buf->dma_handle, MAPBUF_GFP,
				     DMA_ATTR_NO_WARN);
	if (!buf->kaddr)
		return -ENOMEM;
	/* Its driver may want more than was asked for here. */
	if (!bits || bits >= 64 || !((buf->dma_handle + bytes - 1) >> bits))
		return 0;
	dma_free_attrs(dev, bytes, buf->kaddr, buf->dma_handle, 0);
	buf->kaddr = NULL;
	return -EIO;
}

/*
 * What the DMA API has mapped for the kernel is found there page by page.  All else
 * is one piece.
 */
static unsigned long coherent_frame(const struct mapbuf_buffer *buf,
				    unsigned long index)
{
	void *at = buf->kaddr + (index << PAGE_SHIFT);

	return is_vmalloc_addr(at) ? vmalloc_to_pfn(at) :
				     PHYS_PFN(virt_to_phys(at));
}

static void coherent_free(struct mapbuf_buffer *buf)
{
	struct device *dev = buf->spec.device;
	phys_addr_t phys = PFN_PHYS(coherent_frame(buf, 0));
	dma_addr_t at = buf->dma_handle;

	/* With its driver the device may have lost where its bus sees memory. */
	if (!buf->device_translated && dma_to_phys(dev, at) != phys)
		at = phys_to_dma(dev, phys);
	dma_free_attrs(dev, buf->spec.bytes, buf->kaddr, at, 0);
}

static pgprot_t coherent_pgprot(const struct mapbuf_buffer *buf, pgprot_t prot)
{
	return dev_is_dma_coherent(buf->spec.device) ? prot :
						       pgprot_dmacoherent(prot);
}

const struct mapbuf_backing_ops mapbuf_backing_coherent = {
	.name = "coherent",
	.id = MAPBUF_BACKING_COHERENT,
	.of_device = true,
	.alloc = coherent_alloc,
	.free = coherent_free,
	.frame = coherent_frame,
	.pgprot = coherent_pgprot,
};
