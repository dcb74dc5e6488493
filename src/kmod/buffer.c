// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a buffer.
 *
 * Reserve its name and id, do what can fail, publish; later withdraw, and free
 * the memory with the last user.  struct mapbuf_buffer says who holds what.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/overflow.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "backing.h"
#include "mapbuf.h"
#include "trace.h"

const struct mapbuf_backing_ops *const mapbuf_backings[] = {
	&mapbuf_backing_contiguous,
	&mapbuf_backing_reserved,
	&mapbuf_backing_vmalloc,
	NULL
};

static const struct rhashtable_params names_params = {
	.key_len = MAPBUF_NAME_SIZE,
	.key_offset = offsetof(struct mapbuf_buffer, spec.name),
	.head_offset = offsetof(struct mapbuf_buffer, name_node),
	.automatic_shrinking = true,
};

/*
 * registry_lock protects the table of names, the member "announced", and the
 * charges.  Never held while memory is allocated for a buffer.
 */
static DEFINE_MUTEX(registry_lock);
static struct rhashtable names;
static u64 charged_bytes;
static unsigned int charged_buffers;

/*
 * From id to published buffer.  Its own lock for writers, RCU for readers.  An
 * id that is reserved reads as NULL.
 */
static DEFINE_XARRAY_ALLOC(ids);

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

	if (spec->ops && !spec->ops->phys && (spec->cache || spec->phys_addr))
		return false;
	if (spec->ops && spec->ops->phys && !range_valid(spec))
		return false;
	return mapbuf_name_valid(spec->name) && spec->ops &&
	       spec->bytes && spec->bytes <= MAX_LFS_FILESIZE - PAGE_SIZE &&
	       (node == NUMA_NO_NODE || (node >= 0 && node < MAX_NUMNODES &&
					 node_state(node, N_MEMORY))) &&
	       (!spec->dma_bits || (spec->dma_bits >= MAPBUF_MIN_DMA_BITS &&
				    spec->dma_bits <= 64)) &&
	       !(spec->mode & ~0666) && spec->cache <= MAPBUF_CACHE_UNCACHED;
}

/* What counts against max_bytes. */
static u64 buffer_charge(const struct mapbuf_buffer *buf)
{
	return mapbuf_buffer_has_pages(buf) ? buf->spec.bytes : 0;
}

static int buffer_register(struct mapbuf_buffer *buf)
{
	u64 sum;
	int err;

	mutex_lock(&registry_lock);
	err = rhashtable_lookup_insert_fast(&names, &buf->name_node,
					    names_params);
	if (err)
		goto out;

	if (check_add_overflow(charged_bytes, buffer_charge(buf), &sum) ||
	    (buffer_charge(buf) && sum > mapbuf_max_bytes()) ||
	    charged_buffers >= mapbuf_max_buffers()) {
		err = -ENOSPC;
		goto err_name;
	}
	err = xa_alloc(&ids, &buf->id, NULL, XA_LIMIT(0, MINORMASK),
		       GFP_KERNEL);
	if (err) {
		err = err == -EBUSY ? -ENOSPC : err;
		goto err_name;
	}
	charged_bytes = sum;
	charged_buffers++;
	goto out;

err_name:
	rhashtable_remove_fast(&names, &buf->name_node, names_params);
out:
	mutex_unlock(&registry_lock);
	return err;
}

/* Frees name and id; the memory stays charged until it is free. */
static void buffer_unregister(struct mapbuf_buffer *buf)
{
	mutex_lock(&registry_lock);
	rhashtable_remove_fast(&names, &buf->name_node, names_params);
	xa_erase(&ids, buf->id);
	mutex_unlock(&registry_lock);
}

/* Nobody can reach the memory any more. */
static void buffer_free(struct mapbuf_buffer *buf)
{
	/* One that was never seen had no mapbuf_create either. */
	if (buf->dev.devt)
		trace_mapbuf_release(buf);
	if (buf->chunks)
		mapbuf_pages_free(buf);
	kvfree(buf->chunks);
	if (buf->kaddr)
		buf->spec.ops->free(buf);
	if (buf->inode)
		mapbuf_mapping_destroy(buf);
	mapbuf_counts_detach(buf);

	mutex_lock(&registry_lock);
	charged_bytes -= buffer_charge(buf);
	charged_buffers--;
	mutex_unlock(&registry_lock);

	put_device(&buf->dev);
}

static void buffer_dev_release(struct device *dev)
{
	struct mapbuf_buffer *buf = to_mapbuf(dev);

	kfree_rcu(buf, rcu);
}

static struct mapbuf_buffer *buffer_new(const struct mapbuf_spec *spec)
{
	struct mapbuf_buffer *buf;

	buf = kzalloc(sizeof(*buf), GFP_KERNEL);
	if (!buf)
		return NULL;

	buf->spec = *spec;
	buf->spec.bytes = PAGE_ALIGN(spec->bytes);
	buf->nr_pages = buf->spec.bytes >> PAGE_SHIFT;
	refcount_set(&buf->users, 1);
	mutex_init(&buf->open_lock);
	mutex_init(&buf->vmap_lock);
	mapbuf_notify_init(buf);

	device_initialize(&buf->dev);
	buf->dev.class = &mapbuf_class;
	buf->dev.type = &mapbuf_device_type;
	buf->dev.release = buffer_dev_release;
	return buf;
}

/* One that was never published. */
static void buffer_abort(struct mapbuf_buffer *buf)
{
	buffer_unregister(buf);
	buffer_free(buf);
}

static int buffer_fill(struct mapbuf_buffer *buf)
{
	int err;

	err = mapbuf_mapping_init(buf);
	if (err)
		return err;
	if (!mapbuf_buffer_has_pages(buf))
		return buf->spec.ops->alloc(buf);

	/* Do not drive the machine into the ground only to fail. */
	if (!mapbuf_pages_available(buf->nr_pages))
		return -ENOMEM;

	buf->chunks = kvcalloc(mapbuf_nr_chunks(buf), sizeof(*buf->chunks),
			       MAPBUF_GFP);
	if (!buf->chunks)
		return -ENOMEM;
	err = buf->spec.ops->alloc(buf);
	if (!err)
		mapbuf_mapping_place(buf);
	return err;
}

/**
 * mapbuf_buffer_alloc() - make a buffer that nobody sees yet
 * @spec: what it is to be
 *
 * Sleeps, for long.  The caller publishes the buffer.
 *
 * Return: the buffer, or an error that struct mapbuf_create lists.
 */
struct mapbuf_buffer *mapbuf_buffer_alloc(const struct mapbuf_spec *spec)
{
	struct mapbuf_buffer *buf;
	int err;

	if (!spec_valid(spec))
		return ERR_PTR(-EINVAL);

	buf = buffer_new(spec);
	if (!buf)
		return ERR_PTR(-ENOMEM);

	err = buffer_register(buf);
	if (err) {
		put_device(&buf->dev);
		return ERR_PTR(err);
	}

	err = buffer_fill(buf);
	if (err) {
		buffer_abort(buf);
		return ERR_PTR(err);
	}
	return buf;
}

/* Takes the node, the name and the id away; not yet the memory. */
static void buffer_withdraw(struct mapbuf_buffer *buf)
{
	trace_mapbuf_destroy(buf);
	device_del(&buf->dev);
	buffer_unregister(buf);
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
	xa_store(&ids, buf->id, buf, GFP_KERNEL);
	dev_set_uevent_suppress(&buf->dev, true);
	err = device_add(&buf->dev);
	if (err) {
		buffer_unregister(buf);
		mapbuf_buffer_put(buf);
		return err;
	}
	mapbuf_counts_attach(buf);
	return 0;
}

/**
 * mapbuf_buffer_announce() - tell everybody of a buffer
 * @buf: just published
 *
 * Lets it be found by name, and sends its uevent.  Under one lock, so that
 * whoever hears of the buffer can destroy it, and nobody before.
 */
void mapbuf_buffer_announce(struct mapbuf_buffer *buf)
{
	mutex_lock(&registry_lock);
	buf->announced = true;
	trace_mapbuf_create(buf);
	dev_set_uevent_suppress(&buf->dev, false);
	kobject_uevent(&buf->dev.kobj, KOBJ_ADD);
	mutex_unlock(&registry_lock);
}

/** mapbuf_buffer_announce_all() - announce what was published at load */
void mapbuf_buffer_announce_all(void)
{
	struct mapbuf_buffer *buf;
	unsigned long id;

	xa_for_each(&ids, id, buf)
		mapbuf_buffer_announce(buf);
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
	mapbuf_buffer_put(buf);
}

/*
 * Take the buffer of that name away from everybody who might look it up by
 * name.  The caller has the reference of the registry then; not deferred, that
 * was the last one.
 */
static struct mapbuf_buffer *buffer_claim(const char *name, bool deferred)
{
	struct mapbuf_buffer *buf;

	mutex_lock(&registry_lock);
	buf = rhashtable_lookup_fast(&names, name, names_params);
	if (!buf || !buf->announced)
		buf = ERR_PTR(-ENOENT);
	else if (!deferred && !refcount_dec_if_one(&buf->users))
		buf = ERR_PTR(-EBUSY);
	else
		buf->announced = false;
	mutex_unlock(&registry_lock);
	return buf;
}

/**
 * mapbuf_buffer_destroy() - take a buffer away
 * @name: checked by mapbuf_name_valid()
 * @deferred: though it is in use; the memory goes with the last user
 *
 * Return: 0, -ENOENT, or -EBUSY.
 */
int mapbuf_buffer_destroy(const char *name, bool deferred)
{
	struct mapbuf_buffer *buf = buffer_claim(name, deferred);

	if (IS_ERR(buf))
		return PTR_ERR(buf);

	buffer_withdraw(buf);
	if (deferred)
		mapbuf_buffer_put(buf);
	else
		buffer_free(buf);
	return 0;
}

/**
 * mapbuf_buffer_get() - become a user of a buffer
 * @id: N of /dev/mapbufN
 *
 * Return: the buffer, to be given back with mapbuf_buffer_put(); NULL if there
 * is none of that id, or it is being destroyed.
 */
struct mapbuf_buffer *mapbuf_buffer_get(u32 id)
{
	struct mapbuf_buffer *buf;

	rcu_read_lock();
	buf = xa_load(&ids, id);
	if (buf && !refcount_inc_not_zero(&buf->users))
		buf = NULL;
	rcu_read_unlock();
	return buf;
}

/**
 * mapbuf_buffer_find() - become a user of a buffer
 * @name: MAPBUF_NAME_SIZE bytes, 0 to the end
 *
 * Return: the buffer, to be given back with mapbuf_buffer_put(); or -ENOENT.
 */
struct mapbuf_buffer *mapbuf_buffer_find(const char *name)
{
	struct mapbuf_buffer *buf;

	mutex_lock(&registry_lock);
	buf = rhashtable_lookup_fast(&names, name, names_params);
	if (buf && buf->announced)
		mapbuf_buffer_hold(buf);
	else
		buf = ERR_PTR(-ENOENT);
	mutex_unlock(&registry_lock);
	return buf;
}

/**
 * mapbuf_buffer_hold() - become a user of a buffer once more
 * @buf: the buffer, which the caller is a user of
 *
 * Return: @buf.
 */
struct mapbuf_buffer *mapbuf_buffer_hold(struct mapbuf_buffer *buf)
{
	refcount_inc(&buf->users);
	return buf;
}

/**
 * mapbuf_buffer_retire() - take name and node away, if nobody has yet
 * @buf: the buffer, which the caller is a user of
 */
void mapbuf_buffer_retire(struct mapbuf_buffer *buf)
{
	bool announced;

	mutex_lock(&registry_lock);
	announced = buf->announced;
	buf->announced = false;
	mutex_unlock(&registry_lock);

	if (announced)
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
	if (refcount_dec_and_test(&buf->users))
		buffer_free(buf);
}

/**
 * mapbuf_buffers_init() - prepare the registry
 * @devt: the number of /dev/mapbuf0
 *
 * Return: 0, or -ENOMEM.
 */
int mapbuf_buffers_init(dev_t devt)
{
	first_devt = devt;
	return rhashtable_init(&names, &names_params);
}

/**
 * mapbuf_buffers_exit() - destroy all buffers and the registry
 *
 * Only while the module is unloaded or has never been usable: nothing has a
 * buffer open, or can create one.
 */
void mapbuf_buffers_exit(void)
{
	struct mapbuf_buffer *buf;
	unsigned long id;

	xa_for_each(&ids, id, buf)
		mapbuf_buffer_unpublish(buf);
	xa_destroy(&ids);
	rhashtable_destroy(&names);
}
