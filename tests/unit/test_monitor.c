// SPDX-License-Identifier: GPL-2.0-only
/* The devices of libudev are replaced by those of the test. */
#include <errno.h>
#include <string.h>

#include <mapbuf.h>

#include "fixture.h"

struct udev;
struct udev_monitor;

struct udev_device {
	const char *action, *node, *name;
};

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
const char *__wrap_udev_device_get_action(struct udev_device *device);
const char *__wrap_udev_device_get_property_value(struct udev_device *device,
						  const char *key);
const char *__wrap_udev_device_get_sysname(struct udev_device *device);

static char object;
static int references, fail_new, filter_result;
static struct udev_device *devices;
static int last_error;

struct udev_monitor *__wrap_udev_monitor_new_from_netlink(struct udev *udev,
							  const char *source)
{
	(void)udev;
	assert_string_equal(source, "kernel");
	if (fail_new) {
		errno = fail_new;
		return NULL;
	}
	references++;
	return (struct udev_monitor *)&object;
}

struct udev_monitor *__wrap_udev_monitor_unref(struct udev_monitor *monitor)
{
	assert_ptr_equal(monitor, &object);
	references--;
	return NULL;
}

int __wrap_udev_monitor_filter_add_match_subsystem_devtype(struct udev_monitor *monitor,
							   const char *subsystem,
							   const char *type)
{
	assert_ptr_equal(monitor, &object);
	assert_string_equal(subsystem, "mapbuf");
	assert_null(type);
	return filter_result;
}

int __wrap_udev_monitor_enable_receiving(struct udev_monitor *monitor)
{
	assert_ptr_equal(monitor, &object);
	return 0;
}

int __wrap_udev_monitor_get_fd(struct udev_monitor *monitor)
{
	assert_ptr_equal(monitor, &object);
	return 4711;
}

struct udev_device *__wrap_udev_monitor_receive_device(struct udev_monitor *monitor)
{
	assert_ptr_equal(monitor, &object);
	if (!devices->node) {
		errno = last_error;
		return NULL;
	}
	references++;
	return devices++;
}

struct udev_device *__wrap_udev_device_unref(struct udev_device *device)
{
	(void)device;
	references--;
	return NULL;
}

const char *__wrap_udev_device_get_action(struct udev_device *device)
{
	return device->action;
}

const char *__wrap_udev_device_get_property_value(struct udev_device *device,
						  const char *key)
{
	assert_string_equal(key, "MAPBUF_NAME");
	return device->name;
}

const char *__wrap_udev_device_get_sysname(struct udev_device *device)
{
	return device->node;
}

static void is_event(struct mapbuf_monitor *monitor, int action,
		     const char *name, unsigned int id)
{
	assert_int_equal(mapbuf_monitor_next(monitor), 1);
	assert_int_equal(mapbuf_monitor_action(monitor), action);
	assert_string_equal(mapbuf_monitor_name(monitor), name);
	assert_int_equal(mapbuf_monitor_id(monitor), id);
}

static void tells_what_matters(void **state)
{
	struct udev_device list[] = {
		{ "change", "mapbuf0", "adc0" },
		{ "add", "mapbuf0", "adc0" },
		{ "add", "mapbuf1", NULL },
		{ NULL, "mapbuf1", "adc1" },
		{ "add", "mapbuf1", "a/c" },
		{ "add", "mapbuf-control", "adc1" },
		{ "remove", "mapbuf12", "adc12" },
		{ NULL, NULL, NULL },
	};
	struct mapbuf_monitor *monitor = mapbuf_monitor_open();

	(void)state;
	assert_non_null(monitor);
	assert_int_equal(mapbuf_monitor_fd(monitor), 4711);
	devices = list;
	is_event(monitor, MAPBUF_EVENT_CREATE, "adc0", 0);
	is_event(monitor, MAPBUF_EVENT_DESTROY, "adc12", 12);
	last_error = 0;
	assert_int_equal(mapbuf_monitor_next(monitor), 0);
	last_error = EAGAIN;
	assert_int_equal(mapbuf_monitor_next(monitor), 0);
	last_error = ENOBUFS;
	assert_int_equal(mapbuf_monitor_next(monitor), -1);
	assert_int_equal(errno, ENOBUFS);
	mapbuf_monitor_close(monitor);
	assert_int_equal(references, 0);
}

static void failures(void **state)
{
	(void)state;
	fail_new = EPROTO;
	assert_null(mapbuf_monitor_open());
	assert_int_equal(errno, EPROTO);
	fail_new = 0;
	filter_result = -ENOMEM;
	assert_null(mapbuf_monitor_open());
	assert_int_equal(errno, ENOMEM);
	filter_result = 0;
	assert_int_equal(references, 0);
	mapbuf_monitor_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(tells_what_matters),
		fixture_test(failures),
	};

	return cmocka_run_group_tests_name("monitor", tests, NULL, NULL);
}
