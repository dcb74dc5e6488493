// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a buffer.
 *
 * Reserve its name and id (registry.c), do what can fail, publish; later
 * withdraw, and free the memory with the last user (users.c), but what is pinned
 * (pins.c).  struct mapbuf_buffer says who holds what.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/slab.h>

#include "backing.h"
#include "device.h"
#include "job.h"
#include "mapbuf.h"
#include "trace.h"
#include "vmap.h"

const struct mapbuf_backing_ops *const mapbuf_backings[] = {
	&mapbuf_backing_coherent,
	&mapbuf_backing_contiguous,
	&mapbuf_backing_reserved,
	&mapbuf_backing_vmalloc,
	NULL
};

static dev_t first_devt;

/**
 * mapbuf_name_valid() - whether a buffer may have this name
 * @name: MAPBUF_NAME_SIZE bytes from anywhere
 *
 * Return: true if @name is as struct mapbuf_create wants it.
 */
bool mapbuf_name_valid(const char *name)
{
	size_t len = strnlen(name, MAPBUF_NAME_SIZE), i;

	if (!len || len == MAPBUF_NAME_SIZE || name[0] == '.' || name[0] == '-')
		return false;
	for (i = 0; i < len; i++) {
		/* Not isalnum(), which takes Latin-1 letters too. */
		if (!(name[i] >= 'a' && name[i] <= 'z') &&
		    !(name[i] >= 'A' && name[i] <= 'Z') &&
		    !(name[i] >= '0' && name[i] <= '9') &&
		    !strchr("_.-", name[i]))
			return false;
	}
	return !memchr_inv(name + len, 0, MAPBUF_NAME_SIZE - len);
}

/* A range that exists is where it is: nothing can be asked of its place. */
static bool range_valid(const struct mapbuf_spec *spec)
{
	u64 last = spec->phys_addr + spec->bytes - 1;

	if (spec->dma_bits && spec->dma_bits < 64 && last >> spec->dma_bits)
		return false;
	return !offset_in_page(spec->bytes) &&
	       !offset_in_page(spec->phys_addr) &&
	       spec->numa_node == NUMA_NO_NODE;
}

static bool spec_valid(const struct mapbuf_spec *spec)
{
	int node = spec->numa_node;

	if (spec->ops && !spec->ops->phys && spec->phys_addr)
		return false;
	/* Of pages from anywhere the kernel has mappings of its own. */
	if (spec->ops && !spec->ops->contiguous && spec->cache)
		return false;
	if (spec->ops && spec->ops->phys && !range_valid(spec))
		return false;
	if (spec->flags & MAPBUF_CREATE_SHOW_ADDRESS && !spec->device)
		return false;
	/* The device says where its memory is. */
	if (spec->ops && spec->ops->of_device &&
	    (!spec->device || node != NUMA_NO_NODE))
		return false;
	return mapbuf_name_valid(spec->name) && spec->ops &&
	       spec->bytes && spec->bytes <= MAX_LFS_FILESIZE - PAGE_SIZE &&
	       (node == NUMA_NO_NODE || (node >= 0 && node < MAX_NUMNODES &&
					 node_state(node, N_MEMORY))) &&
	       (!spec->dma_bits || (spec->dma_bits >= MAPBUF_MIN_DMA_BITS &&
				    spec->dma_bits <= 64)) &&
	       !(spec->mode & ~0666) && spec->cache <= MAPBUF_CACHE_UNCACHED;
}

/**
 * mapbuf_buffer_drop() - give up a buffer whose memory has been given back
 * @buf: the buffer; the structure goes with its last reference
 */
void mapbuf_buffer_drop(struct mapbuf_buffer *buf)
{
	kvfree(buf->chunks);
	put_device(&buf->dev);
}

/* Nobody can reach the memory any more but by pins. */
static void buffer_free(struct mapbuf_buffer *buf)
{
	unsigned long pinned = 0;

	mapbuf_notify_end(buf);
	mapbuf_dmabuf_end(buf);
	mapbuf_device_detach(buf);
	/* One that was never seen had no mapbuf_create either. */
	if (buf->dev.devt)
		trace_mapbuf_release(buf);
	mapbuf_users_end(buf);
	mapbuf_vmap_end(buf);
	if (buf->chunks) {
		mapbuf_mapping_displace(buf);
		pinned = mapbuf_pages_free(buf, false);
	}
	if (buf->kaddr)
		buf->spec.ops->free(buf);
	if (buf->inode)
		mapbuf_mapping_destroy(buf);
	mapbuf_counts_detach(buf);
	mapbuf_registry_forget(buf, pinned);
	if (pinned)
		mapbuf_pins_keep(buf, pinned);
	else
		mapbuf_buffer_drop(buf);
}

/**
 * mapbuf_buffer_unref() - give up a reference that is not of a user
 * @buf: the buffer
 *
 * Sleeps: the last one frees the memory.
 */
void mapbuf_buffer_unref(struct mapbuf_buffer *buf)
{
	if (refcount_dec_and_test(&buf->users))
		buffer_free(buf);
}

static void buffer_dev_release(struct device *dev)
{
	struct mapbuf_buffer *buf = to_mapbuf(dev);

	put_device(buf->spec.device);
	kfree_rcu(buf, rcu);
}

static struct mapbuf_buffer *buffer_new(const struct mapbuf_spec *spec)
{
	struct mapbuf_buffer *buf;

	buf = kzalloc(sizeof(*buf), GFP_KERNEL);
	if (!buf)
		return NULL;

	buf->spec = *spec;
	get_device(buf->spec.device);
	buf->spec.bytes = PAGE_ALIGN(spec->bytes);
	buf->nr_pages = buf->spec.bytes >> PAGE_SHIFT;
	refcount_set(&buf->users, 1);
	mutex_init(&buf->vmap_lock);
	init_rwsem(&buf->range_lock);
	mapbuf_users_init(buf);
	mapbuf_notify_init(buf);
	mutex_init(&buf->dma_lock);
	INIT_LIST_HEAD(&buf->dma_maps);
	INIT_LIST_HEAD(&buf->dma_exports);
	INIT_LIST_HEAD(&buf->device_link);
	mapbuf_dmabuf_init(buf);

	device_initialize(&buf->dev);
	buf->dev.class = &mapbuf_class;
	buf->dev.type = &mapbuf_device_type;
	buf->dev.release = buffer_dev_release;
	return buf;
}

/* One that was never published. */
static void buffer_abort(struct mapbuf_buffer *buf)
{
	mapbuf_registry_remove(buf);
	mapbuf_buffer_unref(buf);
}

static int buffer_fill(struct mapbuf_buffer *buf)
{
	int err;

	err = mapbuf_mapping_init(buf);
	if (err)
		return err;
	if (buf->spec.ops->of_device)
		return 0;
	if (!mapbuf_buffer_has_pages(buf))
		return buf->spec.ops->alloc(buf);

	/* Do not drive the machine into the ground only to fail. */
	if (!mapbuf_pages_available(&buf->spec, buf->nr_pages))
		return -ENOMEM;

	buf->chunks = kvcalloc(mapbuf_nr_chunks(buf), sizeof(*buf->chunks),
			       MAPBUF_GFP);
	if (!buf->chunks)
		return -ENOMEM;
	err = buf->spec.ops->alloc(buf);
	if (!err)
		err = mapbuf_pages_set_cache(buf);
	if (!err)
		mapbuf_mapping_place(buf);
	return err;
}

static struct mapbuf_buffer *buffer_make(const struct mapbuf_spec *spec)
{
	struct mapbuf_buffer *buf;
	int err;

	buf = buffer_new(spec);
	if (!buf)
		return ERR_PTR(-ENOMEM);

	err = mapbuf_registry_add(buf);
	if (err == -ENOSPC) {
		mapbuf_pins_collect();
		err = mapbuf_registry_add(buf);
	}
	if (err) {
		put_device(&buf->dev);
		return ERR_PTR(err);
	}

	err = buffer_fill(buf);
	if (!err) {
		mapbuf_note_cleared(buf, buf->nr_pages);
		err = mapbuf_device_attach(buf);
	}
	buf->spec.cleared = NULL;
	if (err) {
		buffer_abort(buf);
		return ERR_PTR(err);
	}
	return buf;
}

/**
 * mapbuf_buffer_alloc() - make a buffer that nobody sees yet
 * @asked: what it is to be
 *
 * Sleeps, for long.  The caller publishes the buffer.
 *
 * Return: the buffer, or an error that struct mapbuf_create lists.
 */
struct mapbuf_buffer *mapbuf_buffer_alloc(const struct mapbuf_spec *asked)
{
	struct mapbuf_spec spec = *asked;
	struct mapbuf_buffer *buf;
	int err;

	if (!spec_valid(&spec))
		return ERR_PTR(-EINVAL);
	if (!spec.ops->alloc ||
	    (spec.cache && !spec.ops->phys && !IS_ENABLED(CONFIG_X86_64)))
		return ERR_PTR(-EOPNOTSUPP);

	spec.asked_bits = spec.dma_bits;
	if (spec.device) {
		err = mapbuf_device_choose(&spec);
		if (!err && spec.ops->phys && !range_valid(&spec))
			err = -EIO;
		if (err)
			return ERR_PTR(err);
	}
	buf = buffer_make(&spec);
	if (buf == ERR_PTR(-ENOMEM) && spec.node_is_devices) {
		spec.numa_node = NUMA_NO_NODE;
		buf = buffer_make(&spec);
	}
	return buf;
}

/* Takes the node, the name and the id away; not yet the memory. */
static void buffer_withdraw(struct mapbuf_buffer *buf)
{
	trace_mapbuf_destroy(buf);
	mapbuf_device_unlink(buf);
	device_del(&buf->dev);
	mapbuf_registry_remove(buf);
	mapbuf_notify_gone(buf);
}

/**
 * mapbuf_buffer_publish() - make the node of a buffer
 * @buf: from mapbuf_buffer_alloc(); of the registry from now on, also when
 *       this fails
 *
 * Return: 0, or an error of device_add(): then the buffer is gone.
 */
int mapbuf_buffer_publish(struct mapbuf_buffer *buf)
{
	int err;

	buf->dev.devt = first_devt + buf->id;
	err = dev_set_name(&buf->dev, "mapbuf%u", buf->id);
	if (err) {
		buffer_abort(buf);
		return err;
	}

	/* Usable before the node appears. */
	mapbuf_registry_publish(buf);
	dev_set_uevent_suppress(&buf->dev, true);
	err = device_add(&buf->dev);
	if (err) {
		buffer_abort(buf);
		return err;
	}
	mapbuf_counts_attach(buf);
	mapbuf_device_link(buf);
	return 0;
}

/**
 * mapbuf_buffer_unpublish() - undo mapbuf_buffer_publish()
 * @buf: the buffer; of nobody from now on who does not use it already
 *
 * Whoever calls this has the reference of the registry.
 */
void mapbuf_buffer_unpublish(struct mapbuf_buffer *buf)
{
	buffer_withdraw(buf);
	mapbuf_buffer_unref(buf);
}

/**
 * mapbuf_buffer_destroy() - take a buffer away
 * @name: checked by mapbuf_name_valid()
 * @ino: if not @deferred, the number that it has to have; 0: any
 * @deferred: though it is in use; the memory goes with the last user
 *
 * Return: 0, -ENOENT, or -EBUSY.
 */
int mapbuf_buffer_destroy(const char *name, unsigned long ino, bool deferred)
{
	struct mapbuf_buffer *buf;

	buf = deferred ? mapbuf_registry_claim(name) :
			 mapbuf_registry_claim_idle(name, ino);
	if (IS_ERR(buf))
		return PTR_ERR(buf);

	buffer_withdraw(buf);
	if (deferred)
		mapbuf_buffer_unref(buf);
	else
		buffer_free(buf);
	return 0;
}

/* Become a user of a buffer that is held, or give it up. */
static struct mapbuf_buffer *buffer_enter(struct mapbuf_buffer *buf,
					  bool nonblock)
{
	int err = mapbuf_users_enter(buf, nonblock);

	if (!err)
		return buf;
	mapbuf_buffer_unref(buf);
	return ERR_PTR(err);
}

/**
 * mapbuf_buffer_get() - become a user of a buffer
 * @id: N of /dev/mapbufN
 * @nonblock: do not wait until it has been cleared
 *
 * Sleeps.
 *
 * Return: the buffer, to be given back with mapbuf_buffer_put(); -ENXIO if there
 * is none of that id, or it is being destroyed; or an error of
 * mapbuf_users_enter().
 */
struct mapbuf_buffer *mapbuf_buffer_get(u32 id, bool nonblock)
{
	struct mapbuf_buffer *buf = mapbuf_registry_get(id);

	return buf ? buffer_enter(buf, nonblock) : ERR_PTR(-ENXIO);
}

/**
 * mapbuf_buffer_get_ino() - become a user of a buffer
 * @ino: the number of its inode
 * @nonblock: do not wait until it has been cleared
 *
 * Return: as mapbuf_buffer_get().
 */
struct mapbuf_buffer *mapbuf_buffer_get_ino(unsigned long ino, bool nonblock)
{
	struct mapbuf_buffer *buf = mapbuf_ino_get(ino);

	return buf ? buffer_enter(buf, nonblock) : ERR_PTR(-ENXIO);
}

/**
 * mapbuf_buffer_find() - become a user of a buffer
 * @name: MAPBUF_NAME_SIZE bytes, 0 to the end
 *
 * Sleeps.
 *
 * Return: the buffer, to be given back with mapbuf_buffer_put(); -ENOENT; or an
 * error of mapbuf_users_enter().
 */
struct mapbuf_buffer *mapbuf_buffer_find(const char *name)
{
	struct mapbuf_buffer *buf = mapbuf_registry_find(name);

	return buf ? buffer_enter(buf, false) : ERR_PTR(-ENOENT);
}

/**
 * mapbuf_buffer_hold() - become a user of a buffer once more
 * @buf: the buffer, which the caller is a user of, or that nobody has seen yet
 *
 * Return: @buf.
 */
struct mapbuf_buffer *mapbuf_buffer_hold(struct mapbuf_buffer *buf)
{
	refcount_inc(&buf->users);
	mapbuf_users_add(buf);
	return buf;
}

/**
 * mapbuf_buffer_retire() - take name and node away, if nobody has yet
 * @buf: the buffer, which the caller is a user of
 */
void mapbuf_buffer_retire(struct mapbuf_buffer *buf)
{
	if (mapbuf_registry_retire(buf))
		mapbuf_buffer_unpublish(buf);
}

/**
 * mapbuf_buffer_put() - stop being a user of a buffer
 * @buf: the buffer
 *
 * Sleeps: the last user frees the memory.
 */
void mapbuf_buffer_put(struct mapbuf_buffer *buf)
{
	mapbuf_users_leave(buf);
	mapbuf_buffer_unref(buf);
}

/**
 * mapbuf_buffers_init() - prepare for buffers
 * @devt: the number of /dev/mapbuf0
 *
 * Return: 0, or -ENOMEM.
 */
int mapbuf_buffers_init(dev_t devt)
{
	int err;

	first_devt = devt;
	err = mapbuf_jobs_start();
	if (err)
		return err;
	err = mapbuf_users_start();
	if (err)
		goto err_jobs;
	err = mapbuf_registry_start();
	if (err)
		goto err_users;
	return 0;

err_users:
	mapbuf_users_stop();
err_jobs:
	mapbuf_jobs_stop();
	return err;
}

/**
 * mapbuf_buffers_exit() - destroy all buffers
 *
 * Only while the module is unloaded or has never been usable: nothing has a
 * buffer open, or can create one.
 */
void mapbuf_buffers_exit(void)
{
	mapbuf_registry_for_each(mapbuf_buffer_unpublish);
	mapbuf_pins_stop();
	mapbuf_registry_stop();
	mapbuf_users_stop();
	mapbuf_jobs_stop();
}
