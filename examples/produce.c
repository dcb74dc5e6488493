// SPDX-License-Identifier: 0BSD
/* Passes its standard input to consume, through a buffer. */
#include <unistd.h>

#include "queue.h"

/* Straight into the slot; 0 at the end. */
static size_t fill(void *slot)
{
	ssize_t got;

	do {
		got = read(0, slot, ITEM_SIZE);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		err(1, "cannot read the standard input");
	return got;
}

int main(int argc, char **argv)
{
	struct mapbuf_queue *queue;
	struct mapbuf *buffer;
	size_t length;
	void *slot;

	if (argc != 2)
		errx(2, "usage: produce BUFFER <FILE");
	queue = queue_open(argv[1], &buffer, MAPBUF_QUEUE_WRITE);
	do {
		slot = mapbuf_queue_reserve(queue, -1);
		if (!slot)
			err(1, "buffer %s: cannot wait for room", argv[1]);
		length = fill(slot);
		if (mapbuf_queue_commit(queue, length, 0))
			err(1, "buffer %s: cannot pass on", argv[1]);
	} while (length);
	mapbuf_queue_close(queue);
	mapbuf_close(buffer);
	return 0;
}
