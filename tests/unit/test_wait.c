// SPDX-License-Identifier: GPL-2.0-only
/* libudev and poll() are replaced: events come when the test wants them. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include <mapbuf.h>

#include "fixture.h"

struct udev;
struct udev_device;
struct udev_monitor;

struct udev *__wrap_udev_new(void);
struct udev *__wrap_udev_unref(struct udev *udev);
struct udev_monitor *__wrap_udev_monitor_new_from_netlink(struct udev *udev,
							  const char *source);
struct udev_monitor *__wrap_udev_monitor_unref(struct udev_monitor *monitor);
int __wrap_udev_monitor_filter_add_match_subsystem_devtype(struct udev_monitor *monitor,
							   const char *subsystem,
							   const char *type);
int __wrap_udev_monitor_enable_receiving(struct udev_monitor *monitor);
int __wrap_udev_monitor_get_fd(struct udev_monitor *monitor);
struct udev_device *__wrap_udev_monitor_receive_device(struct udev_monitor *monitor);
struct udev_device *__wrap_udev_device_unref(struct udev_device *device);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);

static char udev_object, monitor_object;
static const char *source_used;
static int is_receiving, enable_result, references;
/* What happens while poll() waits; NULL: nothing, until the timeout. */
static void (*events[4])(void);
static size_t next_event;
static int last_timeout;

struct udev *__wrap_udev_new(void)
{
	references++;
	return (struct udev *)&udev_object;
}

struct udev *__wrap_udev_unref(struct udev *udev)
{
	assert_ptr_equal(udev, &udev_object);
	references--;
	return NULL;
}

struct udev_monitor *__wrap_udev_monitor_new_from_netlink(struct udev *udev,
							  const char *source)
{
	assert_ptr_equal(udev, &udev_object);
	source_used = source;
	references++;
	return (struct udev_monitor *)&monitor_object;
}

struct udev_monitor *__wrap_udev_monitor_unref(struct udev_monitor *monitor)
{
	assert_ptr_equal(monitor, &monitor_object);
	references--;
	return NULL;
}

int __wrap_udev_monitor_filter_add_match_subsystem_devtype(struct udev_monitor *monitor,
							   const char *subsystem,
							   const char *type)
{
	assert_ptr_equal(monitor, &monitor_object);
	assert_string_equal(subsystem, "mapbuf");
	assert_null(type);
	return 0;
}

int __wrap_udev_monitor_enable_receiving(struct udev_monitor *monitor)
{
	assert_ptr_equal(monitor, &monitor_object);
	is_receiving = 1;
	return enable_result;
}

int __wrap_udev_monitor_get_fd(struct udev_monitor *monitor)
{
	assert_ptr_equal(monitor, &monitor_object);
	return 4711;
}

struct udev_device *__wrap_udev_monitor_receive_device(struct udev_monitor *monitor)
{
	assert_ptr_equal(monitor, &monitor_object);
	return NULL;
}

struct udev_device *__wrap_udev_device_unref(struct udev_device *device)
{
	assert_null(device);
	return NULL;
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	assert_true(is_receiving);
	assert_int_equal(count, 1);
	assert_int_equal(fds->fd, 4711);
	last_timeout = timeout;
	assert_true(next_event < sizeof(events) / sizeof(events[0]));
	if (!events[next_event])
		return 0;
	events[next_event++]();
	return errno == EINTR ? -1 : 1;
}

static int setup(void **state)
{
	memset(events, 0, sizeof(events));
	next_event = 0;
	references = 0;
	is_receiving = 0;
	enable_result = 0;
	errno = 0;
	return fixture_setup(state);
}

static void add_buffer(void)
{
	fixture_buffer(2, "adc0", "4096", "vmalloc");
	errno = 0;
}

static void add_link(void)
{
	fixture_link("/dev/mapbuf/adc0", "../mapbuf2");
	errno = 0;
}

static void other_buffer(void)
{
	fixture_buffer(1, "adc1", "4096", "vmalloc");
	errno = 0;
}

static void interrupt(void)
{
	errno = EINTR;
}

static void run_udev(void)
{
	fixture_write("/run/udev/control", "");
}

static void waits(const char *source)
{
	assert_int_equal(mapbuf_wait("adc0", -1), 0);
	assert_string_equal(source_used, source);
	assert_int_equal(references, 0);
}

static void fails(int timeout, int error)
{
	assert_int_equal(mapbuf_wait("adc0", timeout), -1);
	assert_int_equal(errno, error);
	assert_int_equal(references, 0);
}

static void is_there(void **state)
{
	(void)state;
	run_udev();
	add_buffer();
	add_link();
	waits("udev");
	assert_int_equal(next_event, 0);
}

static void link_comes_last(void **state)
{
	(void)state;
	run_udev();
	events[0] = other_buffer;
	events[1] = add_buffer;
	events[2] = add_link;
	waits("udev");
	assert_int_equal(next_event, 3);
	assert_int_equal(last_timeout, -1);
}

static void stale_link(void **state)
{
	(void)state;
	run_udev();
	add_buffer();
	other_buffer();
	fixture_link("/dev/mapbuf/adc0", "../mapbuf1");
	fails(100, ETIMEDOUT);
}

static void without_udev(void **state)
{
	(void)state;
	events[0] = add_buffer;
	waits("kernel");
	assert_int_equal(next_event, 1);
}

static void times_out(void **state)
{
	(void)state;
	events[0] = other_buffer;
	fails(60000, ETIMEDOUT);
	assert_int_equal(next_event, 1);
	assert_in_range(last_timeout, 50000, 60000);
	next_event = 0;
	fails(0, ETIMEDOUT);
	assert_int_equal(last_timeout, 0);
}

static void other_failures(void **state)
{
	(void)state;
	events[0] = interrupt;
	fails(-1, EINTR);
	enable_result = -ENOBUFS;
	fails(-1, ENOBUFS);
	assert_int_equal(mapbuf_wait("a/b", 0), -1);
	assert_int_equal(errno, EINVAL);
	fails(-2, EINVAL);
}

#define wait_test(function) \
	cmocka_unit_test_setup_teardown(function, setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		wait_test(is_there),
		wait_test(link_comes_last),
		wait_test(stale_link),
		wait_test(without_udev),
		wait_test(times_out),
		wait_test(other_failures),
	};

	return cmocka_run_group_tests_name("wait", tests, NULL, NULL);
}
