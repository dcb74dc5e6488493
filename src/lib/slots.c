// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "slots.h"

#define LINE 64		/* items begin in a cache line of their own */
#define PAGE 4096	/* and are aligned to this at most, on any machine */
#define COUNT_BITS 24
#define MAX_COUNT ((1u << COUNT_BITS) - 1)

/* The range that is asked for; 0 and *length, or -1 */
static int check_range(const struct mapbuf *buffer,
		       const struct libmapbuf_place *place, uint64_t *length)
{
	uint64_t size = mapbuf_size(buffer);

	if (place->offset >= size || place->length > size - place->offset) {
		errno = ENXIO;
		return -1;
	}
	*length = place->length ? place->length : size - place->offset;
	return 0;
}

static uint64_t round_up(uint64_t value, uint64_t multiple)
{
	return (value + multiple - 1) & -multiple;
}

/* Where the slots begin when there are @count. */
static uint64_t data_offset(const struct libmapbuf_slots *slots,
			    const struct libmapbuf_place *place, uint64_t count)
{
	uint64_t alignment = slots->stride & -slots->stride;

	return round_up(sizeof(struct libmapbuf_header) +
			count * place->control_size,
			alignment < PAGE ? alignment : PAGE);
}

/* As many slots as there is room for; 0: not as many as are needed */
static uint64_t fit(const struct libmapbuf_slots *slots,
		    const struct libmapbuf_place *place, uint64_t length)
{
	uint64_t count;

	if (length < sizeof(struct libmapbuf_header))
		return 0;
	count = (length - sizeof(struct libmapbuf_header)) /
		(slots->stride + place->control_size);
	if (count > MAX_COUNT)
		count = MAX_COUNT;
	while (count && data_offset(slots, place, count) +
				count * slots->stride > length)
		count--;
	return count < place->least ? 0 : count;
}

int libmapbuf_slots_map(struct libmapbuf_slots *slots, struct mapbuf *buffer,
			const struct libmapbuf_place *place, int writable)
{
	uint64_t length, begin, bytes;
	char *map;

	if (!place->item_size || place->item_size > UINT32_MAX) {
		errno = EINVAL;
		return -1;
	}
	if (check_range(buffer, place, &length))
		return -1;
	slots->stride = round_up(place->item_size, LINE);
	slots->count = fit(slots, place, length);
	if (!slots->count) {
		errno = ENOSPC;
		return -1;
	}
	begin = data_offset(slots, place, slots->count);
	bytes = begin + slots->count * slots->stride;
	if (bytes > SIZE_MAX) {
		errno = EOVERFLOW;
		return -1;
	}
	map = mapbuf_map(buffer, place->offset, bytes,
			 writable ? 0 : MAPBUF_MAP_READ_ONLY);
	if (!map)
		return -1;
	slots->buffer = buffer;
	slots->header = (struct libmapbuf_header *)map;
	slots->control = map + sizeof(struct libmapbuf_header);
	slots->data = map + begin;
	slots->offset = place->offset;
	slots->item_size = place->item_size;
	slots->mapped = bytes;
	slots->geometry = (uint64_t)place->kind << 56 |
			  slots->count << 32 | place->item_size;
	return 0;
}

int libmapbuf_slots_lock(struct libmapbuf_slots *slots,
			 const struct libmapbuf_side *side)
{
	struct flock lock = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = slots->offset +
			   ((const char *)side - (char *)slots->header),
		.l_len = 1,
	}, other = lock;
	int fd = mapbuf_fd(slots->buffer);

	/*
	 * A lock of this open file would not be in the way of another one, but
	 * is in that of the process.
	 */
	if (fcntl(fd, F_GETLK, &other))
		return -1;
	if (other.l_type == F_UNLCK && !fcntl(fd, F_OFD_SETLK, &lock)) {
		slots->locked = lock.l_start;
		return 0;
	}
	if (other.l_type != F_UNLCK || errno == EAGAIN || errno == EACCES)
		errno = EBUSY;
	return -1;
}

static void unlock(struct libmapbuf_slots *slots)
{
	struct flock lock = {
		.l_type = F_UNLCK,
		.l_whence = SEEK_SET,
		.l_start = slots->locked,
		.l_len = 1,
	};

	if (slots->locked)
		fcntl(mapbuf_fd(slots->buffer), F_OFD_SETLK, &lock);
}

int libmapbuf_slots_check(const struct libmapbuf_slots *slots, int set)
{
	struct libmapbuf_header *header = slots->header;
	uint64_t moved, there;

	/* In this order: whoever moved one had said before what it is. */
	moved = __atomic_load_n(&header->writer.position, __ATOMIC_ACQUIRE) |
		__atomic_load_n(&header->reader.position, __ATOMIC_ACQUIRE);
	there = __atomic_load_n(&header->geometry, __ATOMIC_ACQUIRE);
	if (!there && !moved) {
		if (!set)
			return 0;
		if (__atomic_compare_exchange_n(&header->geometry, &there,
						slots->geometry, 0,
						__ATOMIC_ACQ_REL,
						__ATOMIC_ACQUIRE))
			return 1;
	}
	if (there == slots->geometry)
		return 1;
	errno = EPROTO;
	return -1;
}

void libmapbuf_slots_close(struct libmapbuf_slots *slots)
{
	int error = errno;

	unlock(slots);
	mapbuf_unmap(slots->header, slots->mapped);
	errno = error;
}

static int time_left(struct libmapbuf_wait *wait)
{
	int64_t left;

	if (wait->timeout_ms <= 0)
		return wait->timeout_ms;
	if (!wait->begun)
		wait->deadline = libmapbuf_now_ms() + wait->timeout_ms;
	left = wait->deadline - libmapbuf_now_ms();
	return left < 0 ? 0 : left;
}

/*
 * When the time is up all that has been told is seen once, and no more: what is
 * told later makes poll(2) return then.
 */
int libmapbuf_slots_wait(const struct libmapbuf_slots *slots,
			 struct libmapbuf_wait *wait)
{
	int left = time_left(wait);

	if (left == 0 && wait->begun) {
		errno = ETIMEDOUT;
		return -1;
	}
	wait->begun = 1;
	return mapbuf_wait_data(slots->buffer, NULL, left);
}

int libmapbuf_slots_late(struct libmapbuf_wait *wait)
{
	int left = time_left(wait);

	wait->begun = 1;
	return left == 0;
}
