// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting for new data.
 *
 * A buffer counts its notifications; each open file remembers the last one it
 * has been told of.  It polls as readable while there is a later one.
 *
 * To wake up whoever waits takes time that others choose: who waits on an
 * eventfd, or on an epoll descriptor, is known to nobody else.  So that is done
 * where it can be interrupted and scheduled, a few at a time, by one at a time;
 * in other contexts, and when somebody else is at it, by a work item.
 */
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "compat/compat.h"
#include "mapbuf.h"

/* How many are woken up with interrupts off. */
#define WAKE_BATCH 64

/**
 * struct mapbuf_watch - an eventfd that files of a buffer have
 * @link: in the list of the buffer
 * @eventfd: a reference
 * @files: how many files have it
 * @told: the last notification that it has been told of
 */
struct mapbuf_watch {
	struct list_head link;
	struct eventfd_ctx *eventfd;
	unsigned int files;
	u64 told;
};

static struct workqueue_struct *notify_queue;

/*
 * Tell each eventfd of one notification, or of all up to @last where that can
 * be done at once.  The caller holds wake_lock of @buf.  Returns whether some
 * are left behind.
 */
static bool tell_eventfds(struct mapbuf_buffer *buf, u64 last)
{
	bool behind = false;

	mutex_lock(&buf->watch_lock);
	buf->next_watch = buf->watches.next;
	while (buf->next_watch != &buf->watches) {
		struct mapbuf_watch *watch =
			list_entry(buf->next_watch, struct mapbuf_watch, link);

		buf->next_watch = watch->link.next;
		if (watch->told < last)
			watch->told += mapbuf_eventfd_signal(watch->eventfd,
							     last - watch->told);
		behind |= watch->told < last;
		if (buf->next_watch == &buf->watches)
			break;
		/* Meanwhile others can add watches, and take them away. */
		mutex_unlock(&buf->watch_lock);
		cond_resched();
		mutex_lock(&buf->watch_lock);
	}
	mutex_unlock(&buf->watch_lock);
	return behind;
}

/*
 * As wake_up_poll(), but WAKE_BATCH of them only.  The caller is the only one
 * that walks the list.  @mark, not in any list at first, keeps the place in it;
 * returns false when it is at the end.
 */
static bool wake_some(struct wait_queue_head *waiters, __poll_t events,
		      struct wait_queue_entry *mark)
{
	unsigned int left = WAKE_BATCH;
	struct wait_queue_entry *at, *next;
	bool more = false;

	spin_lock_irq(&waiters->lock);
	at = list_first_entry(&waiters->head, typeof(*at), entry);
	if (!list_empty(&mark->entry)) {
		at = list_next_entry(mark, entry);
		list_del_init(&mark->entry);
	}
	list_for_each_entry_safe_from(at, next, &waiters->head, entry) {
		bool exclusive = at->flags & WQ_FLAG_EXCLUSIVE;
		int woken;

		if (!left--) {
			list_add_tail(&mark->entry, &at->entry);
			more = true;
			break;
		}
		woken = at->func(at, TASK_NORMAL, 0, poll_to_key(events));
		if (woken < 0 || (woken && exclusive))
			break;
	}
	spin_unlock_irq(&waiters->lock);
	return more;
}

/* The same, of all who poll, unless a signal comes: false then. */
static bool wake_all(struct mapbuf_buffer *buf, __poll_t events)
{
	struct wait_queue_entry mark = {};

	/* As with smp_mb() in poll: who comes now sees the new number. */
	if (!wq_has_sleeper(&buf->waiters))
		return true;
	INIT_LIST_HEAD(&mark.entry);
	while (wake_some(&buf->waiters, events, &mark)) {
		cond_resched();
		if (!fatal_signal_pending(current))
			continue;
		spin_lock_irq(&buf->waiters.lock);
		list_del(&mark.entry);
		spin_unlock_irq(&buf->waiters.lock);
		return false;
	}
	return true;
}

/* Tell everybody who waits what there is to tell; false as wake_all(). */
static bool tell_all(struct mapbuf_buffer *buf)
{
	u64 last = atomic64_read(&buf->sequence);
	__poll_t events = 0;

	lockdep_assert_held(&buf->wake_lock);
	/* See watch_add() for the order. */
	while (!list_empty(&buf->watches) && tell_eventfds(buf, last)) {
		if (fatal_signal_pending(current))
			return false;
	}

	if (buf->told != last)
		events |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(buf->gone))
		events |= EPOLLHUP;
	if (events && !wake_all(buf, events))
		return false;
	buf->told = last;
	return true;
}

static void notify_work(struct work_struct *work)
{
	struct mapbuf_buffer *buf =
		container_of(work, struct mapbuf_buffer, notify_work);

	mutex_lock(&buf->wake_lock);
	tell_all(buf);
	mutex_unlock(&buf->wake_lock);
}

/* Tell them now if nobody else is at it, else, or what is left, soon. */
static void tell_or_queue(struct mapbuf_buffer *buf)
{
	bool done = false;

	if (mutex_trylock(&buf->wake_lock)) {
		done = tell_all(buf);
		mutex_unlock(&buf->wake_lock);
	}
	if (!done)
		queue_work(notify_queue, &buf->notify_work);
}

/**
 * mapbuf_notify_start() - prepare for buffers to be notified
 *
 * Return: 0, or -ENOMEM.
 */
int mapbuf_notify_start(void)
{
	notify_queue = alloc_workqueue("mapbuf-notify", WQ_UNBOUND | WQ_HIGHPRI, 0);
	return notify_queue ? 0 : -ENOMEM;
}

/** mapbuf_notify_stop() - undo mapbuf_notify_start(); there are no buffers */
void mapbuf_notify_stop(void)
{
	destroy_workqueue(notify_queue);
}

/**
 * mapbuf_notify_init() - prepare a new buffer
 * @buf: the buffer
 */
void mapbuf_notify_init(struct mapbuf_buffer *buf)
{
	mutex_init(&buf->wake_lock);
	mutex_init(&buf->watch_lock);
	init_waitqueue_head(&buf->waiters);
	INIT_LIST_HEAD(&buf->watches);
	buf->next_watch = &buf->watches;
	INIT_WORK(&buf->notify_work, notify_work);
}

/**
 * mapbuf_notify_end() - nobody will be told anything any more
 * @buf: the buffer, without users
 *
 * Sleeps.
 */
void mapbuf_notify_end(struct mapbuf_buffer *buf)
{
	cancel_work_sync(&buf->notify_work);
}

/**
 * mapbuf_buffer_notify() - tell everybody who waits that there is new data
 * @buf: the buffer, which the caller is a user of
 *
 * Whatever was written to the buffer before is seen by who is woken up.  They
 * have been when this returns, unless somebody else notifies at this moment or
 * the caller is killed: then they will be.  Sleeps.
 *
 * Return: the number of this notification, the first of a buffer being 1.
 */
u64 mapbuf_buffer_notify(struct mapbuf_buffer *buf)
{
	u64 sequence = atomic64_inc_return(&buf->sequence);

	tell_or_queue(buf);
	return sequence;
}

/**
 * mapbuf_buffer_notify_soon() - the same from any context
 * @buf: the buffer, which the caller is a user of
 *
 * Takes the same short time whoever waits; a work item wakes them up.  Interrupt
 * handlers included, also those that a real-time kernel does not make threads.
 *
 * Return: the number of this notification.
 */
u64 mapbuf_buffer_notify_soon(struct mapbuf_buffer *buf)
{
	u64 sequence = atomic64_inc_return(&buf->sequence);

	queue_work(notify_queue, &buf->notify_work);
	return sequence;
}

/**
 * mapbuf_notify_gone() - tell everybody who waits that nothing will follow
 * @buf: the buffer, without a node from now on
 *
 * Sleeps.
 */
void mapbuf_notify_gone(struct mapbuf_buffer *buf)
{
	WRITE_ONCE(buf->gone, true);
	tell_or_queue(buf);
}

/**
 * mapbuf_file_init() - a file just opened has seen all there was before
 * @file: the file, its buffer set
 */
void mapbuf_file_init(struct mapbuf_file *file)
{
	atomic64_set(&file->seen, atomic64_read(&file->buf->sequence));
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
	u64 seen, sequence;

	/* In several threads at once: what has been seen stays so. */
	do {
		seen = atomic64_read(&file->seen);
		sequence = atomic64_read(&file->buf->sequence);
	} while (atomic64_cmpxchg(&file->seen, seen, sequence) != seen);
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
	struct mapbuf_file *opened = file->private_data;
	struct mapbuf_buffer *buf = opened->buf;
	__poll_t events = EPOLLOUT | EPOLLWRNORM;

	poll_wait(file, &buf->waiters, wait);
	/* With wake_some(): who is not in the list there sees the new number. */
	smp_mb();

	if (atomic64_read(&buf->sequence) != atomic64_read(&opened->seen))
		events |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(buf->gone))
		events |= EPOLLHUP;
	return events;
}

static struct mapbuf_watch *watch_find(struct mapbuf_buffer *buf,
				       struct eventfd_ctx *eventfd)
{
	struct mapbuf_watch *watch;

	list_for_each_entry(watch, &buf->watches, link) {
		if (watch->eventfd == eventfd)
			return watch;
	}
	return NULL;
}

static void watch_free(struct mapbuf_watch *watch)
{
	eventfd_ctx_put(watch->eventfd);
	kfree(watch);
}

static struct mapbuf_watch *watch_new(int fd)
{
	struct mapbuf_watch *watch = kzalloc(sizeof(*watch), GFP_KERNEL);
	struct eventfd_ctx *eventfd;

	if (!watch)
		return ERR_PTR(-ENOMEM);
	eventfd = eventfd_ctx_fdget(fd);
	if (IS_ERR(eventfd)) {
		kfree(watch);
		return ERR_CAST(eventfd);
	}
	watch->eventfd = eventfd;
	return watch;
}

/* One more file has it; notifications that come after this are told to it. */
static void watch_hold(struct mapbuf_buffer *buf, struct mapbuf_watch *watch)
{
	if (watch->files++)
		return;
	list_add_tail(&watch->link, &buf->watches);
	buf->nr_watches++;
	/* With atomic64_inc_return(): tell_all() finds it, or it is told here. */
	smp_mb();
	watch->told = atomic64_read(&buf->sequence);
}

static void watch_put(struct mapbuf_buffer *buf, struct mapbuf_watch *watch)
{
	if (--watch->files)
		return;
	if (buf->next_watch == &watch->link)
		buf->next_watch = watch->link.next;
	list_del(&watch->link);
	buf->nr_watches--;
	watch_free(watch);
}

/* Let @file have @new, which is NULL or not in the list yet. */
static int watch_swap(struct mapbuf_file *file, struct mapbuf_watch *new)
{
	struct mapbuf_watch *old = file->watch, *same = NULL;
	struct mapbuf_buffer *buf = file->buf;
	bool frees = old && old->files == 1;

	if (new)
		same = watch_find(buf, new->eventfd);
	if (new && !same && buf->nr_watches - frees >= mapbuf_max_eventfds())
		return -ENOSPC;

	file->watch = same ?: new;
	if (file->watch)
		watch_hold(buf, file->watch);
	if (old)
		watch_put(buf, old);
	if (same)
		watch_free(new);
	return 0;
}

/**
 * mapbuf_file_eventfd() - choose the eventfd that notifications signal
 * @file: the file; it had one eventfd at most, which is let go
 * @fd: an eventfd of the caller, or -1 for none
 *
 * What was let go is not signalled any more when this returns, unless another
 * file has it.  Sleeps, as long as it takes to signal one eventfd.
 *
 * Return: 0, -ENOMEM, -ENOSPC if the buffer has mapbuf_max_eventfds() others, or
 * an error of eventfd_ctx_fdget().
 */
int mapbuf_file_eventfd(struct mapbuf_file *file, int fd)
{
	struct mapbuf_watch *watch = fd >= 0 ? watch_new(fd) : NULL;
	int err;

	if (IS_ERR(watch))
		return PTR_ERR(watch);

	mutex_lock(&file->buf->watch_lock);
	err = watch_swap(file, watch);
	mutex_unlock(&file->buf->watch_lock);
	if (err)
		watch_free(watch);
	return err;
}

/**
 * mapbuf_file_end() - a file that nobody has any more
 * @file: the file
 */
void mapbuf_file_end(struct mapbuf_file *file)
{
	if (file->watch)
		mapbuf_file_eventfd(file, -1);
}
