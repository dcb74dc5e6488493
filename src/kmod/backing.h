/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a backing store must do.
 */
#ifndef MAPBUF_BACKING_H
#define MAPBUF_BACKING_H

#include <linux/mm_types.h>
#include <linux/types.h>

struct mapbuf_buffer;

/**
 * struct mapbuf_backing_ops - a backing store
 * @name: as the parameter "backing", sysfs and the configuration have it
 * @id: of enum mapbuf_backing
 * @contiguous: the memory is one physical range
 * @of_device: the memory comes from the device that the buffer belongs to, and goes
 *	with it
 * @alloc: NULL in a kernel that cannot have the store.  Called in process
 *	context without a lock; sleeps,
 *	reschedules, and stops on a fatal signal.  Fills every chunk of
 *	@buf->chunks, which are zero when it is called, with memory for
 *	@buf->nr_pages pages that @buf->spec allows, one reference to each
 *	(compound) page, filled with zeroes.  Returns 0, -ENOMEM, or -EINTR.  On
 *	an error the chunks filled so far stay: the caller gives them back.
 *
 * A store that is not made of pages has @free, too; its @alloc sets @buf->kaddr
 * instead, may give other errors of struct mapbuf_create, and leaves nothing behind
 * on an error.  With @of_device both are called under devices_lock, and the lock of
 * the device if it has a driver.
 *
 * @free: undoes @alloc.  Sleeps.
 * @phys: where the range begins, if it is one that existed before.
 * @frame: else: the frame number of a page of the buffer.
 * @pgprot: @prot as it must be for processes; NULL: with the caching that was asked for.
 */
struct mapbuf_backing_ops {
	const char *name;
	u32 id;
	bool contiguous;
	bool of_device;
	int (*alloc)(struct mapbuf_buffer *buf);
	void (*free)(struct mapbuf_buffer *buf);
	phys_addr_t (*phys)(const struct mapbuf_buffer *buf);
	unsigned long (*frame)(const struct mapbuf_buffer *buf,
			       unsigned long index);
	pgprot_t (*pgprot)(const struct mapbuf_buffer *buf, pgprot_t prot);
};

extern const struct mapbuf_backing_ops mapbuf_backing_coherent;
extern const struct mapbuf_backing_ops mapbuf_backing_contiguous;
extern const struct mapbuf_backing_ops mapbuf_backing_reserved;
extern const struct mapbuf_backing_ops mapbuf_backing_vmalloc;

/* All of them; ends with NULL.  Defined in buffer.c. */
extern const struct mapbuf_backing_ops *const mapbuf_backings[];

#endif /* MAPBUF_BACKING_H */
