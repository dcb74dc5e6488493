// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which buffers there are: their names, their numbers, and what they may take
 * together.
 */
#include <linux/err.h>
#include <linux/overflow.h>
#include <linux/rhashtable.h>
#include <linux/xarray.h>

#include "mapbuf.h"
#include "trace.h"

static const struct rhashtable_params names_params = {
	.key_len = MAPBUF_NAME_SIZE,
	.key_offset = offsetof(struct mapbuf_buffer, spec.name),
	.head_offset = offsetof(struct mapbuf_buffer, name_node),
	.automatic_shrinking = true,
};

/*
 * registry_lock protects the table of names, the member "announced", next_id,
 * the numbers of inodes and the charges.  Never held while memory is allocated
 * for a buffer.
 */
static DEFINE_MUTEX(registry_lock);
static struct rhashtable names;

/* How often a name has been freed, and who waits for that. */
static atomic_t names_freed = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(name_waiters);

static u64 charged_bytes;
static unsigned int charged_buffers;

/*
 * From id to published buffer.  Its own lock for writers, RCU for readers.  An
 * id that is reserved reads as NULL.
 */
static DEFINE_XARRAY_ALLOC(ids);
static u32 next_id;

/* What counts against max_bytes. */
static u64 buffer_charge(const struct mapbuf_buffer *buf)
{
	return buf->spec.ops->phys ? 0 : buf->spec.bytes;
}

/*
 * One that no buffer has had, while there are such: somebody may have kept a node
 * of that number.  Not xa_alloc_cyclic(), which begins again when memory is short.
 */
static int id_alloc(u32 *id)
{
	int err;

	lockdep_assert_held(&registry_lock);
	err = xa_alloc(&ids, id, NULL, XA_LIMIT(next_id, MINORMASK), GFP_KERNEL);
	if (err == -EBUSY)
		err = xa_alloc(&ids, id, NULL, XA_LIMIT(0, MINORMASK),
			       GFP_KERNEL);
	if (!err)
		next_id = (*id + 1) & MINORMASK;
	return err == -EBUSY ? -ENOSPC : err;
}

/*
 * Whether the name is that of a buffer that is being destroyed.  Then *@seen is
 * the number of names that have been freed.  Under registry_lock.
 */
static bool name_is_leaving(const struct mapbuf_buffer *buf, int *seen)
{
	const struct mapbuf_buffer *other =
		rhashtable_lookup_fast(&names, buf->spec.name, names_params);

	*seen = atomic_read(&names_freed);
	return other && other->leaving;
}

/* As mapbuf_registry_add(); or *@leaving. */
static int registry_try_add(struct mapbuf_buffer *buf, bool *leaving, int *seen)
{
	u64 sum;
	int err;

	mutex_lock(&registry_lock);
	*leaving = name_is_leaving(buf, seen);
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
	err = mapbuf_ino_reserve(buf);
	if (err)
		goto err_name;
	err = id_alloc(&buf->id);
	if (err)
		goto err_ino;
	charged_bytes = sum;
	charged_buffers++;
	goto out;

err_ino:
	mapbuf_ino_remove(buf);
err_name:
	rhashtable_remove_fast(&names, &buf->name_node, names_params);
out:
	mutex_unlock(&registry_lock);
	return err;
}

/**
 * mapbuf_registry_add() - reserve name, id and memory for a buffer
 * @buf: the buffer, with its name and size
 *
 * Whoever makes a buffer anew when it hears that it has gone may come before its
 * name is free: that is waited for.  To free it before the event would let udev
 * and systemd hear of the new one first.  Sleeps.
 *
 * Return: 0, -EEXIST, -ENOSPC, -ENOMEM, or -EINTR on a fatal signal.
 */
int mapbuf_registry_add(struct mapbuf_buffer *buf)
{
	bool leaving;
	int seen, err;

	for (;;) {
		err = registry_try_add(buf, &leaving, &seen);
		if (!leaving)
			return err;
		if (wait_event_killable(name_waiters,
					atomic_read(&names_freed) != seen))
			return -EINTR;
	}
}

/**
 * mapbuf_registry_remove() - free name and id
 * @buf: the buffer; its memory stays charged until mapbuf_registry_forget()
 */
void mapbuf_registry_remove(struct mapbuf_buffer *buf)
{
	mutex_lock(&registry_lock);
	rhashtable_remove_fast(&names, &buf->name_node, names_params);
	xa_erase(&ids, buf->id);
	mapbuf_ino_remove(buf);
	atomic_inc(&names_freed);
	mutex_unlock(&registry_lock);
	wake_up_all(&name_waiters);
}

/**
 * mapbuf_registry_forget() - the memory of a buffer is free
 * @buf: the buffer, removed
 * @pinned: how many pages are not, and stay charged
 */
void mapbuf_registry_forget(const struct mapbuf_buffer *buf,
			    unsigned long pinned)
{
	mutex_lock(&registry_lock);
	charged_bytes -= buffer_charge(buf) - ((u64)pinned << PAGE_SHIFT);
	charged_buffers--;
	mutex_unlock(&registry_lock);
}

/**
 * mapbuf_registry_uncharge() - pages of a buffer that is gone are free
 * @pages: how many
 */
void mapbuf_registry_uncharge(unsigned long pages)
{
	mutex_lock(&registry_lock);
	charged_bytes -= (u64)pages << PAGE_SHIFT;
	mutex_unlock(&registry_lock);
}

/**
 * mapbuf_registry_charged() - what counts against max_bytes
 *
 * Return: bytes.
 */
u64 mapbuf_registry_charged(void)
{
	u64 bytes;

	mutex_lock(&registry_lock);
	bytes = charged_bytes;
	mutex_unlock(&registry_lock);
	return bytes;
}

/**
 * mapbuf_registry_publish() - let a buffer be found by its number
 * @buf: the buffer, added
 */
void mapbuf_registry_publish(struct mapbuf_buffer *buf)
{
	ktime_get_real_ts64(&buf->created);
	xa_store(&ids, buf->id, buf, GFP_KERNEL);
	mapbuf_ino_publish(buf);
}

/**
 * mapbuf_registry_announce() - tell everybody of a buffer
 * @buf: just published
 *
 * Lets it be found by name, and sends its uevent.  Under one lock, so that
 * whoever hears of the buffer can destroy it, and nobody before.
 */
void mapbuf_registry_announce(struct mapbuf_buffer *buf)
{
	mutex_lock(&registry_lock);
	WRITE_ONCE(buf->announced, true);
	trace_mapbuf_create(buf);
	dev_set_uevent_suppress(&buf->dev, false);
	kobject_uevent(&buf->dev.kobj, KOBJ_ADD);
	mutex_unlock(&registry_lock);
}

/**
 * mapbuf_registry_for_each() - do something to each buffer
 * @fn: what; it may remove the buffer
 *
 * Only while buffers neither come nor go otherwise.
 */
void mapbuf_registry_for_each(void (*fn)(struct mapbuf_buffer *buf))
{
	struct mapbuf_buffer *buf;
	unsigned long id;

	xa_for_each(&ids, id, buf)
		fn(buf);
}

/* From now on nobody finds it.  Under registry_lock. */
static void buffer_take(struct mapbuf_buffer *buf)
{
	WRITE_ONCE(buf->announced, false);
	buf->leaving = true;
}

/**
 * mapbuf_registry_claim() - take a buffer from who might look it up by name
 * @name: MAPBUF_NAME_SIZE bytes, 0 to the end
 *
 * Return: the buffer, with the reference of the registry; or -ENOENT.
 */
struct mapbuf_buffer *mapbuf_registry_claim(const char *name)
{
	struct mapbuf_buffer *buf;

	mutex_lock(&registry_lock);
	buf = rhashtable_lookup_fast(&names, name, names_params);
	if (buf && buf->announced)
		buffer_take(buf);
	else
		buf = ERR_PTR(-ENOENT);
	mutex_unlock(&registry_lock);
	return buf;
}

/*
 * One at a time looks for pins: it holds the buffer meanwhile, which to another
 * one would be a use.
 */
static DEFINE_MUTEX(idle_lock);

/* The buffer of that name and number, held, if it has no users. */
static struct mapbuf_buffer *buffer_hold_idle(const char *name,
					      unsigned long ino)
{
	struct mapbuf_buffer *buf;

	mutex_lock(&registry_lock);
	buf = rhashtable_lookup_fast(&names, name, names_params);
	if (!buf || !buf->announced || (ino && buf->ino != ino))
		buf = ERR_PTR(-ENOENT);
	else if (refcount_read(&buf->users) > 1)
		buf = ERR_PTR(-EBUSY);
	else
		refcount_inc(&buf->users);
	mutex_unlock(&registry_lock);
	return buf;
}

/**
 * mapbuf_registry_claim_idle() - take a buffer that nothing uses
 * @name: as for mapbuf_registry_claim()
 * @ino: the number that it has to have; 0: any
 *
 * Nobody can become a user of it any more.  Sleeps.
 *
 * Return: the buffer, without a reference; -ENOENT; or -EBUSY if it has users or
 * pages of it are pinned.
 */
struct mapbuf_buffer *mapbuf_registry_claim_idle(const char *name,
						 unsigned long ino)
{
	struct mapbuf_buffer *buf;
	bool held = true;
	int err = 0;

	mutex_lock(&idle_lock);
	buf = buffer_hold_idle(name, ino);
	if (IS_ERR(buf))
		goto out;
	if (mapbuf_pages_pinned(buf))
		err = -EBUSY;

	mutex_lock(&registry_lock);
	if (!err && !buf->announced)
		err = -ENOENT;
	if (!err) {
		/* Leaves that of the registry, and of who came meanwhile. */
		refcount_dec(&buf->users);
		held = false;
		if (refcount_dec_if_one(&buf->users))
			buffer_take(buf);
		else
			err = -EBUSY;
	}
	mutex_unlock(&registry_lock);

	if (held)
		mapbuf_buffer_unref(buf);
	if (err)
		buf = ERR_PTR(err);
out:
	mutex_unlock(&idle_lock);
	return buf;
}

/**
 * mapbuf_registry_retire() - take a buffer from who might look it up by name
 * @buf: the buffer, which the caller is a user of
 *
 * Return: whether nobody had done so yet; then the caller has the reference of
 * the registry.
 */
bool mapbuf_registry_retire(struct mapbuf_buffer *buf)
{
	bool announced;

	mutex_lock(&registry_lock);
	announced = buf->announced;
	if (announced)
		buffer_take(buf);
	mutex_unlock(&registry_lock);
	return announced;
}

/**
 * mapbuf_registry_get() - a buffer by its number
 * @id: N of /dev/mapbufN
 *
 * Return: the buffer, with a reference for mapbuf_buffer_unref(); NULL if there
 * is none, or it is being destroyed.
 */
struct mapbuf_buffer *mapbuf_registry_get(u32 id)
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
 * mapbuf_registry_look() - do something to a buffer that can be found by name
 * @name: MAPBUF_NAME_SIZE bytes, 0 to the end; or NULL
 * @ino: if there is no @name, the number of its inode
 * @fn: what, under the lock of the registry: the buffer stays what it is, and
 *	being looked at is no use of it
 * @data: for @fn
 *
 * Return: what @fn returns, or -ENOENT.
 */
int mapbuf_registry_look(const char *name, unsigned long ino,
			 int (*fn)(struct mapbuf_buffer *buf, void *data),
			 void *data)
{
	struct mapbuf_buffer *buf;
	int err = -ENOENT;

	mutex_lock(&registry_lock);
	buf = name ? rhashtable_lookup_fast(&names, name, names_params) :
		     mapbuf_ino_load(ino);
	if (buf && buf->announced)
		err = fn(buf, data);
	mutex_unlock(&registry_lock);
	return err;
}

/**
 * mapbuf_registry_count() - what counts against max_buffers
 *
 * Return: the number.
 */
unsigned int mapbuf_registry_count(void)
{
	unsigned int n;

	mutex_lock(&registry_lock);
	n = charged_buffers;
	mutex_unlock(&registry_lock);
	return n;
}

/**
 * mapbuf_registry_find() - a buffer by its name
 * @name: MAPBUF_NAME_SIZE bytes, 0 to the end
 *
 * Return: the buffer, with a reference for mapbuf_buffer_unref(); or NULL.
 */
struct mapbuf_buffer *mapbuf_registry_find(const char *name)
{
	struct mapbuf_buffer *buf;

	mutex_lock(&registry_lock);
	buf = rhashtable_lookup_fast(&names, name, names_params);
	if (buf && buf->announced)
		refcount_inc(&buf->users);
	else
		buf = NULL;
	mutex_unlock(&registry_lock);
	return buf;
}

/**
 * mapbuf_registry_start() - prepare the tables
 *
 * Return: 0, or -ENOMEM.
 */
int mapbuf_registry_start(void)
{
	return rhashtable_init(&names, &names_params);
}

/** mapbuf_registry_stop() - undo mapbuf_registry_start(); there are no buffers */
void mapbuf_registry_stop(void)
{
	mapbuf_inos_stop();
	xa_destroy(&ids);
	rhashtable_destroy(&names);
}
