// SPDX-License-Identifier: GPL-2.0-only
/* See driver.h. */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mapbuf.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/poll.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat/features.h"
#include "driver.h"
#include "driver_device.h"

#define MAPS 2

/**
 * struct client - an open file
 * @lock: protects what follows
 * @buf: what it is a user of, or NULL
 * @sg: what of it is mapped for the device
 * @attachment: of the dma-buf that is mapped for the device, or NULL
 * @tables: what is mapped of it
 * @directions: how
 * @maps: how often
 */
struct client {
	struct mutex lock;	/* buf, maps */
	struct mapbuf_buffer *buf;
	struct driver_sg sg;
#ifdef DRIVER_IMPORTS
	struct dma_buf_attachment *attachment;
	struct sg_table *tables[MAPS];
	enum dma_data_direction directions[MAPS];
	unsigned int maps;
#endif
};

/* Begin to be a user of what @buf is. */
static int keep(struct client *client, struct mapbuf_buffer *buf)
{
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	client->buf = buf;
	return 0;
}

static int do_create(struct client *client, const struct driver_call *call)
{
	struct mapbuf_attr attr = {
		.name = call->name,
		.bytes = call->bytes,
		.backing = call->backing,
		.flags = call->flags,
		.dma_bits = call->dma_bits,
		.uid = KUIDT_INIT(call->uid),
		.mode = call->mode,
		.dev = call->with_device ? driver_device() : NULL,
	};

	return keep(client, mapbuf_create(&attr));
}

static int do_vmap(struct client *client, const struct driver_call *call,
		   bool writes)
{
	/* One more user, as a driver that does it later would be. */
	struct mapbuf_buffer *buf = mapbuf_get(client->buf);
	char *at = mapbuf_vmap(buf);
	int err = PTR_ERR_OR_ZERO(at);

	if (!err && writes)
		driver_fill(at + call->offset, call->bytes, call->seed);
	else if (!err)
		err = driver_check(at + call->offset, call->bytes, call->seed);
	mapbuf_put(buf);
	return err;
}

/* As it is, or for a device that takes entries of @segment at most. */
static int do_table(struct client *client, struct driver_call *call)
{
	struct sg_table table;
	struct scatterlist *sg;
	int err, i;

	dma_set_max_seg_size(driver_device(), call->segment ?: UINT_MAX);
	if (call->segment)
		err = mapbuf_sg_table_for(client->buf, driver_device(),
					  call->offset, call->bytes, &table);
	else
		err = mapbuf_sg_table(client->buf, call->offset, call->bytes,
				      &table);
	if (err)
		return err;
	call->bytes = 0;
	call->longest = 0;
	for_each_sgtable_sg(&table, sg, i) {
		call->bytes += sg->length;
		call->longest = max(call->longest, sg->length);
	}
	call->entries = table.orig_nents;
	sg_free_table(&table);
	return 0;
}

static int do_dma_address(struct client *client, struct driver_call *call)
{
	dma_addr_t address;
	size_t bytes;
	int err = mapbuf_dma_address(client->buf, call->offset, &address, &bytes);

	call->address = address;
	call->bytes = bytes;
	return err;
}

/* With an eventfd in @fd, if not 0: @entries is whether it was signalled. */
static int do_notify(struct client *client, struct driver_call *call)
{
	struct file *file = call->fd ? fget(call->fd) : NULL;
	unsigned long flags;

	if (call->fd && !file)
		return -EBADF;
	local_irq_save(flags);
	call->bytes = mapbuf_notify(client->buf);
	if (file)
		call->entries = !!(vfs_poll(file, NULL) & EPOLLIN);
	local_irq_restore(flags);
	if (file)
		fput(file);
	return 0;
}

static int do_notify_cansleep(struct client *client, struct driver_call *call)
{
	call->bytes = mapbuf_notify_cansleep(client->buf);
	return 0;
}

#ifdef DRIVER_IMPORTS
static int use_vmapped(struct dma_buf *dmabuf, const struct driver_call *call)
{
	void *copy = kvmalloc(call->bytes, GFP_KERNEL);
	struct iosys_map map;
	int err;

	if (!copy)
		return -ENOMEM;
	err = dma_buf_vmap_unlocked(dmabuf, &map);
	if (!err) {
		iosys_map_memcpy_from(copy, &map, 0, call->bytes);
		err = driver_check(copy, call->bytes, call->seed);
		driver_fill(copy, call->bytes, call->seed + 1);
		iosys_map_memcpy_to(&map, 0, copy, call->bytes);
		dma_buf_vunmap_unlocked(dmabuf, &map);
	}
	kvfree(copy);
	return err;
}

static int use_mapped(struct dma_buf *dmabuf, const struct driver_call *call)
{
	int err = dma_buf_begin_cpu_access(dmabuf, DMA_BIDIRECTIONAL);

	if (err)
		return err;
	err = use_vmapped(dmabuf, call);
	dma_buf_end_cpu_access(dmabuf, DMA_BIDIRECTIONAL);
	return err;
}

/* Buffers do not move. */
static void moved(struct dma_buf_attachment *attachment)
{
}

static const struct dma_buf_attach_ops peer_ops = {
	.allow_peer2peer = true,
	.DRIVER_MOVE_NOTIFY = moved,
};

static int import(struct dma_buf *dmabuf, struct driver_call *call)
{
	struct dma_buf_attachment *attachment;
	struct sg_table *table;
	struct scatterlist *sg;
	int err, i;

	dma_set_max_seg_size(driver_device(), call->segment ?: UINT_MAX);
	if (call->flags & DRIVER_PEER)
		attachment = dma_buf_dynamic_attach(dmabuf, driver_device(),
						    &peer_ops, NULL);
	else
		attachment = dma_buf_attach(dmabuf, driver_device());
	if (IS_ERR(attachment))
		return PTR_ERR(attachment);
	table = dma_buf_map_attachment_unlocked(attachment, DMA_BIDIRECTIONAL);
	err = PTR_ERR_OR_ZERO(table);
	if (err)
		goto detach;

	err = use_mapped(dmabuf, call);
	call->bytes = 0;
	call->longest = 0;
	for_each_sgtable_dma_sg(table, sg, i) {
		call->bytes += sg_dma_len(sg);
		call->longest = max(call->longest, sg_dma_len(sg));
	}
	call->entries = table->nents;
	call->address = sg_dma_address(table->sgl);
	dma_buf_unmap_attachment_unlocked(attachment, table, DMA_BIDIRECTIONAL);
detach:
	dma_buf_detach(dmabuf, attachment);
	return err;
}

static int do_import(struct driver_call *call, bool for_device)
{
	struct dma_buf *dmabuf = dma_buf_get(call->fd);
	int err;

	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	err = for_device ? import(dmabuf, call) : use_vmapped(dmabuf, call);
	dma_buf_put(dmabuf);
	return err;
}

static int do_unmap(struct client *client)
{
	struct dma_buf *dmabuf;

	if (!client->maps)
		return -ENXIO;
	client->maps--;
	dma_buf_unmap_attachment_unlocked(client->attachment,
					  client->tables[client->maps],
					  client->directions[client->maps]);
	if (client->maps)
		return 0;
	dmabuf = client->attachment->dmabuf;
	dma_buf_detach(dmabuf, client->attachment);
	dma_buf_put(dmabuf);
	return 0;
}

static int do_map(struct client *client, const struct driver_call *call)
{
	struct dma_buf *dmabuf = NULL;
	struct sg_table *table;

	if (client->maps == MAPS)
		return -EBUSY;
	if (!client->maps) {
		dmabuf = dma_buf_get(call->fd);
		if (IS_ERR(dmabuf))
			return PTR_ERR(dmabuf);
		dma_set_max_seg_size(driver_device(), SZ_64K);
		client->attachment = dma_buf_attach(dmabuf, driver_device());
		if (IS_ERR(client->attachment)) {
			dma_buf_put(dmabuf);
			return PTR_ERR(client->attachment);
		}
	}
	table = dma_buf_map_attachment_unlocked(client->attachment, call->flags);
	if (IS_ERR(table) && dmabuf) {
		dma_buf_detach(dmabuf, client->attachment);
		dma_buf_put(dmabuf);
	}
	if (IS_ERR(table))
		return PTR_ERR(table);
	client->tables[client->maps] = table;
	client->directions[client->maps++] = call->flags;
	return 0;
}

static int do_device(struct client *client, const struct driver_call *call,
		     bool writes)
{
	return driver_use_table(client->maps ? client->tables[client->maps - 1] :
					       NULL, call, writes);
}

#else
static int do_import(struct driver_call *call, bool for_device)
{
	return -EOPNOTSUPP;
}

static int do_map(struct client *client, const struct driver_call *call)
{
	return -EOPNOTSUPP;
}

static int do_unmap(struct client *client)
{
	return -ENXIO;
}

static int do_device(struct client *client, const struct driver_call *call,
		     bool writes)
{
	return -EOPNOTSUPP;
}
#endif

static int run(struct client *client, unsigned int command,
	       struct driver_call *call)
{
	switch (command) {
	case DRIVER_REGION:
		return driver_region(call);
	case DRIVER_CACHING:
		return driver_caching(call);
	case DRIVER_IMPORT:
	case DRIVER_DMA_BUF_VMAP:
		return do_import(call, command == DRIVER_IMPORT);
	case DRIVER_MAP:
		return do_map(client, call);
	case DRIVER_UNMAP:
		return do_unmap(client);
	case DRIVER_ADDRESS_FILL:
	case DRIVER_ADDRESS_CHECK:
		return driver_use_address(call->address, call->bytes, call->seed,
				   command == DRIVER_ADDRESS_FILL);
	case DRIVER_SG_FILL:
	case DRIVER_SG_CHECK:
		return driver_use_table(client->sg.table, call,
					command == DRIVER_SG_FILL);
	case DRIVER_UNMAP_SG:
		return driver_unmap_sg(&client->sg);
	case DRIVER_DEVICE_FILL:
	case DRIVER_DEVICE_CHECK:
		return do_device(client, call, command == DRIVER_DEVICE_FILL);
	case DRIVER_CREATE:
		return client->buf ? -EBUSY : do_create(client, call);
	case DRIVER_FIND:
		return client->buf ? -EBUSY : keep(client, mapbuf_find(call->name));
	}
	if (!client->buf)
		return -ENXIO;
	switch (command) {
	case DRIVER_DMA_ADDRESS:
		return do_dma_address(client, call);
	case DRIVER_MAP_SG:
		return driver_map_sg(&client->sg, client->buf, call);
	case DRIVER_SYNC:
		return mapbuf_sync(client->buf, call->offset, call->bytes,
				   call->flags, call->mode);
	case DRIVER_DMA_BUF:
		return driver_dma_buf(client->buf, call);
	case DRIVER_PUT:
		mapbuf_put(client->buf);
		client->buf = NULL;
		return 0;
	case DRIVER_DESTROY:
		mapbuf_destroy(client->buf);
		client->buf = NULL;
		return 0;
	case DRIVER_SIZE:
		call->bytes = mapbuf_size(client->buf);
		return 0;
	case DRIVER_FILL:
	case DRIVER_CHECK:
		return do_vmap(client, call, command == DRIVER_FILL);
	case DRIVER_TABLE:
		return do_table(client, call);
	case DRIVER_NOTIFY:
		return do_notify(client, call);
	case DRIVER_NOTIFY_CANSLEEP:
		return do_notify_cansleep(client, call);
	}
	return -ENOTTY;
}

static long driver_ioctl(struct file *file, unsigned int command,
			 unsigned long arg)
{
	struct client *client = file->private_data;
	struct driver_call call;
	int err;

	if (copy_from_user(&call, (void __user *)arg, sizeof(call)))
		return -EFAULT;
	mutex_lock(&client->lock);
	err = run(client, command, &call);
	mutex_unlock(&client->lock);
	/* A buffer that has been made, or found, must not be forgotten. */
	if (!err && command != DRIVER_CREATE && command != DRIVER_FIND &&
	    copy_to_user((void __user *)arg, &call, sizeof(call)))
		return -EFAULT;
	return err;
}

static int driver_open(struct inode *inode, struct file *file)
{
	struct client *client = kzalloc(sizeof(*client), GFP_KERNEL);

	if (!client)
		return -ENOMEM;
	mutex_init(&client->lock);
	file->private_data = client;
	return 0;
}

static int driver_release(struct inode *inode, struct file *file)
{
	struct client *client = file->private_data;

	while (!do_unmap(client))
		;
	driver_unmap_sg(&client->sg);
	if (client->buf)
		mapbuf_put(client->buf);
	kfree(client);
	return 0;
}

static const struct file_operations driver_ops = {
	.owner = THIS_MODULE,
	.open = driver_open,
	.release = driver_release,
	.unlocked_ioctl = driver_ioctl,
};

static struct miscdevice driver = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "driver",
	.fops = &driver_ops,
};

static int __init driver_begin(void)
{
	int err = driver_device_add();

	if (err)
		return err;
	err = misc_register(&driver);
	if (err)
		driver_device_remove();
	return err;
}

static void __exit driver_end(void)
{
	misc_deregister(&driver);
	driver_device_remove();
}

module_init(driver_begin);
module_exit(driver_end);

MODULE_DESCRIPTION("Calls of <linux/mapbuf.h> for tests");
MODULE_AUTHOR("The mapbuf authors");
MODULE_LICENSE("GPL");
