/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a queue and a ring have in common: how they lie in a buffer, who is at
 * which end, and waiting.
 *
 * In the buffer are the header, what is said of each slot ("control", which queue.c
 * and ring.c know), and the slots.  Each slot is as much aligned as its size lets
 * it be, up to a page.
 */
#ifndef LIBMAPBUF_SLOTS_H
#define LIBMAPBUF_SLOTS_H

#include "internal.h"

/* Positions are read and written in one piece, by processors of 32 bits also. */
_Static_assert(__atomic_always_lock_free(sizeof(uint64_t), 0),
	       "positions need atomic operations of 64 bits");

#define LIBMAPBUF_ALIGNED(bytes) __attribute__((aligned(bytes)))

/* Written by one side, but for the flag, in cache lines of its own */
struct libmapbuf_side {
	/* Items since the beginning */
	uint64_t position LIBMAPBUF_ALIGNED(128);
	/* The other side wants to be notified; set by it, cleared by this one. */
	uint32_t awaited;
};

/* Zeros are one that is empty. */
struct libmapbuf_header {
	/* What this is, count and size of items: set once, all at the same time */
	uint64_t geometry LIBMAPBUF_ALIGNED(128);
	struct libmapbuf_side writer;
	struct libmapbuf_side reader;
};

/* Of the first byte, so that nothing else is taken for one of these. */
enum libmapbuf_kind {
	LIBMAPBUF_QUEUE = 0xb1,
	LIBMAPBUF_RING = 0xb2,
};

struct libmapbuf_slots {
	struct mapbuf *buffer;
	struct libmapbuf_header *header;
	void *control;
	char *data;
	uint64_t geometry;
	uint64_t offset;	/* in the buffer */
	uint64_t count;
	uint64_t stride;	/* from one item to the next */
	size_t item_size;
	size_t mapped;		/* bytes */
	uint64_t locked;	/* the byte that says which end this is, 0: none */
};

/* Where it is, and of what size.  Of a queue or ring, of which only count matters */
struct libmapbuf_place {
	uint64_t offset;
	size_t length;
	size_t item_size;
	enum libmapbuf_kind kind;
	size_t control_size;	/* of one slot */
	unsigned int least;	/* slots */
};

/* 0 or -1.  Maps it, and changes nothing. */
int libmapbuf_slots_map(struct libmapbuf_slots *slots, struct mapbuf *buffer,
			const struct libmapbuf_place *place, int writable);
/* Becomes the one at that end; EBUSY.  The kernel ends it when a process dies. */
int libmapbuf_slots_lock(struct libmapbuf_slots *slots,
			 const struct libmapbuf_side *side);
/*
 * 1 where there is one like this; 0 where there are zeros, which @set makes one;
 * -1 with EPROTO where there is something else
 */
int libmapbuf_slots_check(const struct libmapbuf_slots *slots, int set);
void libmapbuf_slots_close(struct libmapbuf_slots *slots);

/* Notifies those that wait for @side, if any do. */
static inline void libmapbuf_slots_tell(const struct libmapbuf_slots *slots,
					struct libmapbuf_side *side)
{
	/* Either they see the position, or this sees that they wait. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&side->awaited, __ATOMIC_RELAXED))
		return;
	__atomic_store_n(&side->awaited, 0, __ATOMIC_RELAXED);
	mapbuf_notify(slots->buffer, NULL);
}

/* From now on @side notifies; look at its position once more. */
static inline void libmapbuf_slots_await(struct libmapbuf_side *side)
{
	if (!__atomic_load_n(&side->awaited, __ATOMIC_RELAXED))
		__atomic_store_n(&side->awaited, 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* A wait with looks in between; begins with zeros but for @timeout_ms. */
struct libmapbuf_wait {
	int timeout_ms;
	int begun;
	int64_t deadline;
};

/* 0: a notification, so look again; -1 as mapbuf_wait_data() */
int libmapbuf_slots_wait(const struct libmapbuf_slots *slots,
			 struct libmapbuf_wait *wait);
/* Whether the time is up */
int libmapbuf_slots_late(struct libmapbuf_wait *wait);

#endif /* LIBMAPBUF_SLOTS_H */
