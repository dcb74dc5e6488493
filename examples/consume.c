// SPDX-License-Identifier: GPL-2.0-only
/* Writes what produce passes through a buffer to its standard output. */
#include <err.h>
#include <errno.h>
#include <unistd.h>

#include "ring.h"

/* Straight out of the slot */
static void empty(const struct slot *slot)
{
	/* Whoever may write to the buffer may have written anything. */
	uint32_t length = __atomic_load_n(&slot->length, __ATOMIC_RELAXED);
	uint32_t done = 0;
	ssize_t got;

	if (length > sizeof(slot->data))
		errx(1, "a slot says it has more than it can have");
	while (done < length) {
		got = write(1, slot->data + done, length - done);
		if (got < 0 && errno != EINTR)
			err(1, "cannot write the standard output");
		if (got > 0)
			done += got;
	}
}

static void consume(struct ring *ring, uint64_t count)
{
	uint64_t ended;

	for (;;) {
		/* In this order: what was produced before the end is there. */
		ended = __atomic_load_n(&ring->ended, __ATOMIC_ACQUIRE);
		if (ring_fill(ring, count)) {
			empty(ring_slot(ring, ring->consumed, count));
			__atomic_store_n(&ring->consumed, ring->consumed + 1,
					 __ATOMIC_RELEASE);
			continue;
		}
		if (ended)
			break;
		ring_pause();
	}
	__atomic_store_n(&ring->ended, 0, __ATOMIC_RELEASE);
}

int main(int argc, char **argv)
{
	struct mapbuf *buffer;
	struct ring *ring;
	uint64_t count;

	if (argc != 2)
		errx(2, "usage: consume BUFFER >FILE");
	ring = ring_open(argv[1], &buffer, &count);
	consume(ring, count);
	ring_close(ring, buffer);
	return 0;
}
