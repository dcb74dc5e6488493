// SPDX-License-Identifier: GPL-2.0-only
/*
 * The node of a buffer, and its file (fs.c), open: a file of the buffer's size.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pipe_fs_i.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/splice.h>
#include <linux/uio.h>

#include "compat/compat.h"
#include "locks.h"
#include "mapbuf.h"
#include "range.h"

/* For the file system -ESTALE has the kernel look the name up again, once. */
static struct mapbuf_buffer *get_buffer(const struct inode *inode, bool nonblock)
{
	struct mapbuf_buffer *buf;

	if (!S_ISREG(inode->i_mode))
		return mapbuf_buffer_get(iminor(inode), nonblock);
	buf = mapbuf_buffer_get_ino(inode->i_ino, nonblock);
	return buf == ERR_PTR(-ENXIO) ? ERR_PTR(-ESTALE) : buf;
}

static int mapbuf_open(struct inode *inode, struct file *file)
{
	struct mapbuf_file *opened;
	struct mapbuf_buffer *buf;

	opened = kzalloc(sizeof(*opened), GFP_KERNEL);
	if (!opened)
		return -ENOMEM;
	buf = get_buffer(inode, file->f_flags & O_NONBLOCK);
	if (IS_ERR(buf)) {
		kfree(opened);
		return PTR_ERR(buf);
	}

	atomic_inc(&buf->opens);
	mapbuf_counts_changed(READ_ONCE(buf->opens_attr));

	opened->buf = buf;
	mapbuf_file_init(opened);
	file->private_data = opened;
	file->f_mapping = buf->inode->i_mapping;
	/* There is no cache to go around. */
	mapbuf_allow_direct(file);
	return 0;
}

static int mapbuf_release(struct inode *inode, struct file *file)
{
	struct mapbuf_buffer *buf = mapbuf_of(file);

	mapbuf_file_unlock(file);
	mapbuf_file_end(file->private_data);
	kfree(file->private_data);

	atomic_dec(&buf->opens);
	mapbuf_counts_changed(READ_ONCE(buf->opens_attr));

	mapbuf_buffer_put(buf);
	return 0;
}

/* Copies page by page; a page's place in memory does not matter. */
static ssize_t mapbuf_copy(struct kiocb *iocb, struct iov_iter *iter,
			   bool to_iter)
{
	struct mapbuf_buffer *buf = mapbuf_of(iocb->ki_filp);
	loff_t pos = iocb->ki_pos;
	int err = -EFAULT;
	size_t done = 0;

	while (iov_iter_count(iter) && pos < buf->spec.bytes) {
		size_t n = min3(iov_iter_count(iter),
				PAGE_SIZE - offset_in_page(pos),
				(size_t)(buf->spec.bytes - pos));
		size_t copied;

		if (mapbuf_page_failed(buf, pos >> PAGE_SHIFT)) {
			err = -EIO;
			break;
		}
		copied = mapbuf_buffer_copy(buf, pos, n, iter, to_iter);
		pos += copied;
		done += copied;
		if (copied != n || fatal_signal_pending(current))
			break;
		cond_resched();
	}
	iocb->ki_pos = pos;
	if (!done && mapbuf_range_gone(buf))
		return -ENODEV;
	if (!done && iov_iter_count(iter) && pos < buf->spec.bytes)
		return fatal_signal_pending(current) ? -EINTR : err;
	return done;
}

static ssize_t mapbuf_read_iter(struct kiocb *iocb, struct iov_iter *iter)
{
	return mapbuf_copy(iocb, iter, true);
}

static ssize_t mapbuf_write_iter(struct kiocb *iocb, struct iov_iter *iter)
{
	struct mapbuf_buffer *buf = mapbuf_of(iocb->ki_filp);

	if (iov_iter_count(iter) && iocb->ki_pos >= buf->spec.bytes)
		return -ENOSPC;
	return mapbuf_copy(iocb, iter, false);
}

static void splice_release(struct splice_pipe_desc *spd, unsigned int i)
{
	put_page(spd->pages[i]);
}

/* The pipe gets references to the pages, if there are any; no copy. */
static ssize_t mapbuf_splice_read(struct file *file, loff_t *pos,
				  struct pipe_inode_info *pipe, size_t len,
				  unsigned int flags)
{
	struct mapbuf_buffer *buf = mapbuf_of(file);
	struct page *pages[PIPE_DEF_BUFFERS];
	struct partial_page partial[PIPE_DEF_BUFFERS];
	struct splice_pipe_desc spd = {
		.pages = pages,
		.partial = partial,
		.nr_pages_max = PIPE_DEF_BUFFERS,
		.ops = &nosteal_pipe_buf_ops,
		.spd_release = splice_release,
	};
	loff_t at = *pos;
	ssize_t spliced = 0;

	if (!mapbuf_buffer_has_pages(buf))
		return -EINVAL;

	while (len && at < buf->spec.bytes && spd.nr_pages < PIPE_DEF_BUFFERS) {
		size_t offset = offset_in_page(at);
		size_t n = min3(len, PAGE_SIZE - offset,
				(size_t)(buf->spec.bytes - at));

		if (mapbuf_page_failed(buf, at >> PAGE_SHIFT)) {
			spliced = -EIO;
			break;
		}
		pages[spd.nr_pages] = mapbuf_page(buf, at >> PAGE_SHIFT);
		get_page(pages[spd.nr_pages]);
		partial[spd.nr_pages].offset = offset;
		partial[spd.nr_pages++].len = n;
		at += n;
		len -= n;
	}
	if (!spd.nr_pages)
		return spliced;

	spliced = splice_to_pipe(pipe, &spd);
	if (spliced > 0)
		*pos += spliced;
	return spliced;
}

static loff_t mapbuf_llseek(struct file *file, loff_t offset, int whence)
{
	struct mapbuf_buffer *buf = mapbuf_of(file);

	return fixed_size_llseek(file, offset, whence, buf->spec.bytes);
}

const struct file_operations mapbuf_fops = {
	.owner = THIS_MODULE,
	.open = mapbuf_open,
	.flush = mapbuf_file_flush,
	.release = mapbuf_release,
	.llseek = mapbuf_llseek,
	.read_iter = mapbuf_read_iter,
	.write_iter = mapbuf_write_iter,
	.splice_read = mapbuf_splice_read,
	.splice_write = iter_file_splice_write,
	.poll = mapbuf_file_poll,
	.mmap = mapbuf_mmap,
	.get_unmapped_area = mapbuf_get_unmapped_area,
	.fsync = noop_fsync,
	.lock = mapbuf_file_lock,
	.flock = mapbuf_file_flock,
	.unlocked_ioctl = mapbuf_node_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};
