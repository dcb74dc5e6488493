// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers as dma-bufs, which devices import.
 *
 * A dma-buf is one of the users of its buffer, so it outlives the node, the
 * name and the file that it was exported from.
 */
#include <linux/err.h>

#include "mapbuf.h"

#ifdef CONFIG_DMA_SHARED_BUFFER

#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/fcntl.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pfn.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "compat/compat.h"

MAPBUF_IMPORT_NS_DMA_BUF;

/**
 * struct mapbuf_dmabuf - an exported part of a buffer
 * @buf: the buffer; this is one of its users
 * @first: page of it
 * @nr_pages: length
 * @lock: protects @attachments, and whether each is mapped
 * @attachments: of struct mapbuf_attachment
 */
struct mapbuf_dmabuf {
	struct mapbuf_buffer *buf;
	unsigned long first;
	unsigned long nr_pages;
	struct mutex lock;	/* attachments, and whether they are mapped */
	struct list_head attachments;
};

/**
 * struct mapbuf_attachment - a device that imports
 * @dev: the device; the importer keeps it until it detaches
 * @table: the memory as the device sees it, while it is mapped; else no entries
 * @mapped: whether it is
 * @link: in struct mapbuf_dmabuf
 */
struct mapbuf_attachment {
	struct device *dev;
	struct sg_table table;
	bool mapped;
	struct list_head link;
};

static int dmabuf_attach(struct dma_buf *dmabuf,
			 struct dma_buf_attachment *attachment)
{
	struct mapbuf_dmabuf *export = dmabuf->priv;
	struct mapbuf_attachment *a;

	a = kzalloc(sizeof(*a), GFP_KERNEL);
	if (!a)
		return -ENOMEM;

	a->dev = attachment->dev;
	attachment->priv = a;
	mutex_lock(&export->lock);
	list_add(&a->link, &export->attachments);
	mutex_unlock(&export->lock);
	return 0;
}

static void dmabuf_detach(struct dma_buf *dmabuf,
			  struct dma_buf_attachment *attachment)
{
	struct mapbuf_dmabuf *export = dmabuf->priv;
	struct mapbuf_attachment *a = attachment->priv;

	mutex_lock(&export->lock);
	list_del(&a->link);
	mutex_unlock(&export->lock);
	kfree(a);
}

static int map_pages(struct mapbuf_dmabuf *export, struct mapbuf_attachment *a,
		     enum dma_data_direction direction)
{
	int err;

	err = mapbuf_buffer_sg_table(export->buf, export->first,
				     export->nr_pages, &a->table);
	if (err)
		return err;
	err = dma_map_sgtable(a->dev, &a->table, direction, 0);
	if (err)
		sg_free_table(&a->table);
	return err;
}

/*
 * Of a range without pages there are addresses for the device only, in one
 * piece, in entries as long as the device takes them.
 */
static int map_range(struct mapbuf_dmabuf *export, struct mapbuf_attachment *a,
		     enum dma_data_direction direction)
{
	size_t offset = export->first << PAGE_SHIFT, at, n;
	size_t bytes = export->nr_pages << PAGE_SHIFT;
	size_t longest = clamp_t(size_t, dma_get_max_seg_size(a->dev) & PAGE_MASK,
				 PAGE_SIZE, SZ_1G);
	struct scatterlist *sg;
	dma_addr_t addr;
	int err, i;

	err = sg_alloc_table(&a->table, DIV_ROUND_UP(bytes, longest),
			     GFP_KERNEL);
	if (err)
		return err;
	addr = dma_map_resource(a->dev, export->buf->spec.phys_addr + offset,
				bytes, direction, 0);
	if (dma_mapping_error(a->dev, addr)) {
		sg_free_table(&a->table);
		return -EIO;
	}
	at = 0;
	for_each_sgtable_dma_sg(&a->table, sg, i) {
		n = min(bytes - at, longest);
		sg_set_page(sg, NULL, n, 0);
		sg_dma_address(sg) = addr + at;
		sg_dma_len(sg) = n;
		at += n;
	}
	return 0;
}

static void unmap_range(struct mapbuf_dmabuf *export,
			struct mapbuf_attachment *a,
			enum dma_data_direction direction)
{
	dma_unmap_resource(a->dev, sg_dma_address(a->table.sgl),
			   export->nr_pages << PAGE_SHIFT, direction, 0);
}

/* The core maps an attachment once at a time, and keeps it until unmapped. */
static struct sg_table *dmabuf_map(struct dma_buf_attachment *attachment,
				   enum dma_data_direction direction)
{
	struct mapbuf_dmabuf *export = attachment->dmabuf->priv;
	struct mapbuf_attachment *a = attachment->priv;
	int err;

	if (mapbuf_buffer_has_pages(export->buf))
		err = map_pages(export, a, direction);
	else
		err = map_range(export, a, direction);
	if (err)
		return ERR_PTR(err);

	mutex_lock(&export->lock);
	a->mapped = true;
	mutex_unlock(&export->lock);
	return &a->table;
}

static void dmabuf_unmap(struct dma_buf_attachment *attachment,
			 struct sg_table *table,
			 enum dma_data_direction direction)
{
	struct mapbuf_dmabuf *export = attachment->dmabuf->priv;
	struct mapbuf_attachment *a = attachment->priv;

	mutex_lock(&export->lock);
	a->mapped = false;
	mutex_unlock(&export->lock);

	if (mapbuf_buffer_has_pages(export->buf))
		dma_unmap_sgtable(a->dev, table, direction, 0);
	else
		unmap_range(export, a, direction);
	sg_free_table(table);
}

/*
 * For devices that do not see what processors have in their caches.  Ranges
 * without pages cannot be synchronized; they are cached as their owner chose.
 */
static int dmabuf_begin_cpu_access(struct dma_buf *dmabuf,
				   enum dma_data_direction direction)
{
	struct mapbuf_dmabuf *export = dmabuf->priv;
	struct mapbuf_attachment *a;

	mutex_lock(&export->lock);
	list_for_each_entry(a, &export->attachments, link) {
		if (a->mapped && mapbuf_buffer_has_pages(export->buf))
			dma_sync_sgtable_for_cpu(a->dev, &a->table, direction);
	}
	mutex_unlock(&export->lock);
	return 0;
}

static int dmabuf_end_cpu_access(struct dma_buf *dmabuf,
				 enum dma_data_direction direction)
{
	struct mapbuf_dmabuf *export = dmabuf->priv;
	struct mapbuf_attachment *a;

	mutex_lock(&export->lock);
	list_for_each_entry(a, &export->attachments, link) {
		if (a->mapped && mapbuf_buffer_has_pages(export->buf))
			dma_sync_sgtable_for_device(a->dev, &a->table,
						    direction);
	}
	mutex_unlock(&export->lock);
	return 0;
}

/* The core has checked the range. */
static int dmabuf_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	struct mapbuf_dmabuf *export = dmabuf->priv;

	vma->vm_pgoff += export->first;
	return mapbuf_mapping_mmap(export->buf, vma);
}

static void *dmabuf_address(struct dma_buf *dmabuf)
{
	struct mapbuf_dmabuf *export = dmabuf->priv;
	void *whole = mapbuf_buffer_vmap(export->buf);

	return IS_ERR(whole) ? whole : whole + (export->first << PAGE_SHIFT);
}

/* It stays mapped as long as the buffer, so there is nothing to undo. */
#if defined(MAPBUF_HAVE_DMA_BUF_IOSYS_MAP)
static int dmabuf_vmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct mapbuf_dmabuf *export = dmabuf->priv;
	void *address;

	if (mapbuf_buffer_is_io(export->buf)) {
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

	atomic_dec(&export->buf->exports);
	mapbuf_buffer_put(export->buf);
	kfree(export);
}

static const struct dma_buf_ops dmabuf_ops = {
	.attach = dmabuf_attach,
	.detach = dmabuf_detach,
	.map_dma_buf = dmabuf_map,
	.unmap_dma_buf = dmabuf_unmap,
	.begin_cpu_access = dmabuf_begin_cpu_access,
	.end_cpu_access = dmabuf_end_cpu_access,
	.mmap = dmabuf_mmap,
	.vmap = dmabuf_vmap,
	.release = dmabuf_release,
};

/* Page structures are made for sections, of 2 MiB at least. */
static bool range_has_pages(const struct mapbuf_buffer *buf, u64 offset,
			    u64 bytes)
{
	unsigned long pfn = PHYS_PFN(buf->spec.phys_addr + offset);
	unsigned long end = pfn + (bytes >> PAGE_SHIFT);

	for (; pfn < end; pfn = round_up(pfn + 1, SZ_2M >> PAGE_SHIFT)) {
		if (pfn_valid(pfn))
			return true;
	}
	return false;
}

/*
 * Through the pages of a reserved range a driver could reach for the direct
 * map, where it is not.  So devices get it as they get registers of others.
 */
static bool can_export(const struct mapbuf_buffer *buf, u64 offset, u64 bytes)
{
	return mapbuf_buffer_has_pages(buf) || MAPBUF_DMA_MAPS_ANY_FRAME ||
	       !range_has_pages(buf, offset, bytes);
}

static struct mapbuf_dmabuf *export_new(struct mapbuf_buffer *buf, u64 offset,
					u64 bytes)
{
	struct mapbuf_dmabuf *export = kzalloc(sizeof(*export), GFP_KERNEL);

	if (!export)
		return NULL;
	export->buf = mapbuf_buffer_hold(buf);
	export->first = offset >> PAGE_SHIFT;
	export->nr_pages = bytes >> PAGE_SHIFT;
	mutex_init(&export->lock);
	INIT_LIST_HEAD(&export->attachments);
	atomic_inc(&buf->exports);
	return export;
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
	if (!can_export(buf, offset, bytes))
		return ERR_PTR(-EOPNOTSUPP);

	export = export_new(buf, offset, bytes);
	if (!export)
		return ERR_PTR(-ENOMEM);

	info.exp_name = "mapbuf";
	info.ops = &dmabuf_ops;
	info.size = bytes;
	info.flags = O_RDWR | O_CLOEXEC;
	info.priv = export;
	dmabuf = dma_buf_export(&info);
	if (IS_ERR(dmabuf)) {
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

struct file *mapbuf_dmabuf_export(struct mapbuf_buffer *buf, u64 offset,
				  u64 bytes)
{
	return ERR_PTR(mapbuf_range_valid(buf, offset, bytes) ? -EOPNOTSUPP :
								-EINVAL);
}

#endif /* CONFIG_DMA_SHARED_BUFFER */
