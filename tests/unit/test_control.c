// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/mapbuf.h>
#include <mapbuf.h>

#include "fixture.h"
#include "mock.h"

static struct mapbuf_control *control;

static int setup(void **state)
{
	if (fixture_setup(state))
		return -1;
	fixture_write("/dev/mapbuf-control", "");
	control = mapbuf_control_open();
	return control ? 0 : -1;
}

static int teardown(void **state)
{
	mapbuf_control_close(control);
	return fixture_teardown(state);
}

static struct mapbuf_options *options_of_size(uint64_t size)
{
	struct mapbuf_options *options = mapbuf_options_new();

	assert_non_null(options);
	assert_int_equal(mapbuf_options_set_size(options, size), 0);
	return options;
}

static void creates_plain(void **state)
{
	struct mapbuf_options *options = options_of_size(5000);
	struct mapbuf_create request = {
		.size = sizeof(request), .bytes = 5000, .name = "adc0"
	};
	struct mapbuf_create answer = request;
	unsigned int id = 0;

	(void)state;
	answer.id = 7;
	mock_ioctl(MAPBUF_IOC_CREATE, &request, &answer, sizeof(request), 0);
	assert_int_equal(mapbuf_control_create(control, "adc0", options, &id),
			 0);
	assert_int_equal(id, 7);
	mock_ioctl(MAPBUF_IOC_CREATE, &request, &answer, sizeof(request), 0);
	assert_int_equal(mapbuf_control_create(control, "adc0", options, NULL),
			 0);
	mapbuf_options_free(options);
	mock_finished();
}

static void creates_with_everything(void **state)
{
	struct mapbuf_options *options = options_of_size(1ULL << 33);
	const struct mapbuf_create request = {
		.size = sizeof(request), .bytes = 1ULL << 33, .name = "adc0",
		.flags = MAPBUF_CREATE_NUMA_NODE | MAPBUF_CREATE_UID |
			 MAPBUF_CREATE_GID | MAPBUF_CREATE_MODE |
			 MAPBUF_CREATE_ZERO_LAST_CLOSE,
		.backing = MAPBUF_BACKING_CONTIGUOUS, .numa_node = 1,
		.dma_bits = 32, .uid = 1000, .gid = 1001, .mode = 0640
	};

	(void)state;
	assert_int_equal(mapbuf_options_set_backing(options, "contiguous"), 0);
	assert_int_equal(mapbuf_options_set_numa_node(options, 1), 0);
	assert_int_equal(mapbuf_options_set_dma_bits(options, 32), 0);
	assert_int_equal(mapbuf_options_set_uid(options, 1000), 0);
	assert_int_equal(mapbuf_options_set_gid(options, 1001), 0);
	assert_int_equal(mapbuf_options_set_mode(options, 0640), 0);
	assert_int_equal(mapbuf_options_set_zero_on_last_close(options, 1), 0);
	mock_ioctl(MAPBUF_IOC_CREATE, &request, &request, sizeof(request),
		   ENOMEM);
	assert_int_equal(mapbuf_control_create(control, "adc0", options, NULL),
			 -1);
	assert_int_equal(errno, ENOMEM);
	mapbuf_options_free(options);
	mock_finished();
}

static void creates_over_a_range(void **state)
{
	struct mapbuf_options *options = options_of_size(1 << 26);
	const struct mapbuf_create request = {
		.size = sizeof(request), .bytes = 1 << 26, .name = "hole",
		.flags = MAPBUF_CREATE_ZERO, .cache = MAPBUF_CACHE_UNCACHED,
		.backing = MAPBUF_BACKING_RESERVED, .phys_addr = 0x130000000
	};

	(void)state;
	assert_int_equal(mapbuf_options_set_backing(options, "reserved"), 0);
	assert_int_equal(mapbuf_options_set_phys_addr(options, 0x130000000),
			 0);
	assert_int_equal(mapbuf_options_set_cache(options, "uc"), 0);
	assert_int_equal(mapbuf_options_set_zero(options, 1), 0);
	mock_ioctl(MAPBUF_IOC_CREATE, &request, &request, sizeof(request),
		   EBUSY);
	assert_int_equal(mapbuf_control_create(control, "hole", options, NULL),
			 -1);
	assert_int_equal(errno, EBUSY);
	mapbuf_options_free(options);
	mock_finished();
}

static int set_device(struct mapbuf_options *options, const char *path)
{
	char below[512];

	snprintf(below, sizeof(below), "%s%s", fixture_root(), path);
	return mapbuf_options_set_device(options, below);
}

static void creates_for_a_device(void **state)
{
	struct mapbuf_options *options = options_of_size(4096);
	const struct mapbuf_create request = {
		.size = sizeof(request), .bytes = 4096, .name = "adc0",
		.flags = MAPBUF_CREATE_SHOW_ADDRESS, .device = "pci/0000:01:00.0"
	};
	const struct mapbuf_create plain = {
		.size = sizeof(plain), .bytes = 4096, .name = "adc0"
	};

	(void)state;
	fixture_write("/sys/devices/pci0/0000:01:00.0/vendor", "1");
	fixture_link("/sys/devices/pci0/0000:01:00.0/subsystem",
		     "../../../bus/pci");
	fixture_link("/sys/bus/pci/devices/0000:01:00.0",
		     "../../../devices/pci0/0000:01:00.0");
	assert_int_equal(set_device(options, "/sys/no"), -1);
	assert_int_equal(errno, ENOENT);
	/* A directory, but of no device */
	assert_int_equal(set_device(options, "/sys/devices/pci0"), -1);
	assert_int_equal(errno, ENODEV);
	assert_int_equal(set_device(options, "/sys/bus/pci/devices/0000:01:00.0"),
			 0);
	assert_int_equal(mapbuf_options_set_show_address(options, 1), 0);
	mock_ioctl(MAPBUF_IOC_CREATE, &request, &request, sizeof(request), 0);
	assert_int_equal(mapbuf_control_create(control, "adc0", options, NULL),
			 0);
	assert_int_equal(mapbuf_options_set_device(options, NULL), 0);
	mapbuf_options_set_show_address(options, 0);
	mock_ioctl(MAPBUF_IOC_CREATE, &plain, &plain, sizeof(plain), 0);
	assert_int_equal(mapbuf_control_create(control, "adc0", options, NULL),
			 0);
	mapbuf_options_free(options);
	mock_finished();
}

static void takes_options_back(void **state)
{
	struct mapbuf_options *options = options_of_size(4096);
	const struct mapbuf_create request = {
		.size = sizeof(request), .bytes = 4096, .name = "adc0"
	};

	(void)state;
	mapbuf_options_set_numa_node(options, 1);
	mapbuf_options_set_numa_node(options, -1);
	mapbuf_options_set_backing(options, "vmalloc");
	mapbuf_options_set_backing(options, NULL);
	mapbuf_options_set_dma_bits(options, 32);
	mapbuf_options_set_dma_bits(options, 0);
	mapbuf_options_set_zero_on_last_close(options, 1);
	mapbuf_options_set_zero_on_last_close(options, 0);
	mapbuf_options_set_cache(options, "wc");
	mapbuf_options_set_cache(options, "wb");
	mapbuf_options_set_phys_addr(options, 4096);
	mapbuf_options_set_phys_addr(options, 0);
	mapbuf_options_set_zero(options, 1);
	mapbuf_options_set_zero(options, 0);
	mock_ioctl(MAPBUF_IOC_CREATE, &request, &request, sizeof(request), 0);
	assert_int_equal(mapbuf_control_create(control, "adc0", options, NULL),
			 0);
	mapbuf_options_free(options);
	mock_finished();
}

#define assert_einval(call) do {		\
	errno = 0;				\
	assert_int_equal(call, -1);		\
	assert_int_equal(errno, EINVAL);	\
} while (0)

static void refuses_options(void **state)
{
	struct mapbuf_options *options = mapbuf_options_new();

	(void)state;
	assert_einval(mapbuf_options_set_size(options, 0));
	assert_einval(mapbuf_options_set_size(options, 1ULL << 63));
	assert_einval(mapbuf_options_set_backing(options, "slab"));
	assert_einval(mapbuf_options_set_cache(options, "wt"));
	assert_einval(mapbuf_options_set_numa_node(options, -2));
	assert_einval(mapbuf_options_set_dma_bits(options, 11));
	assert_einval(mapbuf_options_set_dma_bits(options, 65));
	assert_einval(mapbuf_options_set_uid(options, -1));
	assert_einval(mapbuf_options_set_gid(options, -1));
	assert_einval(mapbuf_options_set_mode(options, 0700));
	assert_einval(mapbuf_options_set_mode(options, 04660));
	/* Without a size nothing reaches the module. */
	assert_einval(mapbuf_control_create(control, "adc0", options, NULL));
	mapbuf_options_set_size(options, 4096);
	assert_einval(mapbuf_control_create(control, "a/b", options, NULL));
	assert_einval(mapbuf_control_create(control, NULL, options, NULL));
	mapbuf_options_free(options);
	mock_finished();
}

static void destroys(void **state)
{
	struct mapbuf_destroy request = {
		.size = sizeof(request),
		.name = "1234567890123456789012345678901"
	};

	(void)state;
	mock_ioctl(MAPBUF_IOC_DESTROY, &request, &request, sizeof(request), 0);
	assert_int_equal(mapbuf_control_destroy(control, request.name, 0), 0);
	request.flags = MAPBUF_DESTROY_DEFERRED;
	mock_ioctl(MAPBUF_IOC_DESTROY, &request, &request, sizeof(request),
		   EBUSY);
	assert_int_equal(mapbuf_control_destroy(control, request.name,
						MAPBUF_DEFERRED), -1);
	assert_int_equal(errno, EBUSY);
	assert_einval(mapbuf_control_destroy(control, "adc0", 1 << 1));
	assert_einval(mapbuf_control_destroy(control, "", 0));
	mock_finished();
}

/* Whatever number the descriptor has */
static void write_fdinfo(const char *text)
{
	char path[64];
	int fd;

	for (fd = 0; fd < 64; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
		fixture_write(path, text);
	}
}

static void reports_what_is_cleared(void **state)
{
	(void)state;
	assert_int_equal(mapbuf_control_cleared(control), -1);
	write_fdinfo("pos:\t0\nflags:\t02100002\n");
	assert_int_equal(mapbuf_control_cleared(control), -1);
	write_fdinfo("pos:\t0\nmapbuf-cleared:\t8589934592\nother:\t1\n");
	assert_int_equal(mapbuf_control_cleared(control), 8589934592);
	write_fdinfo("mapbuf-cleared:\t0\n");
	assert_int_equal(mapbuf_control_cleared(control), 0);
	write_fdinfo("mapbuf-cleared:\tmany\n");
	assert_int_equal(mapbuf_control_cleared(control), -1);
}

static void no_module(void **state)
{
	(void)state;
	assert_null(mapbuf_control_open());
	assert_int_equal(errno, ENOENT);
	mapbuf_control_close(NULL);
	mapbuf_options_free(NULL);
}

static void backings(void **state)
{
	const char *const *names = mapbuf_backings();

	(void)state;
	assert_string_equal(names[0], "vmalloc");
	assert_string_equal(names[1], "contiguous");
	assert_string_equal(names[2], "reserved");
	assert_string_equal(names[3], "coherent");
	assert_null(names[4]);
	names = mapbuf_caches();
	assert_string_equal(names[0], "wb");
	assert_string_equal(names[1], "wc");
	assert_string_equal(names[2], "uc");
	assert_null(names[3]);
}

#define control_test(function) \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		control_test(creates_plain),
		control_test(creates_with_everything),
		control_test(creates_over_a_range),
		control_test(creates_for_a_device),
		control_test(takes_options_back),
		control_test(refuses_options),
		control_test(destroys),
		control_test(reports_what_is_cleared),
		fixture_test(no_module),
		cmocka_unit_test(backings),
	};

	return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
