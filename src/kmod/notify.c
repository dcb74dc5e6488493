// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting for new data.
 *
 * A buffer counts its notifications; each open file remembers the last one it
 * has been told of.  It polls as readable while there is a later one.
 */
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/poll.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "compat/compat.h"
#include "mapbuf.h"

/**
 * mapbuf_notify_init() - prepare a new buffer
 * @buf: the buffer
 */
void mapbuf_notify_init(struct mapbuf_buffer *buf)
{
	spin_lock_init(&buf->notify_lock);
	init_waitqueue_head(&buf->waiters);
	INIT_LIST_HEAD(&buf->eventfds);
}

/**
 * mapbuf_buffer_notify() - tell everybody who waits that there is new data
 * @buf: the buffer, which the caller is a user of
 *
 * Whatever was written to the buffer before is seen by who is woken up.  From
 * any context, interrupt handlers included.
 *
 * Return: the number of this notification, the first of a buffer being 1.
 */
u64 mapbuf_buffer_notify(struct mapbuf_buffer *buf)
{
	struct mapbuf_file *watch;
	unsigned long flags;
	u64 sequence;

	spin_lock_irqsave(&buf->notify_lock, flags);
	sequence = ++buf->sequence;
	list_for_each_entry(watch, &buf->eventfds, link)
		mapbuf_eventfd_signal(watch->eventfd);
	spin_unlock_irqrestore(&buf->notify_lock, flags);

	wake_up_poll(&buf->waiters, EPOLLIN | EPOLLRDNORM);
	return sequence;
}

/**
 * mapbuf_notify_gone() - tell everybody who waits that nothing will follow
 * @buf: the buffer, without a node from now on
 */
void mapbuf_notify_gone(struct mapbuf_buffer *buf)
{
	WRITE_ONCE(buf->gone, true);
	wake_up_poll(&buf->waiters, EPOLLHUP);
}

/**
 * mapbuf_file_init() - a file just opened has seen all there was before
 * @file: the file, its buffer set
 */
void mapbuf_file_init(struct mapbuf_file *file)
{
	INIT_LIST_HEAD(&file->link);
	mapbuf_file_seen(file);
}

/**
 * mapbuf_file_seen() - wait for later notifications only
 * @file: the file
 *
 * What was written to the buffer before the notification whose number is
 * returned can be read after this.
 *
 * Return: the number of notifications so far.
 */
u64 mapbuf_file_seen(struct mapbuf_file *file)
{
	struct mapbuf_buffer *buf = file->buf;
	u64 sequence;

	spin_lock_irq(&buf->notify_lock);
	sequence = buf->sequence;
	file->seen = sequence;
	spin_unlock_irq(&buf->notify_lock);
	return sequence;
}

/**
 * mapbuf_file_poll() - poll of a buffer node
 * @file: open on a buffer
 * @wait: where to wait
 *
 * Return: always writable; readable if there was a notification that this file
 * has not seen; hung up if the buffer has been destroyed.
 */
__poll_t mapbuf_file_poll(struct file *file, struct poll_table_struct *wait)
{
	struct mapbuf_file *watch = file->private_data;
	struct mapbuf_buffer *buf = watch->buf;
	__poll_t events = EPOLLOUT | EPOLLWRNORM;

	poll_wait(file, &buf->waiters, wait);

	spin_lock_irq(&buf->notify_lock);
	if (buf->sequence != watch->seen)
		events |= EPOLLIN | EPOLLRDNORM;
	spin_unlock_irq(&buf->notify_lock);
	if (READ_ONCE(buf->gone))
		events |= EPOLLHUP;
	return events;
}

/**
 * mapbuf_file_eventfd() - choose the eventfd that notifications signal
 * @file: the file; it had one eventfd at most, which is let go
 * @fd: an eventfd of the caller, or -1 for none
 *
 * Return: 0, or an error of eventfd_ctx_fdget().
 */
int mapbuf_file_eventfd(struct mapbuf_file *file, int fd)
{
	struct mapbuf_buffer *buf = file->buf;
	struct eventfd_ctx *eventfd = NULL;

	if (fd >= 0) {
		eventfd = eventfd_ctx_fdget(fd);
		if (IS_ERR(eventfd))
			return PTR_ERR(eventfd);
	}

	spin_lock_irq(&buf->notify_lock);
	swap(file->eventfd, eventfd);
	list_del_init(&file->link);
	if (file->eventfd)
		list_add_tail(&file->link, &buf->eventfds);
	spin_unlock_irq(&buf->notify_lock);

	if (eventfd)
		eventfd_ctx_put(eventfd);
	return 0;
}
