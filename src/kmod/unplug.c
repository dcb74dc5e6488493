// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reserved ranges that are of a device, and what becomes of them without it.
 *
 * A range is claimed in /proc/iomem, below the BAR or the region it lies in, and
 * the kernel lets that go with its device, claims or not.  Another device may
 * then get the addresses.  So before they are free, whatever maps the range
 * through this module is taken away for good, and the claim, too.
 *
 * Nobody can stop a device that has been given addresses in the range, nor another
 * module that has mapbuf_vmap() of it.
 */
#include <linux/ioport.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/slab.h>

#include "device.h"
#include "mapbuf.h"
#include "range.h"

/*
 * claims_lock protects the list of buffers that have a claim, and each claim.
 * Taken under the lock of PCI for devices that come and go.
 */
static DEFINE_MUTEX(claims_lock);
static LIST_HEAD(claims);

/*
 * No PCI device is half removed while a range is claimed: one that has been told of
 * already would not be told of again.  (Before 6.18 virtual functions go without
 * this lock.)
 */
static void lock_removal(void)
{
#ifdef CONFIG_PCI
	pci_lock_rescan_remove();
#endif
	mutex_lock(&claims_lock);
}

static void unlock_removal(void)
{
	mutex_unlock(&claims_lock);
#ifdef CONFIG_PCI
	pci_unlock_rescan_remove();
#endif
}

/**
 * mapbuf_range_claim() - claim the range of a new buffer
 * @buf: the buffer
 *
 * Sleeps.
 *
 * Return: 0, or -EBUSY if any part of the range is claimed.
 */
int mapbuf_range_claim(struct mapbuf_buffer *buf)
{
	const struct mapbuf_spec *spec = &buf->spec;

	lock_removal();
	buf->claim = request_mem_region(spec->phys_addr, spec->bytes,
					spec->name);
	if (buf->claim)
		list_add(&buf->claims_link, &claims);
	unlock_removal();
	return buf->claim ? 0 : -EBUSY;
}

/*
 * Not by its addresses, which may be those of another one by now, when its parent
 * has been moved.  Under claims_lock.
 */
static void claim_release(struct mapbuf_buffer *buf)
{
	list_del(&buf->claims_link);
	release_resource(buf->claim);
	kfree(buf->claim);
	buf->claim = NULL;
}

/**
 * mapbuf_range_release() - undo mapbuf_range_claim()
 * @buf: the buffer, of which the device may have gone
 */
void mapbuf_range_release(struct mapbuf_buffer *buf)
{
	mutex_lock(&claims_lock);
	if (buf->claim)
		claim_release(buf);
	mutex_unlock(&claims_lock);
}

/* Under claims_lock. */
static void range_revoke(struct mapbuf_buffer *buf, const struct device *dev)
{
	mapbuf_range_revoke(buf);
	claim_release(buf);
	pr_warn("mapbuf: buffer \"%s\" has lost its memory: %s has been removed; destroy the buffer\n",
		buf->spec.name, dev_name(dev));
}

/* The resources of a device that are in the tree of /proc/iomem, if it has such. */
static const struct resource *resources_of(struct device *dev, unsigned int *n)
{
#ifdef CONFIG_PCI
	if (dev_is_pci(dev)) {
		*n = ARRAY_SIZE(to_pci_dev(dev)->resource);
		return to_pci_dev(dev)->resource;
	}
#endif
	if (dev->bus == &platform_bus_type) {
		*n = to_platform_device(dev)->num_resources;
		return to_platform_device(dev)->resource;
	}
	*n = 0;
	return NULL;
}

/* Whether a claim is below a resource of a device. */
static bool claim_is_of(const struct resource *claim, struct device *dev)
{
	const struct resource *all, *at;
	unsigned int n;

	all = resources_of(dev, &n);
	for (at = claim->parent; n && at; at = at->parent) {
		if (at >= all && at < all + n)
			return true;
	}
	return false;
}

/*
 * A device is about to leave its bus, or has; then, its resources the tree.  The
 * second time is for what claimed in between, where no lock keeps it from that.
 */
static int device_event(struct notifier_block *block, unsigned long event,
			void *data)
{
	struct mapbuf_buffer *buf, *next;
	struct device *dev = data;

	mapbuf_device_event(dev, event);
	if (event != BUS_NOTIFY_DEL_DEVICE && event != BUS_NOTIFY_REMOVED_DEVICE)
		return NOTIFY_DONE;

	mutex_lock(&claims_lock);
	list_for_each_entry_safe(buf, next, &claims, claims_link) {
		if (claim_is_of(buf->claim, dev))
			range_revoke(buf, dev);
	}
	mutex_unlock(&claims_lock);
	return NOTIFY_DONE;
}

/*
 * Before others of the kernel hear of it: the IOMMU that forgets a device, and what
 * looks for mappings that a driver has left behind.
 */
#define FIRST 1

static struct notifier_block pci_events = {
	.notifier_call = device_event,
	.priority = FIRST,
};

static struct notifier_block platform_events = {
	.notifier_call = device_event,
	.priority = FIRST,
};

/**
 * mapbuf_unplug_start() - hear of devices that are removed, from now on
 *
 * Return: 0, or an error of mapbuf_device_watch().
 */
int mapbuf_unplug_start(void)
{
	return mapbuf_device_watch(&platform_events, &pci_events);
}

/** mapbuf_unplug_stop() - undo mapbuf_unplug_start(); there are no buffers */
void mapbuf_unplug_stop(void)
{
	mapbuf_device_unwatch(&platform_events, &pci_events);
}
