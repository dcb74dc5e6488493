// SPDX-License-Identifier: GPL-2.0-only
#include "queue.h"

#include <sched.h>
#include <sys/prctl.h>

/* For a worker, which ends with the one who would kill it. */
static struct mapbuf *worker_open(int flags)
{
	must(!prctl(PR_SET_PDEATHSIG, SIGKILL));
	return buffer_open(flags);
}

static struct mapbuf_queue *queue_open(unsigned int flags)
{
	struct mapbuf_queue *queue;

	queue = mapbuf_queue_open(worker_open(O_RDWR), 0, 0, ITEM, flags);
	must(queue);
	return queue;
}

static struct mapbuf_ring *ring_open(int access, unsigned int flags)
{
	struct mapbuf_ring *ring;

	ring = mapbuf_ring_open(worker_open(access), 0, 0, ITEM, flags);
	must(ring);
	return ring;
}

/* Before item @number is written: whether that is beyond the last one */
static bool is_over(uint64_t number)
{
	if (number < shared->limit &&
	    __atomic_load_n(&shared->stop, __ATOMIC_ACQUIRE) &&
	    shared->limit == UINT64_MAX)
		__atomic_store_n(&shared->limit, number + 1, __ATOMIC_RELEASE);
	return number >= shared->limit;
}

static unsigned int more(uint64_t number)
{
	return number % 5 == 1 ? MAPBUF_MORE : 0;
}

void queue_write(unsigned int unused)
{
	struct mapbuf_queue *queue = queue_open(MAPBUF_QUEUE_WRITE);
	uint64_t number, item[ITEM / 8], *slot;

	(void)unused;
	while (number = mapbuf_queue_number(queue), !is_over(number)) {
		if (number % 3) {
			must(!mapbuf_queue_write(queue, item,
						 item_fill(item, number),
						 more(number), -1));
			continue;
		}
		slot = mapbuf_queue_reserve(queue, -1);
		must(slot);
		must(!mapbuf_queue_commit(queue, item_fill(slot, number), 0));
	}
	mapbuf_queue_close(queue);
}

void queue_read(unsigned int unused)
{
	struct mapbuf_queue *queue = queue_open(MAPBUF_QUEUE_READ);
	const void *item;
	uint64_t number;
	size_t length;

	(void)unused;
	while (number = mapbuf_queue_number(queue),
	       number < __atomic_load_n(&shared->limit, __ATOMIC_ACQUIRE)) {
		item = mapbuf_queue_peek(queue, &length, -1);
		must(item && item_is(item, length, number));
		if (shared->done == number) {
			__atomic_store_n(&shared->done, number + 1,
					 __ATOMIC_RELEASE);
		} else {
			/* Who was killed was through with it. */
			must(shared->done == number + 1);
			shared->again++;
		}
		/* A good moment to be killed */
		if (number % 64 == 0)
			sched_yield();
		must(!mapbuf_queue_release(queue));
	}
	mapbuf_queue_close(queue);
}

void queue_bounce(unsigned int second)
{
	uint64_t count = setting("QUEUE_ITEMS", 4000) / 8, number, got;
	struct mapbuf *buffer = worker_open(O_RDWR);
	struct mapbuf_queue *there, *back;

	there = mapbuf_queue_open(buffer, 0, BYTES / 2, ITEM,
				  second ? MAPBUF_QUEUE_READ :
					   MAPBUF_QUEUE_WRITE);
	back = mapbuf_queue_open(buffer, BYTES / 2, 0, ITEM,
				 second ? MAPBUF_QUEUE_WRITE :
					  MAPBUF_QUEUE_READ);
	must(there && back);
	for (number = 0; number < count; number++) {
		if (!second)
			must(!mapbuf_queue_write(there, &number, 8, 0, -1));
		must(mapbuf_queue_read(second ? there : back, &got, sizeof(got), -1) ==
		     8 && got == number);
		if (second)
			must(!mapbuf_queue_write(back, &got, 8, 0, -1));
	}
	mapbuf_queue_close(there);
	mapbuf_queue_close(back);
}

void ring_write(unsigned int unused)
{
	struct mapbuf_ring *ring = ring_open(O_RDWR, MAPBUF_RING_WRITE);
	uint64_t number, item[ITEM / 8], *slot;

	(void)unused;
	while (number = mapbuf_ring_number(ring), !is_over(number)) {
		/* Now and then readers get ahead. */
		if (number % 1024 == 0)
			sched_yield();
		if (number % 3) {
			must(!mapbuf_ring_write(ring, item,
						item_fill(item, number),
						more(number)));
			continue;
		}
		slot = mapbuf_ring_reserve(ring);
		must(slot);
		must(!mapbuf_ring_commit(ring, item_fill(slot, number), 0));
	}
	mapbuf_ring_close(ring);
}

/* A copy of the next item; false: it was lost meanwhile. */
static bool ring_get(struct mapbuf_ring *ring, bool in_place, void *item,
		     size_t *length, uint64_t *number, uint64_t *lost)
{
	const void *slot;
	ssize_t got;

	if (in_place) {
		slot = mapbuf_ring_peek(ring, length, lost, -1);
		must(slot);
		*number = mapbuf_ring_number(ring);
		memcpy(item, slot, *length);
		if (!mapbuf_ring_release(ring))
			return true;
		must(errno == ESTALE);
		return false;
	}
	got = mapbuf_ring_read(ring, item, ITEM, lost, -1);
	must(got >= 0);
	*length = got;
	*number = mapbuf_ring_number(ring) - 1;
	return true;
}

void ring_read(unsigned int reader)
{
	struct mapbuf_ring *ring;
	uint64_t item[ITEM / 8], number = 0, next = 0, lost;
	bool in_place = reader % 2, whole, first = true;
	size_t length;

	ring = ring_open(in_place ? O_RDONLY : O_RDWR, MAPBUF_RING_READ);
	do {
		whole = ring_get(ring, in_place, item, &length, &number, &lost);
		/* What was there first is not known. */
		must(first || number == next + lost);
		first = false;
		next = number;
		if (!whole)
			continue;
		must(item_is(item, length, number));
		next++;
		__atomic_add_fetch(&shared->done, 1, __ATOMIC_RELAXED);
		__atomic_add_fetch(&shared->lost, lost, __ATOMIC_RELAXED);
	} while (next < __atomic_load_n(&shared->limit, __ATOMIC_ACQUIRE));
	mapbuf_ring_close(ring);
}

void queue_write_once(void)
{
	struct mapbuf_queue *queue = queue_open(MAPBUF_QUEUE_WRITE);
	uint64_t number = mapbuf_queue_number(queue), item[ITEM / 8];
	size_t length = item_fill(item, number);

	raise(SIGSTOP);
	must(!mapbuf_queue_write(queue, item, length, 0, 0));
	raise(SIGSTOP);
}

void queue_read_once(void)
{
	struct mapbuf_queue *queue = queue_open(MAPBUF_QUEUE_READ);
	uint64_t item[ITEM / 8];

	raise(SIGSTOP);
	must(mapbuf_queue_read(queue, item, sizeof(item), 0) > 0);
	raise(SIGSTOP);
}

/* What was told before is seen, that of opening too. */
static struct mapbuf_queue *queue_open_late(unsigned int flags)
{
	struct mapbuf *buffer = worker_open(O_RDWR);
	struct mapbuf_queue *queue;

	queue = mapbuf_queue_open(buffer, 0, 0, ITEM, flags);
	must(queue && !mapbuf_seen(buffer, NULL));
	return queue;
}

void queue_write_late(void)
{
	struct mapbuf_queue *queue = queue_open_late(MAPBUF_QUEUE_WRITE);
	uint64_t number = mapbuf_queue_number(queue), item[ITEM / 8];
	size_t length = item_fill(item, number);

	raise(SIGSTOP);
	must(!mapbuf_queue_write(queue, item, length, 0, -1));
}

void queue_read_late(void)
{
	struct mapbuf_queue *queue = queue_open_late(MAPBUF_QUEUE_READ);
	uint64_t item[ITEM / 8];

	raise(SIGSTOP);
	must(mapbuf_queue_read(queue, item, sizeof(item), -1) > 0);
}

void ring_write_once(void)
{
	struct mapbuf_ring *ring = ring_open(O_RDWR, MAPBUF_RING_WRITE);
	uint64_t number = mapbuf_ring_number(ring), item[ITEM / 8];
	size_t length = item_fill(item, number);

	raise(SIGSTOP);
	must(!mapbuf_ring_write(ring, item, length, 0));
	raise(SIGSTOP);
}
