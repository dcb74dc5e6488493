/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a backing store must do.
 */
#ifndef MAPBUF_BACKING_H
#define MAPBUF_BACKING_H

#include <linux/mm_types.h>
#include <linux/types.h>

struct iov_iter;
struct mapbuf_buffer;

/**
 * struct mapbuf_backing_ops - a backing store
 * @name: as the parameter "backing", sysfs and the configuration have it
 * @id: of enum mapbuf_backing
 * @contiguous: the memory is one physical range
 * @alloc: NULL in a kernel that cannot have the store.  Called in process
 *	context without a lock; sleeps,
 *	reschedules, and stops on a fatal signal.  Fills every chunk of
 *	@buf->chunks, which are zero when it is called, with memory for
 *	@buf->nr_pages pages that @buf->spec allows, one reference to each
 *	(compound) page, filled with zeroes.  Returns 0, -ENOMEM, or -EINTR.  On
 *	an error the chunks filled so far stay: the caller gives them back.
 *
 * A store that is not made of pages has the following too; its @alloc sets
 * @buf->kaddr instead, may give other errors of struct mapbuf_create, and
 * leaves nothing behind on an error.
 *
 * @free: undoes @alloc.  Sleeps.
 * @phys: where the range begins.
 * @pgprot: @prot with the caching of @buf.
 * @access: copies between the range and kernel memory, but sleeps.  Returns false
 *	if the range has gone with its device.
 * @copy: copies to or from @iter, as copy_page_to_iter() does.
 * @clear: fills the chunk of that number with zeroes.  Sleeps.
 */
struct mapbuf_backing_ops {
	const char *name;
	u32 id;
	bool contiguous;
	int (*alloc)(struct mapbuf_buffer *buf);
	void (*free)(struct mapbuf_buffer *buf);
	phys_addr_t (*phys)(const struct mapbuf_buffer *buf);
	pgprot_t (*pgprot)(const struct mapbuf_buffer *buf, pgprot_t prot);
	bool (*access)(struct mapbuf_buffer *buf, loff_t pos, void *with,
		       size_t n, bool write);
	size_t (*copy)(struct mapbuf_buffer *buf, loff_t pos, size_t bytes,
		       struct iov_iter *iter, bool to_iter);
	void (*clear)(struct mapbuf_buffer *buf, unsigned long nr);
};

extern const struct mapbuf_backing_ops mapbuf_backing_contiguous;
extern const struct mapbuf_backing_ops mapbuf_backing_reserved;
extern const struct mapbuf_backing_ops mapbuf_backing_vmalloc;

/* All of them; ends with NULL.  Defined in buffer.c. */
extern const struct mapbuf_backing_ops *const mapbuf_backings[];

#endif /* MAPBUF_BACKING_H */
