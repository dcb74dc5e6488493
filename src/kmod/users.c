// SPDX-License-Identifier: GPL-2.0-only
/*
 * The users of the memory of a buffer, and clearing it between them.
 *
 * A user is whatever reaches the memory: an open file with its mappings, a
 * dma-buf with its mappings and devices, another module.  With
 * MAPBUF_CREATE_ZERO_LAST_CLOSE the memory is cleared when the last of them has
 * gone, by a work item, so that neither that process nor the next one is stuck
 * in the kernel.  Whoever comes meanwhile waits, as long as no signal arrives.
 *
 * Pages can be pinned without a user: by vmsplice, io_uring, RDMA, VFIO.  What
 * has pinned a page would read what the next user writes.  So there is no next
 * user before the pins are gone.
 */
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "backing.h"
#include "device.h"
#include "mapbuf.h"
#include "range.h"

/* Cleared at a time by each processor; in between the system can be suspended. */
#define CLEAR_CHUNKS 4

/*
 * How often, and how long, a user who comes waits for pins to go: io_uring, for
 * one, gives them back some time after the process that made them has ended.
 */
#define PIN_INTERVAL (HZ / 50)
#define PIN_TRIES 25

/* Freezable, hence not one of the system's. */
static struct workqueue_struct *clear_queue;

/* A rough number will do. */
static unsigned int clear_threads(void)
{
	return min_not_zero(mapbuf_threads(), num_online_cpus());
}

/* Clears the next chunks.  Returns whether there are more. */
static bool clear_some(struct mapbuf_buffer *buf)
{
	unsigned long first = buf->clear_next, end = first;
	unsigned long last = min(first + CLEAR_CHUNKS * clear_threads(),
				 mapbuf_nr_chunks(buf));

	while (end < last && !mapbuf_chunk_pinned(buf, end))
		end++;
	mapbuf_chunks_clear(buf, first, end);
	buf->clear_next = end;
	return end == last && end < mapbuf_nr_chunks(buf);
}

static void clear_done(struct mapbuf_buffer *buf, int result)
{
	spin_lock(&buf->users_lock);
	WRITE_ONCE(buf->clear_state, result);
	spin_unlock(&buf->users_lock);
	wake_up_all(&buf->clear_waiters);
}

static void clear_work(struct work_struct *work)
{
	struct mapbuf_buffer *buf = container_of(to_delayed_work(work),
						 struct mapbuf_buffer,
						 clear_work);

	if (clear_some(buf)) {
		queue_delayed_work(clear_queue, &buf->clear_work, 0);
	} else if (buf->clear_next == mapbuf_nr_chunks(buf)) {
		/* A bounce buffer would bring back what was there. */
		if (buf->spec.device)
			mapbuf_dma_sync(buf, 0, buf->spec.bytes,
					DMA_BIDIRECTIONAL, false);
		clear_done(buf, 0);
	} else if (buf->clear_tries++ < PIN_TRIES) {
		queue_delayed_work(clear_queue, &buf->clear_work, PIN_INTERVAL);
	} else {
		clear_done(buf, -EBUSY);
	}
}

/**
 * mapbuf_users_init() - prepare a new buffer, which has no users
 * @buf: the buffer
 */
void mapbuf_users_init(struct mapbuf_buffer *buf)
{
	spin_lock_init(&buf->users_lock);
	init_waitqueue_head(&buf->clear_waiters);
	INIT_DELAYED_WORK(&buf->clear_work, clear_work);
}

/* Under users_lock. */
static void clear_start(struct mapbuf_buffer *buf)
{
	WRITE_ONCE(buf->clear_state, -EINPROGRESS);
	buf->clear_tries = 0;
	queue_delayed_work(clear_queue, &buf->clear_work, 0);
}

/* Become a user if the memory is clear.  Returns 0, or @buf->clear_state. */
static int users_try_enter(struct mapbuf_buffer *buf)
{
	int state = 0;

	/* As long as there is one, nothing is cleared. */
	if (atomic_inc_not_zero(&buf->active))
		return 0;

	spin_lock(&buf->users_lock);
	state = buf->clear_state;
	if (!state)
		atomic_inc(&buf->active);
	spin_unlock(&buf->users_lock);
	return state;
}

/* The pins that were there may have gone: look again, for as long as at first. */
static void clear_again(struct mapbuf_buffer *buf)
{
	spin_lock(&buf->users_lock);
	if (buf->clear_state == -EBUSY)
		clear_start(buf);
	spin_unlock(&buf->users_lock);
}

/**
 * mapbuf_users_enter() - become a user of the memory
 * @buf: the buffer, which the caller keeps from being freed
 * @nonblock: do not wait until it has been cleared
 *
 * Sleeps.
 *
 * Return: 0, to be undone with mapbuf_users_leave(); -ENODEV if the range has gone
 * with its device; -EBUSY if something still
 * has pages pinned that the last user left; -EAGAIN instead of waiting; or
 * -ERESTARTSYS when a signal arrives.
 */
int mapbuf_users_enter(struct mapbuf_buffer *buf, bool nonblock)
{
	bool again = false;
	int state;

	if (mapbuf_range_gone(buf))
		return -ENODEV;
	for (;;) {
		state = users_try_enter(buf);
		if (!state || (state == -EBUSY && again))
			return state;
		if (state == -EBUSY)
			clear_again(buf);
		if (nonblock)
			return -EAGAIN;
		again = true;
		/* Not only by fatal ones: the freezer sends none. */
		if (wait_event_interruptible(buf->clear_waiters,
					     READ_ONCE(buf->clear_state) !=
					     -EINPROGRESS))
			return -ERESTARTSYS;
	}
}

/**
 * mapbuf_users_add() - become a user once more
 * @buf: the buffer, which the caller is a user of, or that nobody has seen yet
 *
 * From any context.
 */
void mapbuf_users_add(struct mapbuf_buffer *buf)
{
	atomic_inc(&buf->active);
}

/**
 * mapbuf_users_leave() - stop being a user of the memory
 * @buf: the buffer, which the caller keeps from being freed
 */
void mapbuf_users_leave(struct mapbuf_buffer *buf)
{
	if (!atomic_dec_and_lock(&buf->active, &buf->users_lock))
		return;
	if (READ_ONCE(buf->spec.flags) & MAPBUF_CREATE_ZERO_LAST_CLOSE) {
		buf->clear_next = 0;
		clear_start(buf);
	}
	spin_unlock(&buf->users_lock);
}

/**
 * mapbuf_users_end() - no user will come any more
 * @buf: the buffer, about to be freed
 *
 * Memory that goes back to the system is cleared for its next user there; what
 * stays where it is, a reserved range, is cleared here, if it was to be.  Sleeps.
 */
void mapbuf_users_end(struct mapbuf_buffer *buf)
{
	if (!(READ_ONCE(buf->spec.flags) & MAPBUF_CREATE_ZERO_LAST_CLOSE))
		return;
	cancel_delayed_work_sync(&buf->clear_work);
	if (!buf->clear_state || !buf->spec.ops->phys)
		return;
	mapbuf_chunks_clear(buf, buf->clear_next, mapbuf_nr_chunks(buf));
}

/**
 * mapbuf_users_start() - prepare for buffers to have users
 *
 * Return: 0, or -ENOMEM.
 */
int mapbuf_users_start(void)
{
	clear_queue = alloc_workqueue("mapbuf-notify", WQ_UNBOUND | WQ_FREEZABLE, 0);
	return clear_queue ? 0 : -ENOMEM;
}

/** mapbuf_users_stop() - undo mapbuf_users_start(); there are no buffers */
void mapbuf_users_stop(void)
{
	destroy_workqueue(clear_queue);
}
