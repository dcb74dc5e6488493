// SPDX-License-Identifier: 0BSD
/* Writes what produce passes through a buffer to its standard output. */
#include <unistd.h>

#include "queue.h"

/* Straight out of the slot */
static void empty(const char *slot, size_t length)
{
	size_t done = 0;
	ssize_t got;

	while (done < length) {
		got = write(1, slot + done, length - done);
		if (got < 0 && errno != EINTR)
			err(1, "cannot write the standard output");
		if (got > 0)
			done += got;
	}
}

int main(int argc, char **argv)
{
	struct mapbuf_queue *queue;
	struct mapbuf *buffer;
	const char *slot;
	size_t length;

	if (argc != 2)
		errx(2, "usage: consume BUFFER >FILE");
	queue = queue_open(argv[1], &buffer, MAPBUF_QUEUE_READ);
	do {
		slot = mapbuf_queue_peek(queue, &length, -1);
		if (!slot)
			err(1, "buffer %s: cannot wait", argv[1]);
		empty(slot, length);
		mapbuf_queue_release(queue);
	} while (length);
	mapbuf_queue_close(queue);
	mapbuf_close(buffer);
	return 0;
}
