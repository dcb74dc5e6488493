// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A queue from one writer to one reader that loses nothing.
 *
 * Each side alone moves its position, with one store, after it is done with the
 * slot: whenever it dies, that item has been passed on or has not.  It reads its
 * own position from the buffer only when it opens the queue, and believes nothing
 * that the other side may have written.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "slots.h"

struct mapbuf_queue {
	struct libmapbuf_slots slots;
	struct libmapbuf_side *own;
	struct libmapbuf_side *other;
	int is_writer;
	int is_held;		/* a slot has been reserved, or peeked at */
	int is_untold;		/* of what was committed */
	uint64_t position;	/* own */
	uint64_t limit;		/* up to here slots are ours, at the last look */
	uint64_t index;		/* of the slot at the position */
	size_t length;		/* of the item that is peeked at */
};

/* Up to where the other side lets us go; -1: that cannot be. */
static int look(struct mapbuf_queue *queue)
{
	uint64_t limit;

	limit = __atomic_load_n(&queue->other->position, __ATOMIC_ACQUIRE);
	if (queue->is_writer)
		limit += queue->slots.count;
	if (limit - queue->position > queue->slots.count) {
		errno = EPROTO;
		return -1;
	}
	queue->limit = limit;
	return 0;
}

static int attach(struct mapbuf_queue *queue)
{
	struct libmapbuf_header *header = queue->slots.header;

	queue->own = queue->is_writer ? &header->writer : &header->reader;
	queue->other = queue->is_writer ? &header->reader : &header->writer;
	if (libmapbuf_slots_lock(&queue->slots, queue->own) ||
	    libmapbuf_slots_check(&queue->slots, 1) < 0)
		return -1;
	queue->position = __atomic_load_n(&queue->own->position,
					  __ATOMIC_RELAXED);
	queue->index = queue->position % queue->slots.count;
	if (look(queue))
		return -1;
	/* One who died may have moved the position, and told nobody. */
	return mapbuf_notify(queue->slots.buffer, NULL);
}

struct mapbuf_queue *mapbuf_queue_open(struct mapbuf *buffer, uint64_t offset,
				       size_t length, size_t item_size,
				       unsigned int flags)
{
	const struct libmapbuf_place place = {
		.offset = offset, .length = length, .item_size = item_size,
		.kind = LIBMAPBUF_QUEUE, .control_size = sizeof(uint32_t),
		.least = 1,
	};
	struct mapbuf_queue *queue;

	if (flags != MAPBUF_QUEUE_READ && flags != MAPBUF_QUEUE_WRITE) {
		errno = EINVAL;
		return NULL;
	}
	queue = calloc(1, sizeof(*queue));
	if (!queue)
		return NULL;
	queue->is_writer = flags == MAPBUF_QUEUE_WRITE;
	if (libmapbuf_slots_map(&queue->slots, buffer, &place, 1))
		goto err_free;
	if (attach(queue))
		goto err_close;
	return queue;

err_close:
	libmapbuf_slots_close(&queue->slots);
err_free:
	free(queue);
	return NULL;
}

static void tell(struct mapbuf_queue *queue)
{
	queue->is_untold = 0;
	libmapbuf_slots_tell(&queue->slots, queue->own);
}

void mapbuf_queue_close(struct mapbuf_queue *queue)
{
	if (!queue)
		return;
	if (queue->is_untold)
		tell(queue);
	libmapbuf_slots_close(&queue->slots);
	free(queue);
}

size_t mapbuf_queue_slots(const struct mapbuf_queue *queue)
{
	return queue->slots.count;
}

uint64_t mapbuf_queue_number(const struct mapbuf_queue *queue)
{
	return queue->position;
}

/* Until a slot is ours */
static int wait_for_slot(struct mapbuf_queue *queue, int timeout_ms)
{
	struct libmapbuf_wait wait = { .timeout_ms = timeout_ms };

	if (look(queue))
		return -1;
	while (queue->limit == queue->position) {
		if (queue->is_untold)
			tell(queue);
		libmapbuf_slots_await(queue->other);
		if (look(queue))
			return -1;
		if (queue->limit != queue->position)
			break;
		if (libmapbuf_slots_wait(&queue->slots, &wait) || look(queue))
			return -1;
	}
	return 0;
}

/* The slot at the position, held for the end of the queue that this is */
static char *hold(struct mapbuf_queue *queue, int as_writer, int timeout_ms)
{
	if (as_writer != queue->is_writer) {
		errno = EACCES;
		return NULL;
	}
	if (timeout_ms < -1) {
		errno = EINVAL;
		return NULL;
	}
	if (queue->limit == queue->position && wait_for_slot(queue, timeout_ms))
		return NULL;
	return queue->slots.data + queue->index * queue->slots.stride;
}

/* Whether there is one that commit or release can mean */
static int check_held(const struct mapbuf_queue *queue, int as_writer)
{
	if (as_writer == queue->is_writer && queue->is_held)
		return 0;
	errno = as_writer == queue->is_writer ? EINVAL : EACCES;
	return -1;
}

static void move(struct mapbuf_queue *queue)
{
	queue->is_held = 0;
	queue->position++;
	if (++queue->index == queue->slots.count)
		queue->index = 0;
	__atomic_store_n(&queue->own->position, queue->position,
			 __ATOMIC_RELEASE);
}

static uint32_t *length_of(const struct mapbuf_queue *queue)
{
	return (uint32_t *)queue->slots.control + queue->index;
}

void *mapbuf_queue_reserve(struct mapbuf_queue *queue, int timeout_ms)
{
	char *slot = hold(queue, 1, timeout_ms);

	if (slot)
		queue->is_held = 1;
	return slot;
}

int mapbuf_queue_commit(struct mapbuf_queue *queue, size_t length,
			unsigned int flags)
{
	if (check_held(queue, 1))
		return -1;
	if (length > queue->slots.item_size || flags & ~MAPBUF_MORE) {
		errno = EINVAL;
		return -1;
	}
	__atomic_store_n(length_of(queue), length, __ATOMIC_RELAXED);
	move(queue);
	if (flags & MAPBUF_MORE)
		queue->is_untold = 1;
	else
		tell(queue);
	return 0;
}

int mapbuf_queue_write(struct mapbuf_queue *queue, const void *data,
		       size_t length, unsigned int flags, int timeout_ms)
{
	void *slot;

	if (length > queue->slots.item_size || flags & ~MAPBUF_MORE) {
		errno = EINVAL;
		return -1;
	}
	slot = mapbuf_queue_reserve(queue, timeout_ms);
	if (!slot)
		return -1;
	if (length)
		memcpy(slot, data, length);
	return mapbuf_queue_commit(queue, length, flags);
}

const void *mapbuf_queue_peek(struct mapbuf_queue *queue, size_t *length,
			      int timeout_ms)
{
	const char *slot = hold(queue, 0, timeout_ms);
	uint32_t said;

	if (!slot)
		return NULL;
	/* Once, as the other side can change it at any time. */
	if (!queue->is_held) {
		said = __atomic_load_n(length_of(queue), __ATOMIC_RELAXED);
		if (said > queue->slots.item_size) {
			errno = EPROTO;
			return NULL;
		}
		queue->length = said;
		queue->is_held = 1;
	}
	if (length)
		*length = queue->length;
	return slot;
}

int mapbuf_queue_release(struct mapbuf_queue *queue)
{
	if (check_held(queue, 0))
		return -1;
	move(queue);
	tell(queue);
	return 0;
}

ssize_t mapbuf_queue_read(struct mapbuf_queue *queue, void *data, size_t size,
			  int timeout_ms)
{
	const void *slot;
	size_t length;

	slot = mapbuf_queue_peek(queue, &length, timeout_ms);
	if (!slot)
		return -1;
	if (length > size) {
		errno = EMSGSIZE;
		return -1;
	}
	if (length)
		memcpy(data, slot, length);
	mapbuf_queue_release(queue);
	return length;
}
