// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers that belong to a device.
 *
 * The memory is chosen so that the device reaches it, and mapped for the device
 * while the buffer lives.  A driver may have the device, or none: then what its
 * bus does for a driver's sake is done here.  When a driver comes or goes, DMA is
 * set up anew, so the memory is unmapped before that, and mapped again for the next
 * driver.  When the device goes, the buffer stays, without an address for it.  Memory
 * that is the device's own goes with the driver or the device, and the buffer stays
 * without.
 */
#include <linux/device.h>
#include <linux/dma-direct.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/scatterlist.h>
#include <linux/sysfs.h>

#include "backing.h"
#include "device.h"
#include "dmabuf.h"
#include "mapbuf.h"
#include "range.h"

/*
 * devices_lock protects the list of buffers that belong to a device, and of each
 * device_gone, device_linked, device_translated and changes of device_map.  Taken
 * under the lock of a device; dma_lock is taken under it.
 */
static DEFINE_MUTEX(devices_lock);
static LIST_HEAD(devices);

#define ANYWHERE 0
#define NOWHERE 1

/* Physical memory that the device reaches is below 2 to the power of this. */
static u32 reach_of(struct device *dev)
{
	u64 last = min_not_zero(dma_get_mask(dev), dev->bus_dma_limit), most = 0;
	const struct bus_dma_region *region = dev->dma_range_map;

	if (mapbuf_dma_is_translated(dev))
		return ANYWHERE;
	if (!region)
		return fls64(last);
	for (; region->size; region++) {
		if (region->dma_start <= last)
			most = max_t(u64, most, region->cpu_start +
				     min_t(u64, region->size - 1,
					   last - region->dma_start));
	}
	return most ? fls64(most) : NOWHERE;
}

static void lock_device(const struct mapbuf_spec *spec)
{
	if (!spec->device_is_locked)
		device_lock(spec->device);
}

static void unlock_device(const struct mapbuf_spec *spec)
{
	if (!spec->device_is_locked)
		device_unlock(spec->device);
}

/* Under the lock of the device. */
static int check_device(const struct mapbuf_spec *spec)
{
	struct device *dev = spec->device;

	if (!mapbuf_device_is_on_bus(dev) || !dev->dma_mask)
		return -EOPNOTSUPP;
	if (dev->driver && !spec->device_is_locked)
		return mapbuf_device_is_managed(dev) ? -EBUSY : 0;
	return dev->driver ? 0 : mapbuf_device_set_up_dma(dev, spec->asked_bits);
}

/**
 * mapbuf_device_choose() - choose memory that a device reaches
 * @spec: what the buffer is to be; @spec->device is set.  Changed so that the memory
 *	  is in reach, and on the node of the device, unless another one is asked for
 *
 * Sleeps.
 *
 * Return: 0, -EBUSY if its driver manages DMA by itself, -EOPNOTSUPP if it does no
 * DMA, or it is not known how; -EIO if its addresses are too short for the memory
 * that it could reach; or an error of setting that up.
 */
int mapbuf_device_choose(struct mapbuf_spec *spec)
{
	struct device *dev = spec->device;
	int err, node = dev_to_node(dev);
	u32 bits = 0;

	lock_device(spec);
	err = check_device(spec);
	if (!err)
		bits = reach_of(dev);
	unlock_device(spec);
	if (!err && bits == NOWHERE)
		err = -EIO;
	if (err)
		return err;
	/* Behind an IOMMU the bits are those of its addresses, not of memory. */
	if (bits == ANYWHERE)
		spec->dma_bits = 0;
	else if (!spec->dma_bits || bits < spec->dma_bits)
		spec->dma_bits = max_t(u32, bits, MAPBUF_MIN_DMA_BITS);
	if (spec->numa_node == NUMA_NO_NODE && !spec->ops->free &&
	    node != NUMA_NO_NODE && node_state(node, N_MEMORY)) {
		spec->numa_node = node;
		spec->node_is_devices = true;
	}
	return 0;
}

/*
 * Memory that is the device's own is given back while the kernel still knows how the
 * device reaches memory.  When a driver comes or goes, some forget that before its
 * last event: what an IOMMU does where the device tree says so, and who has a pool.
 */
static bool is_forgotten_early(const struct mapbuf_buffer *buf)
{
#ifdef CONFIG_DMA_DECLARE_COHERENT
	if (buf->spec.device->dma_mem)
		return true;
#endif
#ifdef CONFIG_DMA_CMA
	if (buf->spec.device->cma_area)
		return true;
#endif
	return buf->device_translated && !IS_ENABLED(CONFIG_X86);
}

/* Under devices_lock, and the lock of the device. */
static int memory_take(struct mapbuf_buffer *buf)
{
	if (!buf->spec.ops->of_device)
		return 0;
	buf->device_translated = mapbuf_dma_is_translated(buf->spec.device);
	return buf->spec.ops->alloc(buf);
}

/* Under devices_lock.  Returns whether there was any. */
static bool memory_give_back(struct mapbuf_buffer *buf)
{
	if (!buf->spec.ops->of_device || !buf->kaddr)
		return false;
	mapbuf_range_revoke(buf);
	buf->spec.ops->free(buf);
	WRITE_ONCE(buf->kaddr, NULL);
	return true;
}

/* The same, when its users do not expect it. */
static void memory_lose(struct mapbuf_buffer *buf)
{
	if (memory_give_back(buf))
		pr_warn("mapbuf: buffer \"%s\" has lost its memory: it was that of %s and its driver, which has gone; destroy the buffer\n",
			buf->spec.name, dev_name(buf->spec.device));
}

/* Under devices_lock, and the lock of the device. */
static int device_map(struct mapbuf_buffer *buf)
{
	struct mapbuf_dma_map *map;

	if (buf->device_gone)
		return -ENODEV;
	map = mapbuf_dma_map(buf, buf->spec.device, 0, buf->nr_pages,
			     DMA_BIDIRECTIONAL);
	if (IS_ERR(map))
		return PTR_ERR(map);
	mutex_lock(&buf->dma_lock);
	buf->device_map = map;
	buf->device_hidden = false;
	mutex_unlock(&buf->dma_lock);
	buf->device_translated = mapbuf_dma_is_translated(buf->spec.device);
	return 0;
}

/* Whoever reads "dma_addr" in sysfs with poll() is woken up. */
static void address_changed(struct mapbuf_buffer *buf)
{
	if (buf->device_linked)
		sysfs_notify(&buf->dev.kobj, NULL, "dma_addr");
}

/* Under devices_lock.  Nobody is told the address any more. */
static void device_hide(struct mapbuf_buffer *buf)
{
	mutex_lock(&buf->dma_lock);
	buf->device_hidden = true;
	mutex_unlock(&buf->dma_lock);
	address_changed(buf);
}

/* Under devices_lock. */
static void device_unmap(struct mapbuf_buffer *buf)
{
	struct mapbuf_dma_map *map = buf->device_map;

	if (!map)
		return;
	mutex_lock(&buf->dma_lock);
	buf->device_map = NULL;
	mutex_unlock(&buf->dma_lock);
	mapbuf_dma_unmap(buf, map);
	address_changed(buf);
}

/**
 * mapbuf_device_attach() - map a new buffer for its device
 * @buf: the buffer, which has its memory, unless that comes from the device
 *
 * On an error mapbuf_device_detach() undoes it all the same.  Sleeps.
 *
 * Return: 0; -ENODEV if the device has gone; or an error of the store or of
 * mapbuf_dma_map().
 */
int mapbuf_device_attach(struct mapbuf_buffer *buf)
{
	struct device *dev = buf->spec.device;
	int err = -ENODEV;

	if (!dev)
		return 0;
	if (!mapbuf_dma_can_map(buf, 0, buf->spec.bytes))
		return -EOPNOTSUPP;
	lock_device(&buf->spec);
	mutex_lock(&devices_lock);
	list_add(&buf->device_link, &devices);
	/* One that goes from now on finds it in the list. */
	if (mapbuf_device_is_on_bus(dev))
		err = memory_take(buf);
	if (!err)
		err = device_map(buf);
	mutex_unlock(&devices_lock);
	unlock_device(&buf->spec);
	/* Memory alone is not what it lacks. */
	return err == -EINVAL || err == -EREMOTEIO ? -EIO : err;
}

/**
 * mapbuf_device_detach() - undo mapbuf_device_attach()
 * @buf: the buffer, without users, not yet its memory
 *
 * Sleeps.
 */
void mapbuf_device_detach(struct mapbuf_buffer *buf)
{
	if (!buf->spec.device)
		return;
	mutex_lock(&devices_lock);
	list_del_init(&buf->device_link);
	device_unmap(buf);
	memory_give_back(buf);
	mutex_unlock(&devices_lock);
}

/**
 * mapbuf_device_link() - show in sysfs what device a buffer belongs to
 * @buf: the buffer, its own device just added
 */
void mapbuf_device_link(struct mapbuf_buffer *buf)
{
	struct device *dev = buf->spec.device;

	if (!dev)
		return;
	mutex_lock(&devices_lock);
	buf->device_linked = !buf->device_gone &&
			     !sysfs_create_link(&buf->dev.kobj, &dev->kobj,
						"device");
	mutex_unlock(&devices_lock);
}

/* Under devices_lock. */
static void device_unlink(struct mapbuf_buffer *buf)
{
	if (buf->device_linked)
		sysfs_remove_link(&buf->dev.kobj, "device");
	buf->device_linked = false;
}

/**
 * mapbuf_device_unlink() - undo mapbuf_device_link()
 * @buf: the buffer, its own device about to go
 */
void mapbuf_device_unlink(struct mapbuf_buffer *buf)
{
	if (!buf->spec.device)
		return;
	mutex_lock(&devices_lock);
	device_unlink(buf);
	mutex_unlock(&devices_lock);
}

/* Under devices_lock.  Its driver, if it has one, has still to stop the device. */
static void device_leaves(struct mapbuf_buffer *buf, bool left)
{
	if (!buf->device_gone)
		pr_warn("mapbuf: buffer \"%s\" has no address any more: its device %s has been removed\n",
			buf->spec.name, dev_name(buf->spec.device));
	buf->device_gone = true;
	device_hide(buf);
	device_unlink(buf);
	if (left || !buf->spec.device->driver) {
		device_unmap(buf);
		memory_lose(buf);
	}
}

/* Under devices_lock, and the lock of the device. */
static void driver_came(struct mapbuf_buffer *buf)
{
	int err;

	if (buf->device_map || mapbuf_range_gone(buf) ||
	    mapbuf_device_is_managed(buf->spec.device))
		return;
	err = device_map(buf);
	if (err)
		pr_warn("mapbuf: buffer \"%s\" cannot be mapped for %s, which has a new driver: %d\n",
			buf->spec.name, dev_name(buf->spec.device), err);
	address_changed(buf);
}

/*
 * Under devices_lock, and the lock of the device.  The driver has still to stop the
 * device.  What it does until then meets nothing behind an IOMMU.  Else the mapping
 * stays so long, as bounce buffers would be given to others; but where what a bus
 * sees elsewhere is forgotten before we are told again, it cannot.
 */
static void driver_leaves(struct mapbuf_buffer *buf)
{
	device_hide(buf);
	if (buf->device_translated || buf->spec.device->dma_range_map)
		device_unmap(buf);
	if (is_forgotten_early(buf))
		memory_lose(buf);
}

static void buffer_event(struct mapbuf_buffer *buf, unsigned long event)
{
	switch (event) {
	case BUS_NOTIFY_BIND_DRIVER:
		device_unmap(buf);
		break;
	case BUS_NOTIFY_DRIVER_NOT_BOUND:
		device_unmap(buf);
		if (is_forgotten_early(buf))
			memory_lose(buf);
		break;
	case BUS_NOTIFY_UNBOUND_DRIVER:
		device_unmap(buf);
		memory_lose(buf);
		break;
	case BUS_NOTIFY_BOUND_DRIVER:
		driver_came(buf);
		break;
	case BUS_NOTIFY_UNBIND_DRIVER:
		driver_leaves(buf);
		break;
	case BUS_NOTIFY_DEL_DEVICE:
		device_leaves(buf, false);
		break;
	case BUS_NOTIFY_REMOVED_DEVICE:
		device_leaves(buf, true);
		break;
	}
}

/**
 * mapbuf_device_event() - something happens to a device
 * @dev: the device
 * @event: BUS_NOTIFY_...
 *
 * Sleeps.
 */
void mapbuf_device_event(const struct device *dev, unsigned long event)
{
	struct mapbuf_buffer *buf;

	mutex_lock(&devices_lock);
	list_for_each_entry(buf, &devices, device_link) {
		if (buf->spec.device == dev)
			buffer_event(buf, event);
	}
	mutex_unlock(&devices_lock);
}

/**
 * mapbuf_device_address() - where a device finds a part of its buffer
 * @buf: the buffer; the caller keeps it from being freed
 * @offset: of the part, in bytes
 * @address: set to the address that the device uses
 * @bytes: set to how long it goes on from there, up to the end of the buffer
 *
 * Sleeps.
 *
 * Return: 0, -EINVAL if @offset is not in the buffer, or -ENODEV if it is not mapped
 * for its device, or has none.
 */
int mapbuf_device_address(struct mapbuf_buffer *buf, u64 offset, u64 *address,
			  u64 *bytes)
{
	const struct mapbuf_dma_map *map;
	struct scatterlist *sg;
	int err = -ENODEV, i;
	u64 at = 0, end = 0;

	if (offset >= buf->spec.bytes)
		return -EINVAL;
	mutex_lock(&buf->dma_lock);
	map = buf->device_hidden ? NULL : buf->device_map;
	if (!map)
		goto unlock;
	for_each_sgtable_dma_sg(&map->table, sg, i) {
		if (err && offset < at + sg_dma_len(sg)) {
			*address = sg_dma_address(sg) + offset - at;
			end = sg_dma_address(sg) + sg_dma_len(sg);
			err = 0;
		} else if (!err && sg_dma_address(sg) == end) {
			end += sg_dma_len(sg);
		} else if (!err) {
			break;
		}
		at += sg_dma_len(sg);
	}
	*bytes = end - *address;
unlock:
	mutex_unlock(&buf->dma_lock);
	return err;
}
