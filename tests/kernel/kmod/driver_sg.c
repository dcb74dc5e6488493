// SPDX-License-Identifier: GPL-2.0-only
/* Buffers mapped for the device, and as dma-bufs, by calls of <linux/mapbuf.h>. */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/mapbuf.h>
#include <linux/module.h>
#include <linux/scatterlist.h>

#include "compat/compat.h"
#include "driver.h"
#include "driver_device.h"

int driver_map_sg(struct driver_sg *to, struct mapbuf_buffer *buf,
		  struct driver_call *call)
{
	struct scatterlist *sg;
	int i;

	if (to->table)
		return -EBUSY;
	dma_set_max_seg_size(driver_device(), call->segment ?: UINT_MAX);
	to->table = mapbuf_map_sg(buf, driver_device(), call->offset,
				  call->bytes, call->flags);
	if (IS_ERR(to->table)) {
		i = PTR_ERR(to->table);
		to->table = NULL;
		return i;
	}
	to->buf = buf;
	call->entries = to->table->nents;
	call->longest = 0;
	for_each_sgtable_dma_sg(to->table, sg, i)
		call->longest = max(call->longest, sg_dma_len(sg));
	return 0;
}

/* The device does what a bus would do: it uses the addresses that it got. */
int driver_use_table(const struct sg_table *table, const struct driver_call *call,
		     bool writes)
{
	struct scatterlist *sg;
	u64 at = 0, bytes;
	int err, i;

	if (!table)
		return -ENXIO;
	for_each_sgtable_dma_sg(table, sg, i) {
		bytes = min_t(u64, call->bytes - at, sg_dma_len(sg));
		err = driver_use_address(sg_dma_address(sg), bytes,
					 call->seed + at / 8, writes);
		if (err)
			return err;
		at += bytes;
	}
	return 0;
}

int driver_unmap_sg(struct driver_sg *sg)
{
	if (!sg->table)
		return -ENXIO;
	mapbuf_unmap_sg(sg->buf, sg->table);
	sg->table = NULL;
	return 0;
}

#ifdef CONFIG_DMA_SHARED_BUFFER
MAPBUF_IMPORT_NS_DMA_BUF;

int driver_dma_buf(struct mapbuf_buffer *buf, struct driver_call *call)
{
	struct dma_buf *dmabuf = mapbuf_dma_buf(buf, call->offset, call->bytes);

	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	call->fd = dma_buf_fd(dmabuf, O_CLOEXEC);
	if (call->fd >= 0)
		return 0;
	dma_buf_put(dmabuf);
	return call->fd;
}
#else
int driver_dma_buf(struct mapbuf_buffer *buf, struct driver_call *call)
{
	return PTR_ERR(mapbuf_dma_buf(buf, call->offset, call->bytes));
}
#endif
