// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests from user space, of the control node and of the buffer nodes.
 */
#include <linux/build_bug.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "backing.h"
#include "device.h"
#include "mapbuf.h"

union mapbuf_request {
	struct mapbuf_create create;
	struct mapbuf_destroy destroy;
	struct mapbuf_info info;
	struct mapbuf_notify notify;
	struct mapbuf_eventfd eventfd;
	struct mapbuf_export export;
	struct mapbuf_sync sync;
	struct mapbuf_dma dma;
};

/**
 * struct ioctl_op - a request
 * @cmd: its number
 * @size: of the structure now
 * @min_size: of the structure as it was first published
 * @replies: has members that are output: then the structure can be written
 *	when @handler is called, unless the caller takes that away meanwhile
 * @handler: reads and writes @request; returns 0 or an error.  @reply copies
 *	the structure out; a handler that changes something calls it while that
 *	can still be undone, if it can.
 */
struct ioctl_op {
	unsigned int cmd;
	u32 size;
	u32 min_size;
	bool replies;
	int (*handler)(struct file *file, union mapbuf_request *request,
		       void __user *arg);
};

/* The structures are the same to 32-bit and 64-bit callers. */
static_assert(sizeof(struct mapbuf_create) == 184);
static_assert(sizeof(struct mapbuf_destroy) == 40);
static_assert(sizeof(struct mapbuf_info) == 64);
static_assert(sizeof(struct mapbuf_notify) == 16);
static_assert(sizeof(struct mapbuf_eventfd) == 16);
static_assert(sizeof(struct mapbuf_export) == 32);
static_assert(sizeof(struct mapbuf_sync) == 24);
static_assert(sizeof(struct mapbuf_dma) == 32);

/* Copies out as much as the caller's form of the structure has. */
static int reply(void __user *arg, const void *request, u32 size, u32 op_size)
{
	return copy_to_user(arg, request, min(size, op_size)) ? -EFAULT : 0;
}

static int create_spec(const struct mapbuf_create *create,
		       struct mapbuf_spec *spec)
{
	u32 flags = create->flags;

	if (flags & ~MAPBUF_CREATE_KNOWN ||
	    (!(flags & MAPBUF_CREATE_NUMA_NODE) && create->numa_node) ||
	    (!(flags & MAPBUF_CREATE_UID) && create->uid) ||
	    (!(flags & MAPBUF_CREATE_GID) && create->gid) ||
	    (!(flags & MAPBUF_CREATE_MODE) && create->mode) ||
	    create->numa_node < 0 || create->mode > 0777)
		return -EINVAL;

	*spec = (struct mapbuf_spec) {
		.bytes = create->bytes,
		.ops = mapbuf_backing_find(create->backing),
		.numa_node = flags & MAPBUF_CREATE_NUMA_NODE ?
			     create->numa_node : NUMA_NO_NODE,
		.dma_bits = create->dma_bits,
		.flags = flags,
		.uid = make_kuid(current_user_ns(), create->uid),
		.gid = make_kgid(current_user_ns(), create->gid),
		.mode = create->mode,
		.cache = create->cache,
		.phys_addr = create->phys_addr,
	};
	memcpy(spec->name, create->name, sizeof(spec->name));

	if ((flags & MAPBUF_CREATE_UID && !uid_valid(spec->uid)) ||
	    (flags & MAPBUF_CREATE_GID && !gid_valid(spec->gid)))
		return -EINVAL;
	return 0;
}

/* NULL if the buffer is to belong to none. */
static struct device *create_device(const struct mapbuf_create *create)
{
	if (!memchr_inv(create->device, 0, sizeof(create->device)))
		return NULL;
	return mapbuf_device_find(create->device);
}

static int ioctl_create(struct file *file, union mapbuf_request *request,
			void __user *arg)
{
	struct mapbuf_create *create = &request->create;
	struct mapbuf_buffer *buf;
	struct mapbuf_spec spec;
	int err;

	err = create_spec(create, &spec);
	if (err)
		return err;
	spec.device = create_device(create);
	if (IS_ERR(spec.device))
		return PTR_ERR(spec.device);
	spec.cleared = file->private_data;
	atomic64_set(spec.cleared, 0);

	buf = mapbuf_buffer_alloc(&spec);
	put_device(spec.device);
	if (IS_ERR(buf))
		return PTR_ERR(buf);

	err = mapbuf_buffer_publish(buf);
	if (err)
		return err;

	/* Nothing is written on an error: when no other can follow. */
	create->bytes = buf->spec.bytes;
	create->backing = buf->spec.ops->id;
	create->id = buf->id;
	err = reply(arg, create, create->size, sizeof(*create));
	if (err) {
		mapbuf_buffer_unpublish(buf);
		return err;
	}
	mapbuf_registry_announce(buf);
	return 0;
}

static int ioctl_destroy(struct file *file, union mapbuf_request *request,
			 void __user *arg)
{
	const struct mapbuf_destroy *destroy = &request->destroy;

	if (destroy->flags & ~MAPBUF_DESTROY_DEFERRED ||
	    !mapbuf_name_valid(destroy->name))
		return -EINVAL;
	return mapbuf_buffer_destroy(destroy->name, 0,
				     destroy->flags & MAPBUF_DESTROY_DEFERRED);
}

static int ioctl_info(struct file *file, union mapbuf_request *request,
		      void __user *arg)
{
	const struct mapbuf_buffer *buf = mapbuf_of(file);
	struct mapbuf_info *info = &request->info;

	if (info->flags)
		return -EINVAL;

	info->bytes = buf->spec.bytes;
	memcpy(info->name, buf->spec.name, sizeof(info->name));
	info->backing = buf->spec.ops->id;
	info->id = buf->id;
	info->numa_node = buf->spec.numa_node;
	info->dma_bits = buf->spec.asked_bits;
	return reply(arg, info, info->size, sizeof(*info));
}

static int notify(struct file *file, u32 flags, u64 *sequence)
{
	if (flags)
		return -EINVAL;
	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	*sequence = mapbuf_buffer_notify(mapbuf_of(file));
	return 0;
}

static int seen(struct file *file, u32 flags, u64 *sequence)
{
	if (flags)
		return -EINVAL;
	*sequence = mapbuf_file_seen(file->private_data);
	return 0;
}

static int ioctl_notify(struct file *file, union mapbuf_request *request,
			void __user *arg)
{
	struct mapbuf_notify *n = &request->notify;

	return notify(file, n->flags, &n->sequence) ?:
	       reply(arg, n, n->size, sizeof(*n));
}

static int ioctl_seen(struct file *file, union mapbuf_request *request,
		      void __user *arg)
{
	struct mapbuf_notify *n = &request->notify;

	return seen(file, n->flags, &n->sequence) ?:
	       reply(arg, n, n->size, sizeof(*n));
}

/*
 * Either of them as programs know it today.  They come with each item, and what
 * makes other sizes possible costs more than to wake somebody up.
 */
static int notify_known(struct file *file, unsigned int cmd,
			struct mapbuf_notify __user *arg)
{
	u64 sequence;
	u32 flags;
	int err;

	/* As it is: see ioctl_run(). */
	if (get_user(flags, &arg->flags) ||
	    get_user(sequence, &arg->sequence) ||
	    put_user(sequence, &arg->sequence))
		return -EFAULT;
	if (cmd == MAPBUF_IOC_NOTIFY)
		err = notify(file, flags, &sequence);
	else
		err = seen(file, flags, &sequence);
	return err ?: put_user(sequence, &arg->sequence);
}

static int ioctl_eventfd(struct file *file, union mapbuf_request *request,
			 void __user *arg)
{
	const struct mapbuf_eventfd *eventfd = &request->eventfd;

	if (eventfd->flags || eventfd->reserved)
		return -EINVAL;
	if (eventfd->fd < -1)
		return -EBADF;
	return mapbuf_file_eventfd(file->private_data, eventfd->fd);
}

static int ioctl_export(struct file *file, union mapbuf_request *request,
			void __user *arg)
{
	struct mapbuf_export *export = &request->export;
	struct file *dmabuf;
	int fd, err;

	if (export->flags || export->reserved)
		return -EINVAL;
	/* A device that imports it may write. */
	if (!(file->f_mode & FMODE_WRITE))
		return -EACCES;

	dmabuf = mapbuf_dmabuf_export(mapbuf_of(file), export->offset,
				      export->bytes);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);

	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0) {
		err = fd;
		goto err_put;
	}
	export->fd = fd;
	err = reply(arg, export, export->size, sizeof(*export));
	if (err)
		goto err_fd;
	fd_install(fd, dmabuf);
	return 0;

err_fd:
	put_unused_fd(fd);
err_put:
	fput(dmabuf);
	return err;
}

static int ioctl_sync(struct file *file, union mapbuf_request *request,
		      void __user *arg)
{
	const struct mapbuf_sync *sync = &request->sync;
	u32 owner = sync->flags & (MAPBUF_SYNC_FOR_CPU | MAPBUF_SYNC_FOR_DEVICE);
	u32 how = sync->flags & ~owner;
	struct mapbuf_buffer *buf = mapbuf_of(file);
	enum dma_data_direction direction;

	if (hweight32(owner) != 1 || !how || how & ~MAPBUF_SYNC_BIDIRECTIONAL ||
	    !sync->bytes || sync->offset >= buf->spec.bytes ||
	    sync->bytes > buf->spec.bytes - sync->offset)
		return -EINVAL;
	/* What others have written may be thrown away. */
	if (!(file->f_mode & FMODE_WRITE))
		return -EACCES;
	direction = how == MAPBUF_SYNC_TO_DEVICE ? DMA_TO_DEVICE :
		    how == MAPBUF_SYNC_FROM_DEVICE ? DMA_FROM_DEVICE :
						     DMA_BIDIRECTIONAL;
	return mapbuf_dma_sync(buf, sync->offset, sync->offset + sync->bytes,
			       direction, owner == MAPBUF_SYNC_FOR_CPU);
}

static int ioctl_dma(struct file *file, union mapbuf_request *request,
		     void __user *arg)
{
	struct mapbuf_buffer *buf = mapbuf_of(file);
	struct mapbuf_dma *dma = &request->dma;
	u64 address, bytes;
	int err;

	if (dma->flags)
		return -EINVAL;
	if (!mapbuf_may_see_addresses() &&
	    !(buf->spec.flags & MAPBUF_CREATE_SHOW_ADDRESS &&
	      file->f_mode & FMODE_WRITE))
		return -EPERM;
	err = mapbuf_device_address(buf, dma->offset, &address, &bytes);
	if (err)
		return err;
	dma->address = address;
	dma->bytes = bytes;
	return reply(arg, dma, dma->size, sizeof(*dma));
}

#define MAPBUF_OP(ioc, type, last, out, fn) \
	{ .cmd = ioc, .size = sizeof(type), \
	  .min_size = offsetofend(type, last), .replies = out, .handler = fn }

static const struct ioctl_op control_ops[] = {
	MAPBUF_OP(MAPBUF_IOC_CREATE, struct mapbuf_create, phys_addr, true,
		  ioctl_create),
	MAPBUF_OP(MAPBUF_IOC_DESTROY, struct mapbuf_destroy, name, false,
		  ioctl_destroy),
};

static const struct ioctl_op node_ops[] = {
	MAPBUF_OP(MAPBUF_IOC_NOTIFY, struct mapbuf_notify, sequence, true,
		  ioctl_notify),
	MAPBUF_OP(MAPBUF_IOC_SEEN, struct mapbuf_notify, sequence, true,
		  ioctl_seen),
	MAPBUF_OP(MAPBUF_IOC_SYNC, struct mapbuf_sync, bytes, false, ioctl_sync),
	MAPBUF_OP(MAPBUF_IOC_INFO, struct mapbuf_info, dma_bits, true,
		  ioctl_info),
	MAPBUF_OP(MAPBUF_IOC_EVENTFD, struct mapbuf_eventfd, reserved, false,
		  ioctl_eventfd),
	MAPBUF_OP(MAPBUF_IOC_EXPORT, struct mapbuf_export, reserved, true,
		  ioctl_export),
	MAPBUF_OP(MAPBUF_IOC_DMA, struct mapbuf_dma, bytes, true, ioctl_dma),
};

static long ioctl_run(const struct ioctl_op *ops, size_t n, struct file *file,
		      unsigned int cmd, void __user *arg)
{
	const struct ioctl_op *op = ops;
	union mapbuf_request request;
	u32 size;
	int err;

	while (op < ops + n && op->cmd != cmd)
		op++;
	if (op == ops + n)
		return -ENOTTY;

	if (get_user(size, (u32 __user *)arg))
		return -EFAULT;
	if (size < op->min_size)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	err = copy_struct_from_user(&request, op->size, arg, size);
	if (err)
		return err;
	/* Whoever changes it between the two reads changes nothing here. */
	*(u32 *)&request = size;
	/*
	 * As it is.  A copy that fails may have written what comes before the
	 * page that it failed at.
	 */
	if (op->replies && reply(arg, &request, size, op->size))
		return -EFAULT;
	return op->handler(file, &request, arg);
}

/**
 * mapbuf_node_ioctl() - ioctl of a buffer node
 * @file: open on a buffer
 * @cmd: request
 * @arg: address of its structure
 *
 * Return: 0, or an error that <linux/mapbuf.h> lists.
 */
long mapbuf_node_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *request = (void __user *)arg;
	u32 size;

	if ((cmd == MAPBUF_IOC_NOTIFY || cmd == MAPBUF_IOC_SEEN) &&
	    !get_user(size, (u32 __user *)request) &&
	    size == sizeof(struct mapbuf_notify))
		return notify_known(file, cmd, request);
	return ioctl_run(node_ops, ARRAY_SIZE(node_ops), file, cmd, request);
}

static long control_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg)
{
	return ioctl_run(control_ops, ARRAY_SIZE(control_ops), file, cmd,
			 (void __user *)arg);
}

/* Not while loading can still fail: an open file would need the module. */
static bool control_ready;

/* Of each open file: how much of the buffer that it creates is cleared. */
static int control_open(struct inode *inode, struct file *file)
{
	if (!READ_ONCE(control_ready))
		return -ENXIO;
	file->private_data = kzalloc(sizeof(atomic64_t), GFP_KERNEL);
	return file->private_data ? nonseekable_open(inode, file) : -ENOMEM;
}

static int control_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static void control_show_fdinfo(struct seq_file *out, struct file *file)
{
	seq_printf(out, "mapbuf-cleared:\t%lld\n",
		   atomic64_read((atomic64_t *)file->private_data));
}

static const struct file_operations control_fops = {
	.owner = THIS_MODULE,
	.open = control_open,
	.release = control_release,
	.show_fdinfo = control_show_fdinfo,
	.unlocked_ioctl = control_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice control_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "mapbuf-control",
	.fops = &control_fops,
	.mode = 0600,
	.groups = mapbuf_control_groups,
};

/**
 * mapbuf_control_init() - make the control node
 *
 * Return: 0, or an error of misc_register().
 */
int mapbuf_control_init(void)
{
	return misc_register(&control_device);
}

/** mapbuf_control_enable() - let the control node be opened */
void mapbuf_control_enable(void)
{
	WRITE_ONCE(control_ready, true);
}

/** mapbuf_control_exit() - remove the control node */
void mapbuf_control_exit(void)
{
	misc_deregister(&control_device);
}
