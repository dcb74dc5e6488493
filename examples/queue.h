/* SPDX-License-Identifier: 0BSD */
/*
 * What produce and consume have agreed on: a queue in all of the buffer, of parts of
 * a file; an empty one ends it.  Either may start first, and one that starts again
 * goes on where it was.
 */
#ifndef QUEUE_H
#define QUEUE_H

#include <err.h>
#include <errno.h>
#include <fcntl.h>

#include <mapbuf.h>

#define ITEM_SIZE 65536

static inline struct mapbuf_queue *queue_open(const char *name,
					      struct mapbuf **buffer,
					      unsigned int flags)
{
	struct mapbuf_queue *queue;

	*buffer = mapbuf_open(name, O_RDWR);
	if (!*buffer)
		err(1, "buffer %s: cannot open", name);
	queue = mapbuf_queue_open(*buffer, 0, 0, ITEM_SIZE, flags);
	if (!queue && errno == EPROTO)
		errx(1, "buffer %s holds something else", name);
	if (!queue)
		err(1, "buffer %s: cannot open the queue", name);
	return queue;
}

#endif /* QUEUE_H */
