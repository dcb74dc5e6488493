// SPDX-License-Identifier: GPL-2.0-only
/* A ring in a file, with what a writer may have written there. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "fake_notify.h"
#include "fixture_queue.h"
#include "slots.h"

#define ITEM 100
#define SLOTS 8
/* Room for so many slots of 128 bytes */
#define BYTES (sizeof(struct libmapbuf_header) + SLOTS * (16 + 128) + 64)

struct control {
	uint64_t sequence;
	uint32_t length;
};

static struct mapbuf *writers, *readers;
static struct mapbuf_ring *writer, *reader;
static struct libmapbuf_header *header;
static struct control *control;

static struct mapbuf_ring *open_ring(struct mapbuf *buffer, unsigned int flags)
{
	return mapbuf_ring_open(buffer, 0, BYTES, ITEM, flags);
}

static int setup(void **state)
{
	if (fixture_queue(state))
		return -1;
	writers = open_buffer(O_RDWR);
	readers = open_buffer(O_RDONLY);
	header = mapbuf_map(writers, 0, 0, 0);
	control = (struct control *)(header + 1);
	/* Before there is a writer */
	reader = open_ring(readers, MAPBUF_RING_READ);
	assert_true(reader && header->geometry == 0);
	writer = open_ring(writers, MAPBUF_RING_WRITE);
	assert_int_equal(mapbuf_ring_slots(writer), SLOTS);
	return 0;
}

static int teardown(void **state)
{
	mapbuf_ring_close(writer);
	mapbuf_ring_close(reader);
	munmap(header, 3 * PAGE);
	mapbuf_close(writers);
	mapbuf_close(readers);
	return fixture_teardown(state);
}

static void put(uint64_t number)
{
	char item[ITEM];

	memset(item, number, sizeof(item));
	assert_int_equal(mapbuf_ring_number(writer), number);
	assert_int_equal(mapbuf_ring_write(writer, item, number % (ITEM + 1),
					   0), 0);
}

/* The items from @from on, up to @end */
static void put_all(uint64_t from, uint64_t end)
{
	while (from < end)
		put(from++);
}

/* The next one is @number, after @expected that were lost. */
static void get_of(struct mapbuf_ring *ring, uint64_t number, uint64_t expected)
{
	char item[ITEM], whole[ITEM];
	size_t length = number % (ITEM + 1);
	uint64_t lost = -1;

	memset(whole, number, sizeof(whole));
	assert_int_equal(mapbuf_ring_read(ring, item, sizeof(item), &lost, 0),
			 length);
	assert_memory_equal(item, whole, length);
	assert_int_equal(mapbuf_ring_number(ring), number + 1);
	assert_int_equal(lost, expected);
}

static void get(uint64_t number, uint64_t lost)
{
	get_of(reader, number, lost);
}

static void fails(ssize_t result, int error)
{
	assert_int_equal(result, -1);
	assert_int_equal(errno, error);
	errno = 0;
}

static void empty(int timeout)
{
	assert_null(mapbuf_ring_peek(reader, NULL, NULL, timeout));
	assert_int_equal(errno, ETIMEDOUT);
}

static void refused(struct mapbuf *buffer, size_t length, size_t item_size,
		    unsigned int flags, int error)
{
	errno = 0;
	assert_null(mapbuf_ring_open(buffer, 0, length, item_size, flags));
	assert_int_equal(errno, error);
}

static void bad_arguments(void **state)
{
	struct mapbuf *other = open_buffer(O_RDWR);
	char data[ITEM + 1] = "";

	(void)state;
	refused(writers, BYTES, ITEM, 0, EINVAL);
	refused(writers, BYTES, ITEM, 8 | MAPBUF_RING_READ, EINVAL);
	refused(writers, BYTES, ITEM, MAPBUF_RING_LATEST, EINVAL);
	refused(writers, BYTES, ITEM, MAPBUF_RING_LATEST | MAPBUF_RING_WRITE,
		EINVAL);
	refused(writers, BYTES, ITEM, MAPBUF_RING_READ | MAPBUF_RING_WRITE,
		EINVAL);
	refused(readers, BYTES, ITEM, MAPBUF_RING_WRITE, EACCES);
	refused(other, BYTES, ITEM, MAPBUF_RING_WRITE, EBUSY);
	refused(writers, BYTES, ITEM, MAPBUF_RING_WRITE, EBUSY);
	refused(other, BYTES, ITEM + 1, MAPBUF_RING_READ, EPROTO);
	refused(other, 0, ITEM, MAPBUF_RING_READ, EPROTO);
	refused(other, 0, 2 * PAGE, MAPBUF_RING_READ, ENOSPC);
	assert_null(mapbuf_queue_open(other, 0, BYTES, ITEM,
				      MAPBUF_QUEUE_READ));
	assert_int_equal(errno, EPROTO);
	mapbuf_close(other);
	mapbuf_ring_close(NULL);

	fails(mapbuf_ring_commit(writer, 1, 0), EINVAL);
	fails(mapbuf_ring_write(writer, data, ITEM + 1, 0), EINVAL);
	fails(mapbuf_ring_write(writer, data, 1, 2), EINVAL);
	fails(mapbuf_ring_release(writer), EACCES);
	fails(mapbuf_ring_read(writer, data, ITEM, NULL, 0), EACCES);
	assert_non_null(mapbuf_ring_reserve(writer));
	fails(mapbuf_ring_commit(writer, ITEM + 1, 0), EINVAL);
	fails(mapbuf_ring_commit(writer, 1, 2), EINVAL);
	assert_int_equal(mapbuf_ring_commit(writer, ITEM, 0), 0);
	assert_null(mapbuf_ring_reserve(reader));
	assert_int_equal(errno, EACCES);
	fails(mapbuf_ring_commit(reader, 1, 0), EACCES);
	fails(mapbuf_ring_write(reader, data, 1, 0), EACCES);
	fails(mapbuf_ring_release(reader), EINVAL);
	fails(mapbuf_ring_read(reader, data, 1, NULL, -2), EINVAL);
	fails(mapbuf_ring_read(reader, data, ITEM - 1, NULL, 0), EMSGSIZE);
	assert_int_equal(mapbuf_ring_read(reader, data, ITEM, NULL, 0), ITEM);
}

static void passes_items(void **state)
{
	struct mapbuf_ring *other = open_ring(writers, MAPBUF_RING_READ);
	uint64_t i;

	(void)state;
	empty(0);
	empty(5);
	for (i = 0; i < 1000; i++) {
		put(i);
		get(i, 0);
		get_of(other, i, 0);
	}
	empty(0);
	mapbuf_ring_close(other);
}

static void counts_the_lost(void **state)
{
	(void)state;
	put_all(0, SLOTS);
	get(0, 0);
	put_all(SLOTS, SLOTS + 1);
	get(1, 0);
	/* One too many */
	put_all(SLOTS + 1, SLOTS + 3);
	get(3, 1);
	put_all(SLOTS + 3, 100 * SLOTS + 5);
	get(99 * SLOTS + 5, 99 * SLOTS + 1);
	/* A slot that is being written, too */
	assert_non_null(mapbuf_ring_reserve(writer));
	put(100 * SLOTS + 5);
	assert_non_null(mapbuf_ring_reserve(writer));
	get(99 * SLOTS + 7, 1);
}

static void begins(void **state)
{
	struct mapbuf_ring *other;

	(void)state;
	put_all(0, 3 * SLOTS);
	other = open_ring(readers, MAPBUF_RING_READ);
	get_of(other, 2 * SLOTS, 0);
	mapbuf_ring_close(other);
	/* What was gone by then is not lost; what goes later is. */
	assert_non_null(mapbuf_ring_reserve(writer));
	other = open_ring(readers, MAPBUF_RING_READ);
	assert_int_equal(mapbuf_ring_number(other), 2 * SLOTS + 1);
	put_all(3 * SLOTS, 3 * SLOTS + 3);
	get_of(other, 2 * SLOTS + 3, 2);
	mapbuf_ring_close(other);
	other = open_ring(readers,
			  MAPBUF_RING_READ | MAPBUF_RING_LATEST);
	put(3 * SLOTS + 3);
	get_of(other, 3 * SLOTS + 3, 0);
	mapbuf_ring_close(other);
}

static void in_place(void **state)
{
	uint64_t lost;
	size_t length;
	const char *item;
	char *slot = mapbuf_ring_reserve(writer);

	(void)state;
	assert_ptr_equal(mapbuf_ring_reserve(writer), slot);
	strcpy(slot, "item");
	empty(0);
	assert_int_equal(mapbuf_ring_commit(writer, 5, 0), 0);
	item = mapbuf_ring_peek(reader, &length, &lost, 0);
	assert_string_equal(item, "item");
	assert_int_equal(length, 5);
	assert_int_equal(lost, 0);
	assert_ptr_equal(mapbuf_ring_peek(reader, NULL, NULL, 0), item);
	assert_int_equal(mapbuf_ring_release(reader), 0);

	/* Overwritten meanwhile */
	put(1);
	assert_non_null(mapbuf_ring_peek(reader, &length, &lost, 0));
	put_all(2, SLOTS + 1);
	assert_non_null(mapbuf_ring_reserve(writer));
	fails(mapbuf_ring_release(reader), ESTALE);
	get(2, 1);
	/* And before it is copied */
	assert_non_null(mapbuf_ring_peek(reader, &length, &lost, 0));
	assert_int_equal(mapbuf_ring_number(reader), 3);
	put_all(SLOTS + 1, SLOTS + 4);
	get(SLOTS - 1, SLOTS - 4);
}

/* A writer that was killed at any point of writing item SLOTS */
static void goes_on(void **state)
{
	struct mapbuf_ring *other;
	int complete;

	(void)state;
	for (complete = 0; complete < 2; complete++) {
		memset(header, 0, 3 * PAGE);
		mapbuf_ring_close(writer);
		writer = open_ring(writers, MAPBUF_RING_WRITE);
		put_all(0, SLOTS);
		assert_non_null(mapbuf_ring_reserve(writer));
		if (complete)
			control[0].sequence++;
		mapbuf_ring_close(writer);
		writer = open_ring(writers, MAPBUF_RING_WRITE);
		other = open_ring(readers, MAPBUF_RING_READ);
		get_of(other, 1, 0);
		put(SLOTS);
		put_all(SLOTS + 1, SLOTS + 4);
		get_of(other, 4, 2);
		mapbuf_ring_close(other);
	}
}

static void notifies(void **state)
{
	(void)state;
	empty(0);
	assert_int_equal(mapbuf_ring_write(writer, NULL, 0, MAPBUF_MORE), 0);
	assert_false(is_notified(readers));
	put(1);
	assert_true(is_notified(readers));
	assert_int_equal(mapbuf_seen(readers, NULL), 0);
	assert_int_equal(mapbuf_ring_write(writer, NULL, 0, MAPBUF_MORE), 0);
	mapbuf_ring_close(writer);
	assert_true(is_notified(readers));
	assert_int_equal(mapbuf_seen(readers, NULL), 0);
	writer = open_ring(writers, MAPBUF_RING_WRITE);
	assert_true(is_notified(readers));
	fake_is_destroyed = 1;
	assert_int_equal(mapbuf_ring_number(reader), 0);
	while (mapbuf_ring_peek(reader, NULL, NULL, 0))
		mapbuf_ring_release(reader);
	/* The last notification is seen first. */
	assert_int_equal(errno, ETIMEDOUT);
	assert_null(mapbuf_ring_peek(reader, NULL, NULL, 0));
	assert_int_equal(errno, ENODEV);
	assert_int_equal(mapbuf_ring_number(reader), 3);
}

/* The ring turns out to be another one than its reader thinks. */
static void comes_to_be_another(void **state)
{
	struct mapbuf *other = open_buffer(O_RDWR);
	struct mapbuf_ring *early;

	(void)state;
	mapbuf_ring_close(writer);
	memset(header, 0, 3 * PAGE);
	early = open_ring(readers, MAPBUF_RING_READ);
	writer = mapbuf_ring_open(other, 0, BYTES, 1, MAPBUF_RING_WRITE);
	fails(mapbuf_ring_read(early, NULL, 0, NULL, 0), EPROTO);
	mapbuf_ring_close(early);
	mapbuf_ring_close(writer);
	writer = NULL;
	mapbuf_close(other);
}

static void disbelieved(void)
{
	struct mapbuf_ring *other = open_ring(readers, MAPBUF_RING_READ);
	char item[ITEM];

	if (!other) {
		assert_int_equal(errno, EPROTO);
		return;
	}
	while (mapbuf_ring_read(other, item, sizeof(item), NULL, 0) >= 0)
		;
	assert_int_equal(errno, EPROTO);
	mapbuf_ring_close(other);
}

static void hostile(void **state)
{
	static const uint64_t sequences[] = {
		0, 1, 2 * SLOTS + 1, 2 * SLOTS, 2 * SLOTS + 3, 4 * SLOTS + 5,
		UINT64_MAX, 1ULL << 63,
	};
	char item[ITEM];
	size_t i;

	(void)state;
	put_all(0, SLOTS + 3);
	get(3, 3);
	/* Item SLOTS is in slot 0. */
	for (i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
		control[0].sequence = sequences[i];
		disbelieved();
	}
	control[0].sequence = 2 * SLOTS + 2;
	control[0].length = ITEM + 1;
	disbelieved();
	control[0].length = UINT32_MAX;
	disbelieved();
	control[0].length = 0;

	/* What was looked at once is not looked at again. */
	assert_non_null(mapbuf_ring_peek(reader, NULL, NULL, 0));
	control[4].length = UINT32_MAX;
	assert_int_equal(mapbuf_ring_read(reader, item, sizeof(item), NULL, 0),
			 4);
	for (i = 0; i < 64; i++) {
		header->writer.position = SLOTS + 3 + (1ULL << i);
		disbelieved();
	}
	header->writer.position = 4;
	fails(mapbuf_ring_read(reader, item, sizeof(item), NULL, 0), EPROTO);
	header->writer.position = SLOTS + 3;
	get(5, 0);
	memset(header, 0, 3 * PAGE);
	fails(mapbuf_ring_read(reader, item, sizeof(item), NULL, 0), EPROTO);
	memset(header, 0xff, 3 * PAGE);
	fails(mapbuf_ring_read(reader, item, sizeof(item), NULL, 0), EPROTO);
}

#define ring_test(function) \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ring_test(bad_arguments),
		ring_test(passes_items),
		ring_test(counts_the_lost),
		ring_test(begins),
		ring_test(in_place),
		ring_test(goes_on),
		ring_test(notifies),
		ring_test(comes_to_be_another),
		ring_test(hostile),
	};

	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
