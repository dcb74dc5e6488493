// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/mapbuf.h>
#include <mapbuf.h>

#include "fake_files.h"
#include "fixture.h"
#include "mock.h"

static void opens(const char *name, int flags)
{
	struct mapbuf *buffer = mapbuf_open(name, flags);

	if (!buffer)
		fail_msg("%s: %s", name, strerror(errno));
	assert_string_equal(mapbuf_name(buffer), name);
	mapbuf_close(buffer);
	mock_finished();
}

static void does_not_open(const char *name, int flags, int error)
{
	errno = 0;
	assert_null(mapbuf_open(name, flags));
	assert_int_equal(errno, error);
	mock_finished();
}

static void by_link(void **state)
{
	struct mapbuf *buffer;

	(void)state;
	fixture_write("/dev/mapbuf3", "");
	fixture_link("/dev/mapbuf/adc0", "../mapbuf3");
	mock_info("adc0", 3);
	buffer = mapbuf_open("adc0", O_RDONLY);
	assert_non_null(buffer);
	assert_string_equal(mapbuf_name(buffer), "adc0");
	assert_string_equal(mapbuf_backing(buffer), "contiguous");
	assert_int_equal(mapbuf_size(buffer), 1 << 20);
	assert_int_equal(mapbuf_id(buffer), 3);
	assert_int_equal(mapbuf_numa_node(buffer), -1);
	assert_int_equal(fcntl(mapbuf_fd(buffer), F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(mapbuf_fd(buffer), F_GETFL) & O_ACCMODE,
			 O_RDONLY);
	mapbuf_close(buffer);
	mock_finished();
}

/* Without a look at other buffers */
static void by_file(void **state)
{
	(void)state;
	readings = 0;
	fixture_write("/run/mapbuf/adc0", "");
	mock_info("adc0", 4);
	opens("adc0", O_RDWR);
	mock_info("adc0", 4);
	opens("adc0", O_RDONLY | O_CLOEXEC);
	assert_int_equal(readings, 0);
}

/* One that has no file does not exist, however many others do. */
static void without_a_file(void **state)
{
	(void)state;
	readings = 0;
	fixture_buffer(5, "adc0", "4096", "vmalloc");
	files_are_mounted = true;
	does_not_open("adc0", O_RDWR, ENOENT);
	files_are_mounted = false;
	assert_int_equal(readings, 0);
}

/* The file is of something else. */
static void by_node_all_the_same(void **state)
{
	(void)state;
	fixture_buffer(5, "adc0", "4096", "vmalloc");
	fixture_write("/run/mapbuf/adc0", "");
	mock_info("other", 9);
	mock_info("adc0", 5);
	opens("adc0", O_RDWR);
}

static void by_sysfs(void **state)
{
	(void)state;
	fixture_buffer(1, "adc1", "4096", "vmalloc");
	fixture_buffer(12, "adc0", "4096", "vmalloc");
	mock_info("adc0", 12);
	opens("adc0", O_RDWR);
}

static void link_to_another_buffer(void **state)
{
	(void)state;
	fixture_buffer(0, "adc1", "4096", "vmalloc");
	fixture_buffer(1, "adc0", "4096", "vmalloc");
	fixture_link("/dev/mapbuf/adc0", "../mapbuf0");
	mock_info("adc1", 0);
	mock_info("adc0", 1);
	opens("adc0", O_RDWR);
}

static void link_to_something_else(void **state)
{
	const struct mapbuf_info info = { .size = sizeof(info) };

	(void)state;
	fixture_buffer(1, "adc0", "4096", "vmalloc");
	fixture_link("/dev/mapbuf/adc0", "/dev/null");
	mock_ioctl(MAPBUF_IOC_INFO, &info, &info, sizeof(info), ENOTTY);
	mock_info("adc0", 1);
	opens("adc0", O_RDONLY);
}

static void gone_meanwhile(void **state)
{
	(void)state;
	fixture_buffer(1, "adc0", "4096", "vmalloc");
	mock_info("adc9", 1);
	does_not_open("adc0", O_RDWR, ENOENT);
}

static void missing(void **state)
{
	(void)state;
	does_not_open("adc0", O_RDWR, ENOENT);
	fixture_buffer(1, "adc1", "4096", "vmalloc");
	does_not_open("adc0", O_RDWR, ENOENT);
}

/* What is not about the path must not be hidden by looking further. */
static void other_errors(void **state)
{
	(void)state;
	fixture_buffer(1, "adc0", "4096", "vmalloc");
	fixture_link("/dev/mapbuf/adc0", "adc0");
	does_not_open("adc0", O_RDWR, ELOOP);
}

static void invalid(void **state)
{
	(void)state;
	does_not_open(NULL, O_RDWR, EINVAL);
	does_not_open("", O_RDWR, EINVAL);
	does_not_open("../mapbuf0", O_RDWR, EINVAL);
	does_not_open("adc0", O_WRONLY, EINVAL);
	does_not_open("adc0", O_RDWR | O_CREAT, EINVAL);
}

static void names(void **state)
{
	(void)state;
	assert_int_equal(mapbuf_name_is_valid("a"), 1);
	assert_int_equal(mapbuf_name_is_valid("A-z_0.9"), 1);
	assert_int_equal(mapbuf_name_is_valid("1234567890123456789012345678901"),
			 1);
	assert_int_equal(mapbuf_name_is_valid("12345678901234567890123456789012"),
			 0);
	assert_int_equal(mapbuf_name_is_valid(".a"), 0);
	assert_int_equal(mapbuf_name_is_valid("-a"), 0);
	assert_int_equal(mapbuf_name_is_valid("a/b"), 0);
	assert_int_equal(mapbuf_name_is_valid("a b"), 0);
	assert_int_equal(mapbuf_name_is_valid("\303\244"), 0);
}

static void by_descriptor(void **state)
{
	const struct mapbuf_info info = { .size = sizeof(info) };
	struct mapbuf *buffer;
	int fd;

	(void)state;
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	mock_ioctl(MAPBUF_IOC_INFO, &info, &info, sizeof(info), ENOTTY);
	assert_null(mapbuf_open_fd(fd));
	assert_int_equal(errno, ENOTTY);
	mock_info("adc0", 5);
	buffer = mapbuf_open_fd(fd);
	assert_non_null(buffer);
	assert_int_equal(mapbuf_fd(buffer), fd);
	mapbuf_close(buffer);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	mapbuf_close(NULL);
	mock_finished();
}

/* Also of what a program cannot ask for, and of what is newer than it */
static void backing_names(void **state)
{
	static const char *const expected[] = {
		"unknown", "vmalloc", "contiguous", "reserved",
		"coherent", "unknown"
	};
	const struct mapbuf_info request = { .size = sizeof(request) };
	struct mapbuf_info answer = { .size = sizeof(answer), .name = "adc0" };
	struct mapbuf *buffer;

	(void)state;
	for (answer.backing = 0; answer.backing < 6; answer.backing++) {
		mock_ioctl(MAPBUF_IOC_INFO, &request, &answer, sizeof(answer),
			   0);
		buffer = mapbuf_open_fd(dup(0));
		assert_non_null(buffer);
		assert_string_equal(mapbuf_backing(buffer),
				    expected[answer.backing]);
		mapbuf_close(buffer);
		mock_finished();
	}
}

void *__wrap_mmap64(void *address, size_t length, int prot, int flags, int fd,
		    off_t offset);
int __wrap_munmap(void *address, size_t length);

void *__wrap_mmap64(void *address, size_t length, int prot, int flags, int fd,
		    off_t offset)
{
	assert_null(address);
	assert_true(fd >= 0);
	check_expected(length);
	check_expected(prot);
	check_expected(flags);
	check_expected(offset);
	return mock_ptr_type(void *);
}

int __wrap_munmap(void *address, size_t length)
{
	check_expected_ptr(address);
	check_expected(length);
	return mock_type(int);
}

static char memory;

static void maps_as(size_t length, int prot, int flags, off_t offset)
{
	expect_value(__wrap_mmap64, length, length);
	expect_value(__wrap_mmap64, prot, prot);
	expect_value(__wrap_mmap64, flags, flags);
	expect_value(__wrap_mmap64, offset, offset);
	will_return(__wrap_mmap64, &memory);
}

static struct mapbuf *open_any(void)
{
	struct mapbuf *buffer;

	mock_info("adc0", 5);
	buffer = mapbuf_open_fd(open("/dev/null", O_RDWR | O_CLOEXEC));
	assert_non_null(buffer);
	mock_finished();
	return buffer;
}

static void mapping(void **state)
{
	const int rw = PROT_READ | PROT_WRITE;
	struct mapbuf *buffer = open_any();

	(void)state;
	maps_as(1 << 20, rw, MAP_SHARED, 0);
	assert_ptr_equal(mapbuf_map(buffer, 0, 0, 0), &memory);
	maps_as((1 << 20) - 8192, PROT_READ, MAP_SHARED, 8192);
	assert_ptr_equal(mapbuf_map(buffer, 8192, 0, MAPBUF_MAP_READ_ONLY),
			 &memory);
	maps_as(4096, rw, MAP_SHARED | MAP_POPULATE, (1 << 20) - 4096);
	assert_ptr_equal(mapbuf_map(buffer, (1 << 20) - 4096, 4096,
				    MAPBUF_MAP_POPULATE), &memory);
	expect_value(__wrap_munmap, address, &memory);
	expect_value(__wrap_munmap, length, 4096);
	will_return(__wrap_munmap, 0);
	assert_int_equal(mapbuf_unmap(&memory, 4096), 0);
	mapbuf_close(buffer);
}

static void does_not_map(struct mapbuf *buffer, uint64_t offset, size_t length,
			 unsigned int flags, int error)
{
	errno = 0;
	assert_null(mapbuf_map(buffer, offset, length, flags));
	assert_int_equal(errno, error);
}

static void mapping_beyond(void **state)
{
	struct mapbuf *buffer = open_any();

	(void)state;
	does_not_map(buffer, 1 << 20, 0, 0, ENXIO);
	does_not_map(buffer, 4096, 1 << 20, 0, ENXIO);
	does_not_map(buffer, UINT64_MAX, 2, 0, ENXIO);
	does_not_map(buffer, 0, SIZE_MAX, 0, ENXIO);
	does_not_map(buffer, 0, 4096, 1 << 2, EINVAL);
	maps_as(4096, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
	assert_ptr_equal(mapbuf_map(buffer, 0, 4096, 0), &memory);
	mapbuf_close(buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(by_link),
		fixture_test(by_file),
		fixture_test(without_a_file),
		fixture_test(by_node_all_the_same),
		fixture_test(by_sysfs),
		fixture_test(link_to_another_buffer),
		fixture_test(link_to_something_else),
		fixture_test(gone_meanwhile),
		fixture_test(missing),
		fixture_test(other_errors),
		cmocka_unit_test(invalid),
		cmocka_unit_test(names),
		cmocka_unit_test(by_descriptor),
		cmocka_unit_test(backing_names),
		cmocka_unit_test(mapping),
		cmocka_unit_test(mapping_beyond),
	};

	return cmocka_run_group_tests_name("buffer", tests, NULL, NULL);
}
