// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A ring that one writes, without ever waiting, and many read, each for itself.
 *
 * The sequence of a slot is 2n + 1 while item n is being written there and 2n + 2
 * when it is complete, so a reader that finds the same one before and after has
 * read one item.  An item is committed once the position is beyond it: a writer
 * that was killed before writes that one again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "slots.h"

/* So often an item may be overwritten while it is read before time counts. */
#define TRIES 16

struct control {
	uint64_t sequence LIBMAPBUF_ALIGNED(8);
	uint32_t length;
};

struct mapbuf_ring {
	struct libmapbuf_slots slots;
	int is_writer;
	int is_held;		/* a slot has been reserved, or peeked at */
	int is_untold;		/* of what was committed */
	int is_known;		/* somebody has said what the ring is like */
	uint64_t position;	/* own */
	uint64_t index;		/* of the slot at the position */
	uint64_t lost;		/* since the last item that was not */
	size_t length;		/* of the item that is peeked at */
};

static struct control *control_of(const struct mapbuf_ring *ring)
{
	return (struct control *)ring->slots.control + ring->index;
}

static char *slot_of(const struct mapbuf_ring *ring)
{
	return ring->slots.data + ring->index * ring->slots.stride;
}

static uint64_t complete(const struct mapbuf_ring *ring)
{
	return 2 * ring->position + 2;
}

static uint64_t committed(const struct mapbuf_ring *ring)
{
	return __atomic_load_n(&ring->slots.header->writer.position,
			       __ATOMIC_ACQUIRE);
}

static void go_to(struct mapbuf_ring *ring, uint64_t position)
{
	ring->position = position;
	ring->index = position % ring->slots.count;
}

static void lose(struct mapbuf_ring *ring, uint64_t count)
{
	ring->lost += count;
	go_to(ring, ring->position + count);
}

/*
 * 1: the item at the position is there; 0: it has been, or is being, overwritten;
 * -1: it is neither.
 */
static int check_slot(const struct mapbuf_ring *ring)
{
	uint64_t sequence, later;

	sequence = __atomic_load_n(&control_of(ring)->sequence,
				   __ATOMIC_ACQUIRE);
	if (sequence == complete(ring))
		return 1;
	/* Item and slot would be those of a later round. */
	later = (sequence + 1 - complete(ring)) / 2;
	if (sequence > complete(ring) && later % ring->slots.count == 0)
		return 0;
	errno = EPROTO;
	return -1;
}

/* Whether what has been read since check_slot() was all of that item */
static int is_whole(const struct mapbuf_ring *ring)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&control_of(ring)->sequence,
			       __ATOMIC_RELAXED) == complete(ring);
}

/* Goes to the oldest item that is there: 1, or 0 if there is none; -1. */
static int find(struct mapbuf_ring *ring)
{
	uint64_t end;
	int there;

	if (!ring->is_known) {
		there = libmapbuf_slots_check(&ring->slots, 0);
		if (there <= 0)
			return there;
		ring->is_known = 1;
	}
	end = committed(ring);
	if (end < ring->position) {
		errno = EPROTO;
		return -1;
	}
	if (end - ring->position > ring->slots.count)
		lose(ring, end - ring->position - ring->slots.count);
	for (; ring->position != end; lose(ring, 1)) {
		there = check_slot(ring);
		if (there)
			return there;
	}
	return 0;
}

/*
 * Where the oldest items are overwritten while they are read, it begins later: at
 * the middle of the ring, at three quarters, and so on.
 */
static void lose_more(struct mapbuf_ring *ring, unsigned int tries)
{
	uint64_t end = committed(ring), left;

	lose(ring, 1);
	left = tries < 32 ? ring->slots.count >> tries : 0;
	if (end > ring->position && end - ring->position > left + 1)
		lose(ring, end - ring->position - left - 1);
}

/* What was overwritten before is nothing that this reader has lost. */
static int begin(struct mapbuf_ring *ring, int latest)
{
	uint64_t end = committed(ring);

	if (latest)
		go_to(ring, end);
	else if (end > ring->slots.count)
		go_to(ring, end - ring->slots.count);
	if (find(ring) < 0)
		return -1;
	ring->lost = 0;
	return 0;
}

static int attach(struct mapbuf_ring *ring, unsigned int flags)
{
	struct libmapbuf_side *side = &ring->slots.header->writer;

	if (!ring->is_writer)
		return begin(ring, flags & MAPBUF_RING_LATEST);
	if (libmapbuf_slots_lock(&ring->slots, side) ||
	    libmapbuf_slots_check(&ring->slots, 1) < 0)
		return -1;
	go_to(ring, committed(ring));
	/* One who died may have committed it, and told nobody. */
	return mapbuf_notify(ring->slots.buffer, NULL);
}

struct mapbuf_ring *mapbuf_ring_open(struct mapbuf *buffer, uint64_t offset,
				     size_t length, size_t item_size,
				     unsigned int flags)
{
	const struct libmapbuf_place place = {
		.offset = offset, .length = length, .item_size = item_size,
		.kind = LIBMAPBUF_RING, .control_size = sizeof(struct control),
		.least = 2,
	};
	struct mapbuf_ring *ring;

	if (flags != MAPBUF_RING_WRITE &&
	    (flags & ~MAPBUF_RING_LATEST) != MAPBUF_RING_READ) {
		errno = EINVAL;
		return NULL;
	}
	ring = calloc(1, sizeof(*ring));
	if (!ring)
		return NULL;
	ring->is_writer = flags == MAPBUF_RING_WRITE;
	if (libmapbuf_slots_map(&ring->slots, buffer, &place, ring->is_writer))
		goto err_free;
	if (attach(ring, flags))
		goto err_close;
	return ring;

err_close:
	libmapbuf_slots_close(&ring->slots);
err_free:
	free(ring);
	return NULL;
}

/* Readers may be unable to say that they wait. */
static void tell(struct mapbuf_ring *ring)
{
	ring->is_untold = 0;
	mapbuf_notify(ring->slots.buffer, NULL);
}

void mapbuf_ring_close(struct mapbuf_ring *ring)
{
	if (!ring)
		return;
	if (ring->is_untold)
		tell(ring);
	libmapbuf_slots_close(&ring->slots);
	free(ring);
}

size_t mapbuf_ring_slots(const struct mapbuf_ring *ring)
{
	return ring->slots.count;
}

uint64_t mapbuf_ring_number(const struct mapbuf_ring *ring)
{
	return ring->position;
}

static int check_end(const struct mapbuf_ring *ring, int as_writer)
{
	if (as_writer == ring->is_writer)
		return 0;
	errno = EACCES;
	return -1;
}

static int check_held(const struct mapbuf_ring *ring, int as_writer)
{
	if (check_end(ring, as_writer))
		return -1;
	if (ring->is_held)
		return 0;
	errno = EINVAL;
	return -1;
}

static int check_item(const struct mapbuf_ring *ring, size_t length,
		      unsigned int flags)
{
	if (length <= ring->slots.item_size && !(flags & ~MAPBUF_MORE))
		return 0;
	errno = EINVAL;
	return -1;
}

static void move(struct mapbuf_ring *ring)
{
	ring->is_held = 0;
	ring->position++;
	if (++ring->index == ring->slots.count)
		ring->index = 0;
}

void *mapbuf_ring_reserve(struct mapbuf_ring *ring)
{
	if (check_end(ring, 1))
		return NULL;
	if (!ring->is_held) {
		/* Nothing is written to the slot before the sequence is. */
		__atomic_store_n(&control_of(ring)->sequence,
				 complete(ring) - 1, __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_RELEASE);
		ring->is_held = 1;
	}
	return slot_of(ring);
}

int mapbuf_ring_commit(struct mapbuf_ring *ring, size_t length,
		       unsigned int flags)
{
	struct control *control = control_of(ring);

	if (check_held(ring, 1) || check_item(ring, length, flags))
		return -1;
	__atomic_store_n(&control->length, length, __ATOMIC_RELAXED);
	__atomic_store_n(&control->sequence, complete(ring), __ATOMIC_RELEASE);
	move(ring);
	__atomic_store_n(&ring->slots.header->writer.position, ring->position,
			 __ATOMIC_RELEASE);
	if (flags & MAPBUF_MORE)
		ring->is_untold = 1;
	else
		tell(ring);
	return 0;
}

int mapbuf_ring_write(struct mapbuf_ring *ring, const void *data, size_t length,
		      unsigned int flags)
{
	void *slot;

	if (check_end(ring, 1) || check_item(ring, length, flags))
		return -1;
	slot = mapbuf_ring_reserve(ring);
	if (length)
		memcpy(slot, data, length);
	return mapbuf_ring_commit(ring, length, flags);
}

/* 1: the next item is held; 0: it was overwritten at once */
static int take(struct mapbuf_ring *ring)
{
	uint32_t said;

	said = __atomic_load_n(&control_of(ring)->length, __ATOMIC_RELAXED);
	if (said > ring->slots.item_size) {
		if (!is_whole(ring))
			return 0;
		errno = EPROTO;
		return -1;
	}
	ring->length = said;
	ring->is_held = 1;
	return 1;
}

/* A call that looks for an item */
struct search {
	struct libmapbuf_wait wait;
	unsigned int tries;	/* in vain */
};

/* What was there has been overwritten: 0 to go on, -1 */
static int again(struct mapbuf_ring *ring, struct search *search)
{
	ring->is_held = 0;
	lose_more(ring, ++search->tries);
	if (search->tries > TRIES && libmapbuf_slots_late(&search->wait)) {
		errno = ETIMEDOUT;
		return -1;
	}
	return 0;
}

/* Until an item is held */
static int wait_for_item(struct mapbuf_ring *ring, struct search *search)
{
	int there, result;

	while (!ring->is_held) {
		there = find(ring);
		if (there < 0)
			return -1;
		if (!there) {
			if (libmapbuf_slots_wait(&ring->slots, &search->wait))
				return -1;
			continue;
		}
		result = take(ring);
		if (result < 0 || (!result && again(ring, search)))
			return -1;
	}
	return 0;
}

/* What peek and read begin with */
static int search_item(struct mapbuf_ring *ring, struct search *search)
{
	if (check_end(ring, 0))
		return -1;
	if (search->wait.timeout_ms < -1) {
		errno = EINVAL;
		return -1;
	}
	return wait_for_item(ring, search);
}

const void *mapbuf_ring_peek(struct mapbuf_ring *ring, size_t *length,
			     uint64_t *lost, int timeout_ms)
{
	struct search search = { .wait.timeout_ms = timeout_ms };

	if (search_item(ring, &search))
		return NULL;
	if (length)
		*length = ring->length;
	if (lost)
		*lost = ring->lost;
	return slot_of(ring);
}

int mapbuf_ring_release(struct mapbuf_ring *ring)
{
	int whole;

	if (check_held(ring, 0))
		return -1;
	whole = is_whole(ring);
	move(ring);
	ring->lost = !whole;
	if (whole)
		return 0;
	errno = ESTALE;
	return -1;
}

ssize_t mapbuf_ring_read(struct mapbuf_ring *ring, void *data, size_t size,
			 uint64_t *lost, int timeout_ms)
{
	struct search search = { .wait.timeout_ms = timeout_ms };

	for (;;) {
		if (search_item(ring, &search))
			return -1;
		if (ring->length > size) {
			errno = EMSGSIZE;
			return -1;
		}
		if (ring->length)
			memcpy(data, slot_of(ring), ring->length);
		if (is_whole(ring))
			break;
		if (again(ring, &search))
			return -1;
	}
	if (lost)
		*lost = ring->lost;
	ring->lost = 0;
	move(ring);
	return ring->length;
}
