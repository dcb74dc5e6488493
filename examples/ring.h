/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What produce and consume have agreed on: a page that says how far each of
 * them is, then the slots, which are used in turn.  There is one of each.
 * Either may start first, and one that starts again goes on where it was.
 */
#ifndef RING_H
#define RING_H

#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <time.h>

#include <mapbuf.h>

#define RING_HEADER_SIZE 4096
#define RING_SLOT_SIZE 65536

struct ring {
	uint64_t produced;	/* slots filled, since the beginning */
	uint64_t ended;		/* 1: that was all; 0 again once it is consumed */
	char pad[48];		/* each side writes to a cache line of its own */
	uint64_t consumed;	/* slots emptied */
};

struct slot {
	uint32_t length;
	char data[RING_SLOT_SIZE - sizeof(uint32_t)];
};

_Static_assert(sizeof(struct slot) == RING_SLOT_SIZE, "no padding");

/* @count: how many slots there are */
static inline struct ring *ring_open(const char *name, struct mapbuf **buffer,
				     uint64_t *count)
{
	struct ring *ring;

	*buffer = mapbuf_open(name, O_RDWR);
	if (!*buffer)
		err(1, "buffer %s: cannot open", name);
	if (mapbuf_size(*buffer) < RING_HEADER_SIZE + 2 * RING_SLOT_SIZE)
		errx(1, "buffer %s: too small for two slots", name);
	ring = mapbuf_map(*buffer, 0, 0, 0);
	if (!ring)
		err(1, "buffer %s: cannot map", name);
	*count = (mapbuf_size(*buffer) - RING_HEADER_SIZE) / RING_SLOT_SIZE;
	return ring;
}

static inline void ring_close(struct ring *ring, struct mapbuf *buffer)
{
	mapbuf_unmap(ring, mapbuf_size(buffer));
	mapbuf_close(buffer);
}

/* The other side is waited for by looking again: 1 ms costs next to nothing. */
static inline void ring_pause(void)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	nanosleep(&pause, NULL);
}

/* How many slots are full; whoever may write may have written anything. */
static inline uint64_t ring_fill(const struct ring *ring, uint64_t count)
{
	uint64_t full = __atomic_load_n(&ring->produced, __ATOMIC_ACQUIRE) -
			__atomic_load_n(&ring->consumed, __ATOMIC_ACQUIRE);

	if (full > count)
		errx(1, "the buffer holds something else");
	return full;
}

static inline struct slot *ring_slot(struct ring *ring, uint64_t number,
				     uint64_t count)
{
	return (struct slot *)((char *)ring + RING_HEADER_SIZE) +
	       number % count;
}

#endif /* RING_H */
