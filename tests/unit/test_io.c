// SPDX-License-Identifier: GPL-2.0-only
/* pread() and pwrite() are replaced: they move as much as the test wants. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <mapbuf.h>

#include "fixture.h"
#include "mock.h"

ssize_t __wrap_pread64(int fd, void *data, size_t length, off_t offset);
ssize_t __wrap_pwrite64(int fd, const void *data, size_t length, off_t offset);

/* What the next calls give; below 0 an errno */
static int results[4];
static size_t next_result;
static char memory[64], contents[64];

static ssize_t move(char *to, const char *from, size_t length)
{
	int result = results[next_result++];

	assert_true(next_result <= sizeof(results) / sizeof(results[0]));
	if (result < 0) {
		errno = -result;
		return -1;
	}
	assert_true((size_t)result <= length);
	memcpy(to, from, result);
	return result;
}

ssize_t __wrap_pread64(int fd, void *data, size_t length, off_t offset)
{
	(void)fd;
	return move(data, contents + offset, length);
}

ssize_t __wrap_pwrite64(int fd, const void *data, size_t length, off_t offset)
{
	(void)fd;
	return move(contents + offset, data, length);
}

static struct mapbuf *open_any(int flags)
{
	struct mapbuf *buffer;

	mock_info("adc0", 3);
	buffer = mapbuf_open_fd(open("/dev/null", flags | O_CLOEXEC));
	assert_non_null(buffer);
	mock_finished();
	return buffer;
}

static void script(int first, int second, int third)
{
	results[0] = first;
	results[1] = second;
	results[2] = third;
	next_result = 0;
	memset(memory, 0, sizeof(memory));
	strcpy(contents, "0123456789");
}

static void reads(void **state)
{
	struct mapbuf *buffer = open_any(O_RDONLY);

	(void)state;
	script(3, -EINTR, 2);
	assert_int_equal(mapbuf_read(buffer, memory, 5, 2), 5);
	assert_string_equal(memory, "23456");
	script(3, 0, 0);
	assert_int_equal(mapbuf_read(buffer, memory, 5, 7), 3);
	assert_string_equal(memory, "789");
	script(3, -EIO, 0);
	assert_int_equal(mapbuf_read(buffer, memory, 5, 0), 3);
	script(-EIO, 0, 0);
	assert_int_equal(mapbuf_read(buffer, memory, 5, 0), -1);
	assert_int_equal(errno, EIO);
	assert_int_equal(mapbuf_read(buffer, memory, 0, 0), 0);
	assert_int_equal(next_result, 1);
	mapbuf_close(buffer);
}

static void writes(void **state)
{
	struct mapbuf *buffer = open_any(O_RDWR);

	(void)state;
	script(-EINTR, 1, 2);
	assert_int_equal(mapbuf_write(buffer, "abc", 3, 4), 3);
	assert_string_equal(contents, "0123abc789");
	script(1, -ENOSPC, 0);
	assert_int_equal(mapbuf_write(buffer, "abc", 3, 9), 1);
	assert_string_equal(contents, "012345678a");
	script(-ENOSPC, 0, 0);
	assert_int_equal(mapbuf_write(buffer, "abc", 3, 10), -1);
	assert_int_equal(errno, ENOSPC);
	script(-EBADF, 0, 0);
	assert_int_equal(mapbuf_write(buffer, "abc", 3, 0), -1);
	assert_int_equal(errno, EBADF);
	mapbuf_close(buffer);
	buffer = open_any(O_RDONLY);
	script(-EBADF, 0, 0);
	assert_int_equal(mapbuf_write(buffer, "abc", 3, 0), -1);
	assert_int_equal(errno, EACCES);
	mapbuf_close(buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(writes),
	};

	return cmocka_run_group_tests_name("io", tests, NULL, NULL);
}
