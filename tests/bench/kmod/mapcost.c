// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel itself charges for what mapbuf is made of: clearing pages,
 * getting them, devices with nodes; what importing a dma-buf costs; and in how
 * many pieces devices see memory.  For tests only.
 */
#include <linux/atomic.h>
#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/kdev_t.h>
#include <linux/kprobes.h>
#include <linux/ktime.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/scatterlist.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#ifdef MAPCOST_IMPORTS
#include <linux/dma-buf.h>
#endif

#include "mapcost.h"

#define PIECE_ORDER 9
#define PIECE_PAGES (1UL << PIECE_ORDER)

static struct class cost_class = {
	.name = "mapcost",
};

static DEFINE_MUTEX(devices_lock);
static struct device *devices[MAPCOST_MAX_DEVICES];
static unsigned int nr_devices;
static dev_t first_devt;
static struct platform_device *importer;

/* Over and over the same 2 MiB: here no cache makes that cheaper. */
static int clear_pages_again(struct mapcost_pages *request)
{
	struct page *page = alloc_pages(GFP_KERNEL, PIECE_ORDER);
	u64 i, start;

	if (!page)
		return -ENOMEM;
	start = ktime_get_ns();
	for (i = 0; i < request->pages; i++) {
		clear_highpage(page + i % PIECE_PAGES);
		if (i % PIECE_PAGES == 0)
			cond_resched();
	}
	request->clear = ktime_get_ns() - start;
	__free_pages(page, PIECE_ORDER);
	return 0;
}

/* As large as they come, up to 2 MiB; chained by what is in them. */
static int get_pages_once(struct mapcost_pages *request)
{
	unsigned int order = request->pages < PIECE_PAGES ?
			     ilog2(request->pages) : PIECE_ORDER;
	struct page *page, *last = NULL;
	u64 i, start = ktime_get_ns();
	int err = 0;

	for (i = 0; i < request->pages && !err; i += 1UL << order) {
		page = alloc_pages(GFP_KERNEL | __GFP_ZERO | __GFP_COMP |
				   __GFP_NORETRY | __GFP_NOWARN, order);
		if (page) {
			*(struct page **)page_address(page) = last;
			last = page;
		} else {
			err = -ENOMEM;
		}
		cond_resched();
	}
	request->get = ktime_get_ns() - start;
	start = ktime_get_ns();
	for (page = last; page; page = last) {
		last = *(struct page **)page_address(page);
		__free_pages(page, order);
		cond_resched();
	}
	request->put = ktime_get_ns() - start;
	return err;
}

static int cost_pages(void __user *arg)
{
	struct mapcost_pages request;
	int err;

	if (copy_from_user(&request, arg, sizeof(request)))
		return -EFAULT;
	if (!request.pages)
		return -EINVAL;
	err = clear_pages_again(&request);
	if (!err)
		err = get_pages_once(&request);
	if (!err && copy_to_user(arg, &request, sizeof(request)))
		err = -EFAULT;
	return err;
}

static int cost_devices(unsigned long count)
{
	struct device *dev;
	int err = 0;

	/* device_destroy() would look at each for the one with the number. */
	if (count > MAPCOST_MAX_DEVICES)
		return -EINVAL;
	mutex_lock(&devices_lock);
	while (nr_devices < count && !err) {
		dev = device_create(&cost_class, NULL, first_devt + nr_devices,
				    NULL, "mapcost%u", nr_devices);
		err = PTR_ERR_OR_ZERO(dev);
		if (!err)
			devices[nr_devices++] = dev;
	}
	while (nr_devices > count)
		device_unregister(devices[--nr_devices]);
	mutex_unlock(&devices_lock);
	return err;
}

#ifdef MAPCOST_IMPORTS

/* Exported for who says so, since 5.16; how to say it has changed since. */
MODULE_INFO(import_ns, "DMA_BUF");

#ifndef MAPCOST_UNLOCKED
#define dma_buf_map_attachment_unlocked dma_buf_map_attachment
#define dma_buf_unmap_attachment_unlocked dma_buf_unmap_attachment
#endif

static int import(struct dma_buf *dmabuf, struct mapcost_import *request)
{
	struct dma_buf_attachment *attachment;
	struct sg_table *table;
	u64 at[5];

	at[0] = ktime_get_ns();
	attachment = dma_buf_attach(dmabuf, &importer->dev);
	if (IS_ERR(attachment))
		return PTR_ERR(attachment);
	at[1] = ktime_get_ns();
	table = dma_buf_map_attachment_unlocked(attachment, DMA_BIDIRECTIONAL);
	if (IS_ERR(table)) {
		dma_buf_detach(dmabuf, attachment);
		return PTR_ERR(table);
	}
	at[2] = ktime_get_ns();
	request->pieces = table->nents;
	request->attach = at[1] - at[0];
	request->map = at[2] - at[1];

	at[2] = ktime_get_ns();
	dma_buf_unmap_attachment_unlocked(attachment, table, DMA_BIDIRECTIONAL);
	at[3] = ktime_get_ns();
	dma_buf_detach(dmabuf, attachment);
	at[4] = ktime_get_ns();
	request->unmap = at[3] - at[2];
	request->detach = at[4] - at[3];
	return 0;
}

static int cost_import(void __user *arg)
{
	struct mapcost_import request;
	struct dma_buf *dmabuf;
	int err;

	if (copy_from_user(&request, arg, sizeof(request)))
		return -EFAULT;
	dmabuf = dma_buf_get(request.fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	err = import(dmabuf, &request);
	dma_buf_put(dmabuf);
	if (!err && copy_to_user(arg, &request, sizeof(request)))
		err = -EFAULT;
	return err;
}

#else

static int cost_import(void __user *arg)
{
	return -EOPNOTSUPP;
}

#endif

/* As a driver does that gets memory of a process. */
static int list_pages(struct mapcost_pinned *request, struct page **pages,
		      int count)
{
	struct sg_table table;
	int pinned, err;

	pinned = pin_user_pages_fast(request->address, count,
				     FOLL_WRITE | FOLL_LONGTERM, pages);
	if (pinned < 0)
		return pinned;
	err = pinned < count ? -EFAULT :
	      sg_alloc_table_from_pages(&table, pages, count, 0,
					(unsigned long)count << PAGE_SHIFT,
					GFP_KERNEL);
	if (!err) {
		request->entries = table.orig_nents;
		sg_free_table(&table);
	}
	unpin_user_pages(pages, pinned);
	return err;
}

static int cost_pin(void __user *arg)
{
	struct mapcost_pinned request;
	struct page **pages;
	int err, count;

	if (copy_from_user(&request, arg, sizeof(request)))
		return -EFAULT;
	if (!request.bytes || request.bytes > SZ_1G ||
	    (request.address | request.bytes) & ~PAGE_MASK)
		return -EINVAL;
	count = request.bytes >> PAGE_SHIFT;
	pages = kvmalloc_array(count, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return -ENOMEM;
	err = list_pages(&request, pages, count);
	kvfree(pages);
	if (!err && copy_to_user(arg, &request, sizeof(request)))
		err = -EFAULT;
	return err;
}

static atomic64_t written_requests, written_segments, written_bytes;
static bool is_counting;	/* under devices_lock */

/* Each driver calls this with a request, once it has it. */
static int count_request(struct kprobe *probe, struct pt_regs *regs)
{
	struct request *request = (void *)regs_get_kernel_argument(regs, 0);

	if (req_op(request) == REQ_OP_WRITE && blk_rq_bytes(request)) {
		atomic64_inc(&written_requests);
		atomic64_add(blk_rq_nr_phys_segments(request),
			     &written_segments);
		atomic64_add(blk_rq_bytes(request), &written_bytes);
	}
	return 0;
}

static struct kprobe request_probe = {
	.symbol_name = "blk_mq_start_request",
	.pre_handler = count_request,
};

/* Not all the time: it makes each request dearer. */
static int cost_count(bool begins)
{
	int err = 0;

	mutex_lock(&devices_lock);
	if (begins && !is_counting) {
		atomic64_set(&written_requests, 0);
		atomic64_set(&written_segments, 0);
		atomic64_set(&written_bytes, 0);
		/* Another time it must not say where it was. */
		request_probe.addr = NULL;
		request_probe.flags = 0;
		err = register_kprobe(&request_probe);
		is_counting = !err;
	} else if (!begins && is_counting) {
		unregister_kprobe(&request_probe);
		is_counting = false;
	}
	mutex_unlock(&devices_lock);
	return err;
}

static int cost_written(void __user *arg)
{
	struct mapcost_written written = {
		.requests = atomic64_read(&written_requests),
		.segments = atomic64_read(&written_segments),
		.bytes = atomic64_read(&written_bytes),
	};

	return copy_to_user(arg, &written, sizeof(written)) ? -EFAULT : 0;
}

static long cost_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case MAPCOST_PAGES:
		return cost_pages((void __user *)arg);
	case MAPCOST_DEVICES:
		return cost_devices(arg);
	case MAPCOST_IMPORT:
		return cost_import((void __user *)arg);
	case MAPCOST_PIN:
		return cost_pin((void __user *)arg);
	case MAPCOST_COUNT:
		return cost_count(arg);
	case MAPCOST_WRITTEN:
		return cost_written((void __user *)arg);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations cost_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = cost_ioctl,
};

static struct miscdevice cost_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "mapcost",
	.mode = 0600,
	.fops = &cost_fops,
};

static int __init cost_init(void)
{
	int err;

	err = class_register(&cost_class);
	if (err)
		return err;
	err = alloc_chrdev_region(&first_devt, 0, MAPCOST_MAX_DEVICES,
				  "mapcost");
	if (err)
		goto err_class;
	importer = platform_device_register_simple("mapcost", -1, NULL, 0);
	err = PTR_ERR_OR_ZERO(importer);
	if (err)
		goto err_region;
	err = dma_coerce_mask_and_coherent(&importer->dev, DMA_BIT_MASK(64));
	if (!err)
		err = misc_register(&cost_device);
	if (err)
		goto err_importer;
	return 0;

err_importer:
	platform_device_unregister(importer);
err_region:
	unregister_chrdev_region(first_devt, MAPCOST_MAX_DEVICES);
err_class:
	class_unregister(&cost_class);
	return err;
}

static void __exit cost_exit(void)
{
	misc_deregister(&cost_device);
	cost_devices(0);
	cost_count(false);
	platform_device_unregister(importer);
	unregister_chrdev_region(first_devt, MAPCOST_MAX_DEVICES);
	class_unregister(&cost_class);
}

module_init(cost_init);
module_exit(cost_exit);

MODULE_DESCRIPTION("What the kernel charges for what mapbuf is made of");
MODULE_LICENSE("GPL");
