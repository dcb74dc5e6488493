// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers as dma-bufs, which devices import.
 *
 * A dma-buf is one of the users of its buffer, so it outlives the node, the
 * name and the file that it was exported from.
 */
#include <linux/err.h>

#include "mapbuf.h"
#include "range.h"
#include "vmap.h"

#ifdef CONFIG_DMA_SHARED_BUFFER

#include <linux/dma-buf.h>
#include <linux/fcntl.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "backing.h"
#include "compat/compat.h"
#include "dmabuf.h"

MAPBUF_IMPORT_NS_DMA_BUF;

/* Entries of I/O memory have no pages, which most importers want. */
static int dmabuf_attach(struct dma_buf *dmabuf,
			 struct dma_buf_attachment *attachment)
{
	struct mapbuf_dmabuf *export = dmabuf->priv;

	if (mapbuf_range_gone(export->buf))
		return -ENODEV;
	if (!mapbuf_buffer_has_pages(export->buf) && !attachment->peer2peer)
		return -EOPNOTSUPP;
	return 0;
}

/* An importer may map an attachment more than once, each time anew. */
static struct sg_table *dmabuf_map(struct dma_buf_attachment *attachment,
				   enum dma_data_direction direction)
{
	struct mapbuf_dmabuf *export = attachment->dmabuf->priv;
	struct mapbuf_dma_map *map;

	map = mapbuf_dma_map(export->buf, attachment->dev, export->first,
			     export->nr_pages, direction);
	return IS_ERR(map) ? ERR_CAST(map) : &map->table;
}

static void dmabuf_unmap(struct dma_buf_attachment *attachment,
			 struct sg_table *table,
			 enum dma_data_direction direction)
{
	struct mapbuf_dmabuf *export = attachment->dmabuf->priv;

	mapbuf_dma_unmap(export->buf,
			 container_of(table, struct mapbuf_dma_map, table));
}

static int dmabuf_begin_cpu_access(struct dma_buf *dmabuf,
				   enum dma_data_direction direction)
{
	struct mapbuf_dmabuf *export = dmabuf->priv;

	if (mapbuf_range_gone(export->buf))
		return -ENODEV;
	mapbuf_dma_begin(export, direction);
	return 0;
}

static int dmabuf_end_cpu_access(struct dma_buf *dmabuf,
				 enum dma_data_direction direction)
{
	mapbuf_dma_end(dmabuf->priv, direction);
	return 0;
}

/* The core has checked the range. */
static int dmabuf_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	struct mapbuf_dmabuf *export = dmabuf->priv;

	vma->vm_pgoff += export->first;
	return mapbuf_mapping_mmap(export->buf, vma);
}

/* A device that has gone is no error: the kernel would warn of one. */
static void *dmabuf_address(struct dma_buf *dmabuf)
{
	struct mapbuf_dmabuf *export = dmabuf->priv;
	void *whole = mapbuf_buffer_vmap(export->buf);

	if (whole == ERR_PTR(-ENODEV))
		whole = mapbuf_scrap_vmap(export->buf);
	return IS_ERR(whole) ? whole : whole + (export->first << PAGE_SHIFT);
}

/* It stays mapped as long as the buffer, so there is nothing to undo. */
#if defined(MAPBUF_HAVE_DMA_BUF_IOSYS_MAP)
static int dmabuf_vmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct mapbuf_dmabuf *export = dmabuf->priv;
	void *address;

	if (mapbuf_buffer_is_io(export->buf) && !mapbuf_range_gone(export->buf)) {
		address = export->buf->kaddr + (export->first << PAGE_SHIFT);
		iosys_map_set_vaddr_iomem(map, (void __iomem __force *)address);
		return 0;
	}
	address = dmabuf_address(dmabuf);
	if (IS_ERR(address))
		return PTR_ERR(address);
	iosys_map_set_vaddr(map, address);
	return 0;
}
#elif defined(MAPBUF_HAVE_DMA_BUF_MAP)
static int dmabuf_vmap(struct dma_buf *dmabuf, struct dma_buf_map *map)
{
	void *address = dmabuf_address(dmabuf);

	if (IS_ERR(address))
		return PTR_ERR(address);
	dma_buf_map_set_vaddr(map, address);
	return 0;
}
#else
static void *dmabuf_vmap(struct dma_buf *dmabuf)
{
	void *address = dmabuf_address(dmabuf);

	return IS_ERR(address) ? NULL : address;
}
#endif

static void dmabuf_release(struct dma_buf *dmabuf)
{
	struct mapbuf_dmabuf *export = dmabuf->priv;

	mapbuf_dma_remove(export);
	atomic_dec(&export->buf->exports);
	mapbuf_buffer_put(export->buf);
	kfree(export);
}

static const struct dma_buf_ops dmabuf_ops = {
	.attach = dmabuf_attach,
	.map_dma_buf = dmabuf_map,
	.unmap_dma_buf = dmabuf_unmap,
	.begin_cpu_access = dmabuf_begin_cpu_access,
	.end_cpu_access = dmabuf_end_cpu_access,
	.mmap = dmabuf_mmap,
	.vmap = dmabuf_vmap,
	.release = dmabuf_release,
};

static struct mapbuf_dmabuf *export_new(struct mapbuf_buffer *buf, u64 offset,
					u64 bytes)
{
	struct mapbuf_dmabuf *export = kzalloc(sizeof(*export), GFP_KERNEL);

	if (!export)
		return NULL;
	export->buf = mapbuf_buffer_hold(buf);
	export->first = offset >> PAGE_SHIFT;
	export->nr_pages = bytes >> PAGE_SHIFT;
	atomic_inc(&buf->exports);
	return export;
}

/**
 * mapbuf_dmabuf_init() - prepare a new buffer
 * @buf: the buffer
 */
void mapbuf_dmabuf_init(struct mapbuf_buffer *buf)
{
	dma_resv_init(&buf->dma_resv);
}

/**
 * mapbuf_dmabuf_end() - undo mapbuf_dmabuf_init()
 * @buf: the buffer; there are no dma-bufs of it
 */
void mapbuf_dmabuf_end(struct mapbuf_buffer *buf)
{
	dma_resv_fini(&buf->dma_resv);
}

/**
 * mapbuf_dmabuf_export() - make a dma-buf of a buffer
 * @buf: the buffer, which the caller is a user of
 * @offset: first byte
 * @bytes: length
 *
 * Return: the file of the dma-buf, or an error that struct mapbuf_export of
 * the uapi header lists.
 */
struct file *mapbuf_dmabuf_export(struct mapbuf_buffer *buf, u64 offset,
				  u64 bytes)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct mapbuf_dmabuf *export;
	struct dma_buf *dmabuf;

	if (!mapbuf_range_valid(buf, offset, bytes))
		return ERR_PTR(-EINVAL);
	if (mapbuf_range_gone(buf))
		return ERR_PTR(-ENODEV);
	/* What goes with its device, others must not have. */
	if (buf->spec.ops->of_device || !mapbuf_dma_can_map(buf, offset, bytes))
		return ERR_PTR(-EOPNOTSUPP);

	export = export_new(buf, offset, bytes);
	if (!export)
		return ERR_PTR(-ENOMEM);

	info.exp_name = "mapbuf";
	info.ops = &dmabuf_ops;
	info.size = bytes;
	info.flags = O_RDWR | O_CLOEXEC;
	info.priv = export;
	info.resv = &buf->dma_resv;
	mapbuf_dma_add(export);
	dmabuf = dma_buf_export(&info);
	if (IS_ERR(dmabuf)) {
		mapbuf_dma_remove(export);
		atomic_dec(&buf->exports);
		mapbuf_buffer_put(buf);
		kfree(export);
		return ERR_CAST(dmabuf);
	}

	/*
	 * As with the node: page faults learn the size of the buffer from its
	 * inode.  Pages are numbered from its start, also in a part of it.
	 */
	dmabuf->file->f_mapping = buf->inode->i_mapping;
	return dmabuf->file;
}

#else /* CONFIG_DMA_SHARED_BUFFER */

void mapbuf_dmabuf_init(struct mapbuf_buffer *buf)
{
}

void mapbuf_dmabuf_end(struct mapbuf_buffer *buf)
{
}

struct file *mapbuf_dmabuf_export(struct mapbuf_buffer *buf, u64 offset,
				  u64 bytes)
{
	return ERR_PTR(mapbuf_range_valid(buf, offset, bytes) ? -EOPNOTSUPP :
								-EINVAL);
}

#endif /* CONFIG_DMA_SHARED_BUFFER */
