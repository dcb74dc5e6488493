// SPDX-License-Identifier: GPL-2.0-only
/* Passes its standard input to consume, through a buffer. */
#include <err.h>
#include <errno.h>
#include <unistd.h>

#include "ring.h"

/* Straight into the slot; 0 at the end. */
static uint32_t fill(struct slot *slot)
{
	ssize_t got;

	do {
		got = read(0, slot->data, sizeof(slot->data));
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		err(1, "cannot read the standard input");
	return got;
}

static void produce(struct ring *ring, uint64_t count)
{
	struct slot *slot;

	/* What was sent before has to be through. */
	while (__atomic_load_n(&ring->ended, __ATOMIC_ACQUIRE))
		ring_pause();
	for (;;) {
		while (ring_fill(ring, count) == count)
			ring_pause();
		slot = ring_slot(ring, ring->produced, count);
		slot->length = fill(slot);
		if (slot->length == 0)
			break;
		__atomic_store_n(&ring->produced, ring->produced + 1,
				 __ATOMIC_RELEASE);
	}
	__atomic_store_n(&ring->ended, 1, __ATOMIC_RELEASE);
}

int main(int argc, char **argv)
{
	struct mapbuf *buffer;
	struct ring *ring;
	uint64_t count;

	if (argc != 2)
		errx(2, "usage: produce BUFFER <FILE");
	ring = ring_open(argv[1], &buffer, &count);
	produce(ring, count);
	ring_close(ring, buffer);
	return 0;
}
