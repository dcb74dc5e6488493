/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a backing store must do.
 */
#ifndef MAPBUF_BACKING_H
#define MAPBUF_BACKING_H

#include <linux/types.h>

struct mapbuf_buffer;

/**
 * struct mapbuf_backing_ops - a backing store
 * @name: as the parameter "backing", sysfs and the configuration have it
 * @id: of enum mapbuf_backing
 * @alloc: required.  Fills every chunk of @buf->chunks, which are zero when it
 *	is called, with memory for @buf->nr_pages pages that @buf->spec allows,
 *	one reference to each (compound) page, filled with zeroes.  Called in
 *	process context without a lock; sleeps, reschedules, and stops on a
 *	fatal signal.  Returns 0, -ENOMEM, or -EINTR.  On an error the chunks
 *	filled so far stay: the caller gives them back.
 */
struct mapbuf_backing_ops {
	const char *name;
	u32 id;
	int (*alloc)(struct mapbuf_buffer *buf);
};

extern const struct mapbuf_backing_ops mapbuf_backing_contiguous;
extern const struct mapbuf_backing_ops mapbuf_backing_vmalloc;

/* All of them; ends with NULL.  Defined in buffer.c. */
extern const struct mapbuf_backing_ops *const mapbuf_backings[];

#endif /* MAPBUF_BACKING_H */
