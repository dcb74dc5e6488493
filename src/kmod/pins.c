// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of buffers that are gone and that somebody still has pinned.
 *
 * It counts against max_bytes until the pins are gone.  The kernel tells nobody
 * when that happens, so such pieces keep their reference, and are looked at now
 * and then, and whenever it matters how much there is.
 */
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>

#include "mapbuf.h"

/* How long memory may stay when its last pin is gone and nobody wants to know. */
#define PINS_INTERVAL HZ

/* pins_lock protects pinned_buffers and pinned_pages. */
static DEFINE_MUTEX(pins_lock);
static LIST_HEAD(pinned_buffers);
static unsigned long pinned_pages;

static void pins_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(pins_again, pins_work);

/* Gives back what is not pinned, or all of it. */
static void pins_free(struct mapbuf_buffer *buf, bool pinned_too)
{
	unsigned long left = mapbuf_pages_free(buf, pinned_too);

	mapbuf_registry_uncharge(buf->pinned_pages - left);
	pinned_pages -= buf->pinned_pages - left;
	buf->pinned_pages = left;
	if (left)
		return;
	list_del(&buf->pinned_link);
	mapbuf_buffer_drop(buf);
}

static void pins_free_all(bool pinned_too)
{
	struct mapbuf_buffer *buf, *next;

	list_for_each_entry_safe(buf, next, &pinned_buffers, pinned_link)
		pins_free(buf, pinned_too);
}

static void pins_work(struct work_struct *work)
{
	mutex_lock(&pins_lock);
	pins_free_all(false);
	if (!list_empty(&pinned_buffers))
		schedule_delayed_work(&pins_again, PINS_INTERVAL);
	mutex_unlock(&pins_lock);
}

/**
 * mapbuf_pins_keep() - keep what is pinned of a buffer that is gone
 * @buf: the buffer; nothing refers to it but the caller, whose reference to
 *	 it is given up
 * @pages: how many are still there, not 0; they are charged
 */
void mapbuf_pins_keep(struct mapbuf_buffer *buf, unsigned long pages)
{
	mutex_lock(&pins_lock);
	buf->pinned_pages = pages;
	pinned_pages += pages;
	list_add_tail(&buf->pinned_link, &pinned_buffers);
	schedule_delayed_work(&pins_again, PINS_INTERVAL);
	mutex_unlock(&pins_lock);
}

/**
 * mapbuf_pins_collect() - give back what is no longer pinned
 *
 * Sleeps.
 *
 * Return: how many pages of buffers that are gone are still pinned.
 */
unsigned long mapbuf_pins_collect(void)
{
	unsigned long left;

	mutex_lock(&pins_lock);
	pins_free_all(false);
	left = pinned_pages;
	mutex_unlock(&pins_lock);
	return left;
}

/** mapbuf_pins_stop() - leave to whoever has pages pinned to free them */
void mapbuf_pins_stop(void)
{
	cancel_delayed_work_sync(&pins_again);
	mutex_lock(&pins_lock);
	pins_free_all(true);
	mutex_unlock(&pins_lock);
}
