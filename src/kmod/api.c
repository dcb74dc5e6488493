// SPDX-License-Identifier: GPL-2.0-only
/*
 * The interface for other modules, see <linux/mapbuf.h>.
 *
 * But for mapbuf_notify(), mapbuf_get() and mapbuf_size() all of it sleeps.
 * Whoever has a buffer from mapbuf_create(), mapbuf_find() or mapbuf_get() is
 * one of its users until mapbuf_put() or mapbuf_destroy(): its memory stays,
 * though an administrator may take away its name.
 */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/string.h>

#include "backing.h"
#include "device.h"
#include "dmabuf.h"
#include "mapbuf.h"
#include "vmap.h"

/**
 * mapbuf_create() - make a buffer, filled with zeroes, and its node
 * @attr: what it is to be
 *
 * Processes can use it at once.  Context: process; sleeps, for long.
 *
 * Return: the buffer, of which the caller is a user, to be given back with
 * mapbuf_destroy() or mapbuf_put(); or an error that struct mapbuf_create of
 * the uapi header lists.
 */
struct mapbuf_buffer *mapbuf_create(const struct mapbuf_attr *attr)
{
	struct mapbuf_spec spec = {
		.bytes = attr->bytes,
		.ops = mapbuf_backing_find(attr->backing),
		.numa_node = attr->flags & MAPBUF_CREATE_NUMA_NODE ?
			     attr->numa_node : NUMA_NO_NODE,
		.dma_bits = attr->dma_bits,
		.flags = attr->flags,
		.uid = attr->uid,
		.gid = attr->gid,
		.mode = attr->flags & MAPBUF_CREATE_MODE ? attr->mode : 0,
		.device = attr->dev,
		.device_is_locked = true,
	};
	struct mapbuf_buffer *buf;
	int err;

	if (attr->flags & ~MAPBUF_CREATE_KNOWN ||
	    attr->backing == MAPBUF_BACKING_RESERVED ||
	    strscpy(spec.name, attr->name, sizeof(spec.name)) < 0)
		return ERR_PTR(-EINVAL);

	buf = mapbuf_buffer_alloc(&spec);
	if (IS_ERR(buf))
		return buf;
	mapbuf_get(buf);
	err = mapbuf_buffer_publish(buf);
	if (err) {
		mapbuf_put(buf);
		return ERR_PTR(err);
	}
	mapbuf_registry_announce(buf);
	return buf;
}
EXPORT_SYMBOL_GPL(mapbuf_create);

/**
 * mapbuf_destroy() - take away name and node of a buffer, and stop using it
 * @buf: from mapbuf_create()
 *
 * The memory goes with the last user.  An administrator may have destroyed the
 * buffer before.  Context: process; sleeps.
 */
void mapbuf_destroy(struct mapbuf_buffer *buf)
{
	mapbuf_buffer_retire(buf);
	mapbuf_put(buf);
}
EXPORT_SYMBOL_GPL(mapbuf_destroy);

/**
 * mapbuf_find() - become a user of a buffer
 * @name: its name
 *
 * A buffer that is cleared between its users (MAPBUF_CREATE_ZERO_LAST_CLOSE) is
 * waited for, and not cleared again before it is put.  Context: process; sleeps.
 *
 * Return: the buffer, to be given back with mapbuf_put(); -ENOENT; -ENODEV if it is
 * a range whose device has been removed; -EBUSY if
 * pages are pinned that the last user left; or -EINTR when a signal arrives
 * while it is cleared.
 */
struct mapbuf_buffer *mapbuf_find(const char *name)
{
	char key[MAPBUF_NAME_SIZE] = "";
	struct mapbuf_buffer *buf;

	if (strscpy(key, name, sizeof(key)) < 0)
		return ERR_PTR(-ENOENT);
	buf = mapbuf_buffer_find(key);
	return buf == ERR_PTR(-ERESTARTSYS) ? ERR_PTR(-EINTR) : buf;
}
EXPORT_SYMBOL_GPL(mapbuf_find);

/**
 * mapbuf_get() - become a user once more
 * @buf: a buffer that the caller is a user of
 *
 * Context: any.
 *
 * Return: @buf.
 */
struct mapbuf_buffer *mapbuf_get(struct mapbuf_buffer *buf)
{
	return mapbuf_buffer_hold(buf);
}
EXPORT_SYMBOL_GPL(mapbuf_get);

/**
 * mapbuf_put() - stop being a user
 * @buf: the buffer
 *
 * The last user frees the memory.  Context: process; sleeps.
 */
void mapbuf_put(struct mapbuf_buffer *buf)
{
	mapbuf_buffer_put(buf);
}
EXPORT_SYMBOL_GPL(mapbuf_put);

/**
 * mapbuf_size() - size of a buffer
 * @buf: a buffer that the caller is a user of
 *
 * Context: any.
 *
 * Return: bytes, a multiple of PAGE_SIZE.
 */
size_t mapbuf_size(const struct mapbuf_buffer *buf)
{
	return buf->spec.bytes;
}
EXPORT_SYMBOL_GPL(mapbuf_size);

/**
 * mapbuf_vmap() - the buffer in the address space of the kernel
 * @buf: a buffer that the caller is a user of
 *
 * In one piece, for as long as the caller is a user.  It stays mapped until
 * the memory is freed.  Context: process; sleeps.
 *
 * The range of a device that is removed is taken away from processes, but not from
 * the caller, which must stop using it then, as any driver must.
 *
 * Return: the address, -ENOMEM, -EIO if a page has a memory error, -ENODEV for a
 * range whose device has been removed, or
 * -EOPNOTSUPP for a reserved range that is not cached: that is for the accessors
 * of I/O memory.
 */
void *mapbuf_vmap(struct mapbuf_buffer *buf)
{
	return mapbuf_buffer_vmap(buf);
}
EXPORT_SYMBOL_GPL(mapbuf_vmap);

/**
 * mapbuf_sg_table() - the pages of a buffer
 * @buf: a buffer that the caller is a user of
 * @offset: of the first byte, a multiple of PAGE_SIZE
 * @bytes: length, a multiple of PAGE_SIZE, not 0
 * @table: filled in; adjacent pages are one entry.  To be freed with
 *	   sg_free_table() before the buffer is put.
 *
 * For a device use mapbuf_sg_table_for().  The pages are not mapped for it yet,
 * dma_map_sgtable() does that.
 * Context: process; sleeps.
 *
 * Return: 0, -EINVAL for a range that is not of the buffer, -ENOMEM, -EIO if a
 * page of it has a memory error, or -EOPNOTSUPP for a reserved range or a coherent
 * buffer, which have no pages.
 */
int mapbuf_sg_table(struct mapbuf_buffer *buf, size_t offset, size_t bytes,
		    struct sg_table *table)
{
	if (!mapbuf_range_valid(buf, offset, bytes))
		return -EINVAL;
	return mapbuf_buffer_sg_table(buf, NULL, offset >> PAGE_SHIFT,
				      bytes >> PAGE_SHIFT, table);
}
EXPORT_SYMBOL_GPL(mapbuf_sg_table);

/**
 * mapbuf_sg_table_for() - the same, in entries that a device takes
 * @buf: a buffer that the caller is a user of
 * @dev: the device; its masks and limits set
 * @offset: as for mapbuf_sg_table()
 * @bytes: as for mapbuf_sg_table()
 * @table: as for mapbuf_sg_table(); no entry is longer than
 *	   dma_get_max_seg_size() and dma_max_mapping_size() allow
 *
 * Context: process; sleeps.
 *
 * Return: as mapbuf_sg_table().
 */
int mapbuf_sg_table_for(struct mapbuf_buffer *buf, struct device *dev,
			size_t offset, size_t bytes, struct sg_table *table)
{
	if (!mapbuf_range_valid(buf, offset, bytes))
		return -EINVAL;
	return mapbuf_buffer_sg_table(buf, dev, offset >> PAGE_SHIFT,
				      bytes >> PAGE_SHIFT, table);
}
EXPORT_SYMBOL_GPL(mapbuf_sg_table_for);

/**
 * mapbuf_notify() - tell everybody who waits that there is new data
 * @buf: a buffer that the caller is a user of
 *
 * As MAPBUF_IOC_NOTIFY does.  The number is there at once; whoever waits is woken
 * up soon after by a thread of the kernel, so that they cannot delay the caller,
 * however many they are.  Context: any: interrupt handlers included, also those
 * with IRQF_NO_THREAD, and under raw spinlocks, on a real-time kernel.
 *
 * Return: the number of notifications so far.
 */
u64 mapbuf_notify(struct mapbuf_buffer *buf)
{
	return mapbuf_buffer_notify_soon(buf);
}
EXPORT_SYMBOL_GPL(mapbuf_notify);

/**
 * mapbuf_notify_cansleep() - the same, and wake them up before it returns
 * @buf: a buffer that the caller is a user of
 *
 * Saves the switch to another thread; for a handler that is one itself, as those
 * of request_threaded_irq() are.  Takes as long as waking up all who wait does,
 * can be interrupted meanwhile, and leaves the rest to that thread when the caller
 * is killed.  Context: process; sleeps.
 *
 * Return: the number of notifications so far.
 */
u64 mapbuf_notify_cansleep(struct mapbuf_buffer *buf)
{
	return mapbuf_buffer_notify(buf);
}
EXPORT_SYMBOL_GPL(mapbuf_notify_cansleep);

/**
 * mapbuf_map_sg() - map a part of a buffer for a device
 * @buf: a buffer that the caller is a user of
 * @dev: the device; its masks and limits set
 * @offset: of the first byte, a multiple of PAGE_SIZE
 * @bytes: length, a multiple of PAGE_SIZE, not 0
 * @direction: whether the device reads, writes, or both
 *
 * Entries are as mapbuf_sg_table_for() makes them.  The mapping is one more user of the
 * buffer, and whoever synchronizes that part (MAPBUF_IOC_SYNC, DMA_BUF_IOCTL_SYNC)
 * reaches the device, too.  Context: process; sleeps.
 *
 * Return: the table, of which only the addresses for the device count, to be given back
 * with mapbuf_unmap_sg() before the driver leaves the device; -EINVAL for a range that
 * is not of the buffer; -ENOMEM; -EIO if a page has a memory error; -ENODEV for a range
 * whose device has been removed; -EOPNOTSUPP for memory of another device; or an error
 * of dma_map_sgtable().
 */
struct sg_table *mapbuf_map_sg(struct mapbuf_buffer *buf, struct device *dev,
			       size_t offset, size_t bytes,
			       enum dma_data_direction direction)
{
	struct mapbuf_dma_map *map;

	if (!mapbuf_range_valid(buf, offset, bytes))
		return ERR_PTR(-EINVAL);
	if (!mapbuf_dma_can_map(buf, offset, bytes))
		return ERR_PTR(-EOPNOTSUPP);
	map = mapbuf_dma_map(buf, dev, offset >> PAGE_SHIFT, bytes >> PAGE_SHIFT,
			     direction);
	if (IS_ERR(map))
		return ERR_CAST(map);
	mapbuf_get(buf);
	return &map->table;
}
EXPORT_SYMBOL_GPL(mapbuf_map_sg);

/**
 * mapbuf_unmap_sg() - undo mapbuf_map_sg()
 * @buf: the buffer
 * @table: what that returned
 *
 * The device uses none of the addresses any more.  Context: process; sleeps.
 */
void mapbuf_unmap_sg(struct mapbuf_buffer *buf, struct sg_table *table)
{
	mapbuf_dma_unmap(buf, container_of(table, struct mapbuf_dma_map, table));
	mapbuf_put(buf);
}
EXPORT_SYMBOL_GPL(mapbuf_unmap_sg);

/**
 * mapbuf_sync() - synchronize a part of a buffer with the devices that have it mapped
 * @buf: a buffer that the caller is a user of
 * @offset: of the first byte
 * @bytes: length, not 0
 * @direction: what the devices do: DMA_TO_DEVICE, DMA_FROM_DEVICE or DMA_BIDIRECTIONAL
 * @for_cpu: before processors access it; else before devices do
 *
 * As MAPBUF_IOC_SYNC does.  Context: process; sleeps.
 *
 * Return: 0; -EINVAL if the part is not within the buffer; -ENODEV if no device has it
 * mapped; or -EOPNOTSUPP where that cannot be done.
 */
int mapbuf_sync(struct mapbuf_buffer *buf, size_t offset, size_t bytes,
		enum dma_data_direction direction, bool for_cpu)
{
	if (!bytes || offset >= buf->spec.bytes ||
	    bytes > buf->spec.bytes - offset || !valid_dma_direction(direction))
		return -EINVAL;
	return mapbuf_dma_sync(buf, offset, offset + bytes, direction, for_cpu);
}
EXPORT_SYMBOL_GPL(mapbuf_sync);

/**
 * mapbuf_dma_buf() - a dma-buf of a buffer
 * @buf: a buffer that the caller is a user of
 * @offset: of the first byte, a multiple of PAGE_SIZE
 * @bytes: length, a multiple of PAGE_SIZE, not 0
 *
 * As MAPBUF_IOC_EXPORT makes it.  It is one more user of the buffer.  Context: process;
 * sleeps.
 *
 * Return: the dma-buf, to be given back with dma_buf_put(); or an error that struct
 * mapbuf_export of the uapi header lists.
 */
struct dma_buf *mapbuf_dma_buf(struct mapbuf_buffer *buf, size_t offset,
			       size_t bytes)
{
	struct file *file = mapbuf_dmabuf_export(buf, offset, bytes);

	/* As dma_buf_get() finds it */
	return IS_ERR(file) ? ERR_CAST(file) : file->private_data;
}
EXPORT_SYMBOL_GPL(mapbuf_dma_buf);

/**
 * mapbuf_dma_address() - where the device of a buffer finds a part of it
 * @buf: a buffer that the caller is a user of
 * @offset: of the part, in bytes
 * @address: set to the address that the device uses
 * @bytes: set to how long it goes on from there, up to the end of the buffer
 *
 * It is good until the driver of the device has ended its remove().  Context:
 * process; sleeps.
 *
 * Return: 0, -EINVAL if @offset is not in the buffer, or -ENODEV if it is not mapped
 * for its device, or has none.
 */
int mapbuf_dma_address(struct mapbuf_buffer *buf, size_t offset,
		       dma_addr_t *address, size_t *bytes)
{
	u64 at, n;
	int err = mapbuf_device_address(buf, offset, &at, &n);

	if (err)
		return err;
	*address = at;
	*bytes = n;
	return 0;
}
EXPORT_SYMBOL_GPL(mapbuf_dma_address);
