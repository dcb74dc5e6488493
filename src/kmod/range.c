// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers without pages of their own: reading, writing and clearing them through the
 * address that the kernel has for them, until they are gone.
 */
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/uio.h>

#include "mapbuf.h"
#include "range.h"

/**
 * mapbuf_range_enter() - begin to reach for the range of a buffer
 * @buf: the buffer, which has no pages
 *
 * Until mapbuf_range_leave() it stays.  Whoever is in between may sleep, but not
 * wait for what a process does: a device cannot be removed meanwhile.
 *
 * Return: false if its device has gone; then there is nothing to leave.
 */
bool mapbuf_range_enter(struct mapbuf_buffer *buf)
{
	down_read(&buf->range_lock);
	if (!buf->revoked)
		return true;
	up_read(&buf->range_lock);
	return false;
}

/**
 * mapbuf_range_leave() - end what mapbuf_range_enter() began
 * @buf: the buffer
 */
void mapbuf_range_leave(struct mapbuf_buffer *buf)
{
	up_read(&buf->range_lock);
}

/**
 * mapbuf_range_revoke() - take the range away from all who reach for it, for good
 * @buf: the buffer, which has no pages
 *
 * Nobody is between mapbuf_range_enter() and mapbuf_range_leave() any more.  Sleeps.
 */
void mapbuf_range_revoke(struct mapbuf_buffer *buf)
{
	down_write(&buf->range_lock);
	WRITE_ONCE(buf->revoked, true);
	/* A page fault would wait, and then fail. */
	unmap_mapping_range(buf->inode->i_mapping, 0, 0, 1);
	up_write(&buf->range_lock);
}

/**
 * mapbuf_range_access() - copy between the range of a buffer and kernel memory
 * @buf: the buffer, which has no pages
 * @pos: where in it
 * @with: the kernel memory
 * @n: how much
 * @write: to the range
 *
 * Sleeps.
 *
 * Return: false if the range has gone with its device.
 */
bool mapbuf_range_access(struct mapbuf_buffer *buf, loff_t pos, void *with,
			 size_t n, bool write)
{
	void *at;

	if (!mapbuf_range_enter(buf))
		return false;
	at = buf->kaddr + pos;
	if (buf->spec.cache != MAPBUF_CACHE_UNCACHED)
		memcpy(write ? at : with, write ? with : at, n);
	else if (write)
		memcpy_toio((void __iomem __force *)at, with, n);
	else
		memcpy_fromio(with, (void __iomem __force *)at, n);
	mapbuf_range_leave(buf);
	return true;
}

/**
 * mapbuf_range_copy() - copy from or to the range of a buffer
 * @buf: the buffer, which has no pages
 * @pos: where in it
 * @bytes: how much
 * @iter: the other side
 * @to_iter: direction
 *
 * By way of a bounce buffer: registers of a device want aligned accesses; and
 * touching the memory of a process can take as long as the process wants.  Sleeps.
 *
 * Return: bytes copied, as copy_page_to_iter().
 */
size_t mapbuf_range_copy(struct mapbuf_buffer *buf, loff_t pos, size_t bytes,
			 struct iov_iter *iter, bool to_iter)
{
	size_t done, n, copied;
	u64 bounce[32];

	for (done = 0; done < bytes; done += n) {
		n = min(bytes - done, sizeof(bounce));
		if (!to_iter)
			n = copy_from_iter(bounce, n, iter);
		if (!n ||
		    !mapbuf_range_access(buf, pos + done, bounce, n, !to_iter))
			break;
		copied = to_iter ? copy_to_iter(bounce, n, iter) : n;
		if (copied != n)
			return done + copied;
	}
	return done;
}

/**
 * mapbuf_range_clear() - fill a part of a range with zeroes
 * @buf: the buffer, which has no pages
 * @first: page of it
 * @n: length in pages
 *
 * What is gone is not there to be cleared.  Sleeps.
 */
void mapbuf_range_clear(struct mapbuf_buffer *buf, unsigned long first,
			unsigned long n)
{
	unsigned long i;

	for (i = first; i < first + n && mapbuf_range_enter(buf); i++) {
		memset_io((void __iomem __force *)buf->kaddr + i * PAGE_SIZE,
			  0, PAGE_SIZE);
		mapbuf_range_leave(buf);
		cond_resched();
	}
}
