// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers by the number of their file's inode, in order of creation.  No number is
 * given twice.
 */
#include <linux/string.h>
#include <linux/xarray.h>

#include "mapbuf.h"

/*
 * From number to published buffer.  Its own lock for writers, RCU for readers.  A
 * number that is reserved reads as NULL.
 */
static DEFINE_XARRAY(inos);

/* Under the lock of the registry.  That of the directory comes before. */
static unsigned long next_ino = MAPBUF_ROOT_INO + 1;

/**
 * mapbuf_ino_reserve() - reserve a number for a buffer
 * @buf: the buffer
 *
 * Under the lock of the registry.
 *
 * Return: 0, or -ENOMEM.
 */
int mapbuf_ino_reserve(struct mapbuf_buffer *buf)
{
	int err = xa_reserve(&inos, next_ino, GFP_KERNEL);

	if (!err)
		buf->ino = next_ino++;
	return err;
}

/**
 * mapbuf_ino_publish() - let a buffer be found by its number
 * @buf: the buffer, which has one reserved
 */
void mapbuf_ino_publish(struct mapbuf_buffer *buf)
{
	xa_store(&inos, buf->ino, buf, GFP_KERNEL);
}

/**
 * mapbuf_ino_remove() - undo mapbuf_ino_reserve() and mapbuf_ino_publish()
 * @buf: the buffer
 */
void mapbuf_ino_remove(struct mapbuf_buffer *buf)
{
	xa_erase(&inos, buf->ino);
}

/**
 * mapbuf_ino_load() - the buffer of a number
 * @ino: the number
 *
 * Under RCU, or the lock of the registry.
 *
 * Return: the buffer, or NULL.
 */
struct mapbuf_buffer *mapbuf_ino_load(unsigned long ino)
{
	return xa_load(&inos, ino);
}

/**
 * mapbuf_ino_get() - a buffer that can be found by its name
 * @ino: its number
 *
 * Return: the buffer, with a reference for mapbuf_buffer_unref(); NULL if there
 * is none, or it is being destroyed.
 */
struct mapbuf_buffer *mapbuf_ino_get(unsigned long ino)
{
	struct mapbuf_buffer *buf;

	rcu_read_lock();
	buf = mapbuf_ino_load(ino);
	if (buf && (!READ_ONCE(buf->announced) ||
		    !refcount_inc_not_zero(&buf->users)))
		buf = NULL;
	rcu_read_unlock();
	return buf;
}

/**
 * mapbuf_ino_known() - whether a buffer can be found by its name
 * @ino: its number
 *
 * Does not sleep.
 *
 * Return: false if it is being destroyed, or gone.
 */
bool mapbuf_ino_known(unsigned long ino)
{
	const struct mapbuf_buffer *buf;
	bool known;

	rcu_read_lock();
	buf = mapbuf_ino_load(ino);
	known = buf && READ_ONCE(buf->announced);
	rcu_read_unlock();
	return known;
}

/**
 * mapbuf_ino_next() - the name of a buffer, in order of creation
 * @ino: the lowest number that it may have; set to what it has
 * @name: set to the name, MAPBUF_NAME_SIZE bytes
 *
 * Return: whether there is one.
 */
bool mapbuf_ino_next(unsigned long *ino, char *name)
{
	const struct mapbuf_buffer *buf;

	rcu_read_lock();
	do {
		buf = xa_find(&inos, ino, ULONG_MAX, XA_PRESENT);
	} while (buf && !READ_ONCE(buf->announced) && ++*ino);
	if (buf)
		memcpy(name, buf->spec.name, MAPBUF_NAME_SIZE);
	rcu_read_unlock();
	return buf;
}

/** mapbuf_inos_stop() - the last thing to be done; there are no buffers */
void mapbuf_inos_stop(void)
{
	xa_destroy(&inos);
}
