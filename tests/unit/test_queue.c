// SPDX-License-Identifier: GPL-2.0-only
/* A queue in a file, with what the other side may have written there. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "fake_notify.h"
#include "fixture_queue.h"
#include "slots.h"

#define ITEM 100
#define STRIDE 128

static struct mapbuf *writers, *readers;
static struct mapbuf_queue *writer, *reader;
/* What anybody may do who can write to the buffer. */
static struct libmapbuf_header *header;

static int setup_buffer(void **state)
{
	if (fixture_queue(state))
		return -1;
	writers = open_buffer(O_RDWR);
	readers = open_buffer(O_RDWR);
	header = mapbuf_map(writers, 0, 0, 0);
	assert_non_null(header);
	writer = NULL;
	reader = NULL;
	return 0;
}

static int setup(void **state)
{
	if (setup_buffer(state))
		return -1;
	writer = mapbuf_queue_open(writers, 0, PAGE, ITEM, MAPBUF_QUEUE_WRITE);
	reader = mapbuf_queue_open(readers, 0, PAGE, ITEM, MAPBUF_QUEUE_READ);
	return writer && reader ? 0 : -1;
}

static int teardown(void **state)
{
	mapbuf_queue_close(writer);
	mapbuf_queue_close(reader);
	munmap(header, 3 * PAGE);
	mapbuf_close(writers);
	mapbuf_close(readers);
	return fixture_teardown(state);
}

static void refused(struct mapbuf *buffer, uint64_t offset, size_t length,
		    size_t item_size, unsigned int flags, int error)
{
	errno = 0;
	assert_null(mapbuf_queue_open(buffer, offset, length, item_size,
				      flags));
	assert_int_equal(errno, error);
}

static void bad_arguments(void **state)
{
	struct mapbuf *only = open_buffer(O_RDONLY);

	(void)state;
	refused(writers, 0, 0, ITEM, 0, EINVAL);
	refused(writers, 0, 0, ITEM, 4, EINVAL);
	refused(writers, 0, 0, ITEM, MAPBUF_QUEUE_READ | MAPBUF_QUEUE_WRITE,
		EINVAL);
	refused(writers, 0, 0, 0, MAPBUF_QUEUE_READ, EINVAL);
	refused(writers, 0, 0, 1ULL << 32, MAPBUF_QUEUE_READ, EINVAL);
	refused(writers, 1, 0, ITEM, MAPBUF_QUEUE_READ, EINVAL);
	refused(writers, 0, 3 * PAGE + 1, ITEM, MAPBUF_QUEUE_READ, ENXIO);
	refused(writers, 3 * PAGE, 0, ITEM, MAPBUF_QUEUE_READ, ENXIO);
	refused(writers, PAGE, SIZE_MAX, ITEM, MAPBUF_QUEUE_READ, ENXIO);
	refused(writers, 0, 0, 3 * PAGE, MAPBUF_QUEUE_READ, ENOSPC);
	refused(writers, 0, 0, UINT32_MAX, MAPBUF_QUEUE_READ, ENOSPC);
	refused(writers, 0, 16, ITEM, MAPBUF_QUEUE_READ, ENOSPC);
	refused(writers, 0, sizeof(*header) + STRIDE, ITEM, MAPBUF_QUEUE_READ,
		ENOSPC);
	refused(only, 0, 0, ITEM, MAPBUF_QUEUE_READ, EACCES);
	refused(only, 0, 0, ITEM, MAPBUF_QUEUE_WRITE, EACCES);
	assert_true(header->geometry == 0);
	mapbuf_close(only);
	mapbuf_queue_close(NULL);
}

static void sizes(void **state)
{
	static const struct {
		size_t length, item, slots, alignment;
	} cases[] = {
		{ 0, PAGE, 2, PAGE }, { PAGE, 1, 54, 64 },
		{ sizeof(*header) + 2 * STRIDE, STRIDE, 1, STRIDE },
		{ 0, 2 * PAGE, 1, PAGE }, { 2 * PAGE, 1000, 7, 1024 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(header, 0, 3 * PAGE);
		writer = mapbuf_queue_open(writers, 0, cases[i].length,
					   cases[i].item, MAPBUF_QUEUE_WRITE);
		assert_non_null(writer);
		assert_int_equal(mapbuf_queue_slots(writer), cases[i].slots);
		assert_int_equal((uintptr_t)mapbuf_queue_reserve(writer, 0) %
				 cases[i].alignment, 0);
		mapbuf_queue_close(writer);
	}
	writer = NULL;
}

static void one_at_each_end(void **state)
{
	struct mapbuf *other = open_buffer(O_RDWR);
	struct mapbuf_queue *beside;

	(void)state;
	refused(other, 0, PAGE, ITEM, MAPBUF_QUEUE_WRITE, EBUSY);
	refused(other, 0, PAGE, ITEM, MAPBUF_QUEUE_READ, EBUSY);
	/* The same open buffer does not count as the same user. */
	refused(writers, 0, PAGE, ITEM, MAPBUF_QUEUE_WRITE, EBUSY);
	beside = mapbuf_queue_open(writers, PAGE, 0, ITEM, MAPBUF_QUEUE_WRITE);
	assert_non_null(beside);
	mapbuf_queue_close(writer);
	writer = mapbuf_queue_open(other, 0, PAGE, ITEM, MAPBUF_QUEUE_WRITE);
	assert_non_null(writer);
	refused(other, PAGE, 0, ITEM, MAPBUF_QUEUE_WRITE, EBUSY);
	mapbuf_queue_close(beside);
	mapbuf_queue_close(writer);
	writer = NULL;
	mapbuf_close(other);
}

/* What is refused leaves the memory as it was. */
static void something_else(void **state)
{
	char before[3 * PAGE];
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		memset(header, 0, 3 * PAGE);
		if (i == 0)
			memset(header, 'x', 3 * PAGE);
		else if (i == 1)
			header->writer.position = 1;
		else
			header->reader.position = 1;
		memcpy(before, header, sizeof(before));
		refused(writers, 0, 0, ITEM, MAPBUF_QUEUE_WRITE, EPROTO);
		refused(readers, 0, 0, ITEM, MAPBUF_QUEUE_READ, EPROTO);
		assert_memory_equal(before, header, sizeof(before));
	}
	memset(header, 0, 3 * PAGE);
	writer = mapbuf_queue_open(writers, 0, 0, ITEM, MAPBUF_QUEUE_WRITE);
	assert_non_null(writer);
	refused(readers, 0, 0, ITEM - 1, MAPBUF_QUEUE_READ, EPROTO);
	refused(readers, 0, PAGE, ITEM, MAPBUF_QUEUE_READ, EPROTO);
	assert_null(mapbuf_ring_open(readers, 0, 0, ITEM, MAPBUF_RING_READ));
	assert_int_equal(errno, EPROTO);
}

static void put(uint64_t number)
{
	char item[ITEM];
	size_t length = number % (ITEM + 1);

	memset(item, number, sizeof(item));
	assert_int_equal(mapbuf_queue_number(writer), number);
	assert_int_equal(mapbuf_queue_write(writer, item, length, 0, 0), 0);
}

static void get(uint64_t number)
{
	char item[ITEM], expected[ITEM];
	size_t length = number % (ITEM + 1);

	memset(expected, number, sizeof(expected));
	assert_int_equal(mapbuf_queue_number(reader), number);
	assert_int_equal(mapbuf_queue_read(reader, item, sizeof(item), 0),
			 length);
	assert_memory_equal(item, expected, length);
}

static void full(int timeout)
{
	assert_int_equal(mapbuf_queue_write(writer, "", 1, 0, timeout), -1);
	assert_int_equal(errno, ETIMEDOUT);
}

static void empty(int timeout)
{
	assert_null(mapbuf_queue_peek(reader, NULL, timeout));
	assert_int_equal(errno, ETIMEDOUT);
}

/* All lengths, round and round, full and empty. */
static void passes_items(void **state)
{
	uint64_t slots = mapbuf_queue_slots(writer), n = 0, i;

	(void)state;
	assert_in_range(slots, 10, PAGE / STRIDE);
	empty(0);
	empty(5);
	while (n < 1000) {
		for (i = 0; i < slots; i++)
			put(n + i);
		full(0);
		full(5);
		for (i = 0; i < slots; i++)
			get(n + i);
		empty(0);
		/* The next round begins in another slot. */
		n += slots;
		put(n);
		get(n++);
	}
}

static void in_place(void **state)
{
	char *slot = mapbuf_queue_reserve(writer, 0);
	size_t length = 0;
	const char *item;

	(void)state;
	assert_non_null(slot);
	assert_ptr_equal(mapbuf_queue_reserve(writer, 0), slot);
	strcpy(slot, "item");
	empty(0);
	assert_int_equal(mapbuf_queue_commit(writer, 5, 0), 0);
	item = mapbuf_queue_peek(reader, &length, 0);
	assert_string_equal(item, "item");
	assert_int_equal(length, 5);
	assert_ptr_equal(mapbuf_queue_peek(reader, NULL, 0), item);
	assert_int_equal(mapbuf_queue_number(reader), 0);
	assert_int_equal(mapbuf_queue_release(reader), 0);
	assert_int_equal(mapbuf_queue_number(reader), 1);
	empty(0);
}

static void fails(ssize_t result, int error)
{
	assert_int_equal(result, -1);
	assert_int_equal(errno, error);
	errno = 0;
}

static void wrong_calls(void **state)
{
	char data[ITEM + 1] = "";

	(void)state;
	fails(mapbuf_queue_commit(writer, 1, 0), EINVAL);
	fails(mapbuf_queue_write(writer, data, ITEM + 1, 0, 0), EINVAL);
	fails(mapbuf_queue_write(writer, data, 1, 2, 0), EINVAL);
	fails(mapbuf_queue_write(writer, data, 1, 0, -2), EINVAL);
	assert_non_null(mapbuf_queue_reserve(writer, 0));
	fails(mapbuf_queue_commit(writer, ITEM + 1, 0), EINVAL);
	fails(mapbuf_queue_commit(writer, 1, ~MAPBUF_MORE), EINVAL);
	fails(mapbuf_queue_release(writer), EACCES);
	fails(mapbuf_queue_read(writer, data, 1, 0), EACCES);
	assert_int_equal(mapbuf_queue_commit(writer, ITEM, 0), 0);

	fails(mapbuf_queue_release(reader), EINVAL);
	fails(mapbuf_queue_commit(reader, 1, 0), EACCES);
	fails(mapbuf_queue_write(reader, data, 1, 0, 0), EACCES);
	fails(mapbuf_queue_read(reader, data, ITEM, -2), EINVAL);
	fails(mapbuf_queue_read(reader, data, ITEM - 1, 0), EMSGSIZE);
	assert_int_equal(mapbuf_queue_read(reader, data, ITEM, 0), ITEM);
}

/* Who begins again goes on where the one before was. */
static void goes_on(void **state)
{
	uint64_t i;

	(void)state;
	for (i = 0; i < 9; i++)
		put(i);
	assert_non_null(mapbuf_queue_reserve(writer, 0));
	mapbuf_queue_close(writer);
	for (i = 0; i < 4; i++)
		get(i);
	assert_non_null(mapbuf_queue_peek(reader, NULL, 0));
	mapbuf_queue_close(reader);
	writer = mapbuf_queue_open(writers, 0, PAGE, ITEM, MAPBUF_QUEUE_WRITE);
	reader = mapbuf_queue_open(readers, 0, PAGE, ITEM, MAPBUF_QUEUE_READ);
	assert_non_null(writer);
	assert_non_null(reader);
	put(9);
	for (i = 4; i < 10; i++)
		get(i);
	empty(0);
}

static void more(uint64_t number)
{
	assert_int_equal(mapbuf_queue_number(writer), number);
	assert_int_equal(mapbuf_queue_write(writer, NULL, 0, MAPBUF_MORE, 0),
			 0);
}

/* A side that is known to wait is notified, once. */
static void notifies(void **state)
{
	(void)state;
	empty(0);
	more(0);
	assert_false(is_notified(readers));
	put(1);
	assert_true(is_notified(readers));
	assert_int_equal(mapbuf_seen(readers, NULL), 0);
	put(2);
	assert_false(is_notified(readers));

	/* A side that ends, or begins, cannot know what the other one knows. */
	while (mapbuf_queue_peek(reader, NULL, 0))
		mapbuf_queue_release(reader);
	more(3);
	assert_false(is_notified(readers));
	mapbuf_queue_close(writer);
	assert_true(is_notified(readers));
	assert_int_equal(mapbuf_seen(readers, NULL), 0);
	writer = mapbuf_queue_open(writers, 0, PAGE, ITEM, MAPBUF_QUEUE_WRITE);
	assert_true(is_notified(readers));
}

static void notifies_of_room(void **state)
{
	uint64_t slots = mapbuf_queue_slots(writer), i;

	(void)state;
	empty(0);
	for (i = 0; i < slots; i++)
		more(i);
	assert_false(is_notified(readers));
	/* Who waits for room says before what there is. */
	full(0);
	assert_true(is_notified(readers));
	assert_false(is_notified(writers));
	assert_non_null(mapbuf_queue_peek(reader, NULL, 0));
	assert_int_equal(mapbuf_queue_release(reader), 0);
	assert_true(is_notified(writers));
}

static void disbelieved(uint64_t *position, uint64_t value)
{
	uint64_t before = *position;

	*position = value;
	if (position == &header->writer.position)
		assert_null(mapbuf_queue_peek(reader, NULL, 0));
	else
		assert_null(mapbuf_queue_reserve(writer, 0));
	assert_int_equal(errno, EPROTO);
	*position = before;
}

static void hostile_positions(void **state)
{
	uint64_t slots = mapbuf_queue_slots(writer), i;

	(void)state;
	for (i = 0; i < 3; i++) {
		put(i);
		get(i);
	}
	disbelieved(&header->writer.position, 2);
	disbelieved(&header->writer.position, 3 + slots + 1);
	disbelieved(&header->writer.position, -1);
	disbelieved(&header->writer.position, 1ULL << 63);
	for (; i < 3 + slots; i++)
		put(i);
	disbelieved(&header->reader.position, 2);
	disbelieved(&header->reader.position, 3 + slots + 1);
	disbelieved(&header->reader.position, -1);
	/* Its own position a side knows. */
	header->writer.position = 1000;
	header->reader.position = 3;
	full(0);
	header->writer.position = 3 + slots;
	get(3);
	put(3 + slots);
	assert_true(header->writer.position == 4 + slots);
	assert_true(header->reader.position == 4);
	/* When it begins it does not; but what it finds has to be possible. */
	mapbuf_queue_close(writer);
	mapbuf_queue_close(reader);
	header->reader.position = 5 + slots;
	refused(writers, 0, PAGE, ITEM, MAPBUF_QUEUE_WRITE, EPROTO);
	refused(readers, 0, PAGE, ITEM, MAPBUF_QUEUE_READ, EPROTO);
	header->reader.position = 3;
	refused(writers, 0, PAGE, ITEM, MAPBUF_QUEUE_WRITE, EPROTO);
	writer = NULL;
	reader = NULL;
}

static void hostile_lengths(void **state)
{
	uint32_t *lengths = (uint32_t *)(header + 1);
	char item[ITEM];
	size_t length;

	(void)state;
	put(0);
	put(1);
	lengths[0] = ITEM + 1;
	fails(mapbuf_queue_read(reader, item, sizeof(item), 0), EPROTO);
	lengths[0] = UINT32_MAX;
	fails(mapbuf_queue_read(reader, item, sizeof(item), 0), EPROTO);
	lengths[0] = 0;
	get(0);
	/* What was looked at once is not looked at again. */
	assert_non_null(mapbuf_queue_peek(reader, &length, 0));
	lengths[1] = UINT32_MAX;
	assert_int_equal(mapbuf_queue_read(reader, item, sizeof(item), 0), 1);
}

/* A flag that nobody means costs a notification, or a look, and no more. */
static void hostile_flags(void **state)
{
	uint64_t i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		header->writer.awaited = i;
		header->reader.awaited = ~i;
		put(i);
		get(i);
	}
	empty(0);
}

static void destroyed(void **state)
{
	(void)state;
	empty(0);
	put(0);
	fake_is_destroyed = 1;
	get(0);
	/* The last notification is seen first. */
	empty(0);
	assert_null(mapbuf_queue_peek(reader, NULL, 0));
	assert_int_equal(errno, ENODEV);
}

static void do_nothing(int signal)
{
	(void)signal;
}

static void interrupted(void **state)
{
	const struct itimerval often = {
		.it_interval.tv_usec = 1000, .it_value.tv_usec = 1000,
	}, never = { 0 };
	const struct sigaction action = { .sa_handler = do_nothing };

	(void)state;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	assert_null(mapbuf_queue_peek(reader, NULL, -1));
	assert_int_equal(errno, EINTR);
	setitimer(ITIMER_REAL, &never, NULL);
}

#define queue_test(function) \
	cmocka_unit_test_setup_teardown(function, setup, teardown)
#define buffer_test(function) \
	cmocka_unit_test_setup_teardown(function, setup_buffer, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		buffer_test(bad_arguments),
		buffer_test(sizes),
		queue_test(one_at_each_end),
		buffer_test(something_else),
		queue_test(passes_items),
		queue_test(in_place),
		queue_test(wrong_calls),
		queue_test(goes_on),
		queue_test(notifies),
		queue_test(notifies_of_room),
		queue_test(hostile_positions),
		queue_test(hostile_lengths),
		queue_test(hostile_flags),
		queue_test(destroyed),
		queue_test(interrupted),
	};

	return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
