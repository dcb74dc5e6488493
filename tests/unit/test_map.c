// SPDX-License-Identifier: GPL-2.0-only
/* mapbuf_map_at() and mapbuf_map_dmabuf(), with the memory of a file. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <mapbuf.h>

#include "fixture.h"
#include "mock.h"

#define PAGE 4096
#define ALIGNMENT (2 << 20)

/* As large as what mock_info() says. */
static struct mapbuf *open_any(void)
{
	struct mapbuf *buffer;
	int fd = memfd_create("buffer", MFD_CLOEXEC);

	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	mock_info("adc0", 5);
	buffer = mapbuf_open_fd(fd);
	assert_non_null(buffer);
	mock_finished();
	return buffer;
}

/* Where nothing is mapped just now */
static char *unused(size_t length)
{
	char *at = mmap(NULL, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);

	assert_ptr_not_equal(at, MAP_FAILED);
	munmap(at, length);
	return at;
}

static void fails(struct mapbuf *buffer, void *address, size_t alignment,
		  uint64_t offset, size_t length, unsigned int flags, int error)
{
	errno = 0;
	assert_null(mapbuf_map_at(buffer, address, alignment, offset, length,
				  flags));
	assert_int_equal(errno, error);
}

static void at_address(void **state)
{
	struct mapbuf *buffer = open_any();
	char *wanted = unused(1 << 20), *map;

	(void)state;
	map = mapbuf_map_at(buffer, wanted, 0, 0, 0, 0);
	assert_ptr_equal(map, wanted);
	strcpy(map + (1 << 20) - 8, "end");
	fails(buffer, wanted, 0, 0, 0, 0, EEXIST);
	fails(buffer, wanted + (1 << 20) - PAGE, 0, 0, PAGE, 0, EEXIST);
	assert_string_equal(map + (1 << 20) - 8, "end");
	assert_int_equal(mapbuf_unmap(map, 1 << 20), 0);
	map = mapbuf_map_at(buffer, wanted, PAGE, PAGE, 2 * PAGE,
			    MAPBUF_MAP_READ_ONLY | MAPBUF_MAP_POPULATE);
	assert_ptr_equal(map, wanted);
	assert_int_equal(mapbuf_unmap(map, 2 * PAGE), 0);
	mapbuf_close(buffer);
}

static void aligned(void **state)
{
	struct mapbuf *buffer = open_any();
	char *map, *other, *neighbour;

	(void)state;
	map = mapbuf_map_at(buffer, NULL, ALIGNMENT, 0, 0, 0);
	other = mapbuf_map_at(buffer, NULL, ALIGNMENT, PAGE, PAGE + 1, 0);
	assert_non_null(map);
	assert_non_null(other);
	assert_int_equal((uintptr_t)map % ALIGNMENT, 0);
	assert_int_equal((uintptr_t)other % ALIGNMENT, 0);
	strcpy(map + PAGE, "one");
	assert_string_equal(other, "one");
	/* What was kept free is free again. */
	neighbour = mapbuf_map_at(buffer, other + 2 * PAGE, 0, 0, PAGE, 0);
	assert_ptr_equal(neighbour, other + 2 * PAGE);
	mapbuf_unmap(neighbour, PAGE);
	mapbuf_unmap(other, PAGE + 1);
	mapbuf_unmap(map, 1 << 20);
	map = mapbuf_map_at(buffer, NULL, 0, 0, 0, 0);
	assert_non_null(map);
	mapbuf_unmap(map, 1 << 20);
	mapbuf_close(buffer);
}

static void refused(void **state)
{
	struct mapbuf *buffer = open_any();
	char *wanted = unused(1 << 20);

	(void)state;
	fails(buffer, wanted + 1, 0, 0, 0, 0, EINVAL);
	fails(buffer, NULL, 1, 0, 0, 0, EINVAL);
	fails(buffer, NULL, 3 * PAGE, 0, 0, 0, EINVAL);
	fails(buffer, (void *)(uintptr_t)PAGE, 2 * PAGE, 0, 0, 0, EINVAL);
	fails(buffer, NULL, 0, 0, 0, 1 << 2, EINVAL);
	fails(buffer, NULL, 0, 1, PAGE, 0, EINVAL);
	fails(buffer, NULL, 0, 1 << 20, 0, 0, ENXIO);
	fails(buffer, wanted, 0, PAGE, 1 << 20, 0, ENXIO);
	fails(buffer, NULL, 0, 0, SIZE_MAX, 0, ENXIO);
	mapbuf_close(buffer);
}

/* Where each 2 MiB of the file begins, by 2 MiB of addresses */
static void dmabuf(void **state)
{
	const size_t size = 5 << 20;
	int fd = memfd_create("dmabuf", MFD_CLOEXEC);
	char *whole, *part, *page;

	(void)state;
	assert_int_equal(ftruncate(fd, size), 0);
	whole = mapbuf_map_dmabuf(fd, 0, 0, 0);
	part = mapbuf_map_dmabuf(fd, 3 * PAGE, 4 << 20, MAPBUF_MAP_POPULATE);
	page = mapbuf_map_dmabuf(fd, 3 * PAGE, 1, MAPBUF_MAP_READ_ONLY);
	assert_non_null(whole);
	assert_non_null(part);
	assert_non_null(page);
	assert_int_equal((uintptr_t)whole % ALIGNMENT, 0);
	assert_int_equal((uintptr_t)part % ALIGNMENT, 3 * PAGE);
	strcpy(whole + 3 * PAGE, "three");
	assert_string_equal(part, "three");
	assert_string_equal(page, "three");
	whole[size - 1] = 1;
	mapbuf_unmap(page, 1);
	mapbuf_unmap(part, 4 << 20);
	mapbuf_unmap(whole, size);

	errno = 0;
	assert_null(mapbuf_map_dmabuf(fd, 1, PAGE, 0));
	assert_int_equal(errno, EINVAL);
	assert_null(mapbuf_map_dmabuf(fd, 0, 0, 1 << 2));
	assert_int_equal(errno, EINVAL);
	assert_null(mapbuf_map_dmabuf(fd, PAGE, size, 0));
	assert_int_equal(errno, ENXIO);
	close(fd);
	assert_null(mapbuf_map_dmabuf(fd, 0, 0, 0));
	assert_int_equal(errno, EBADF);
}

static void version(void **state)
{
	(void)state;
	assert_string_equal(mapbuf_version(), MAPBUF_VERSION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(at_address),
		fixture_test(aligned),
		fixture_test(refused),
		fixture_test(dmabuf),
		fixture_test(version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
