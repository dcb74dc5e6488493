// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <libudev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_udev.h"
#include "internal.h"

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
const char *__wrap_udev_device_get_action(struct udev_device *device);
const char *__wrap_udev_device_get_property_value(struct udev_device *device,
						  const char *key);
const char *__wrap_udev_device_get_sysname(struct udev_device *device);
struct udev_device *__wrap_udev_device_unref(struct udev_device *device);

struct fake_udev fake_udev;

/* There is one object of each type; they are known by their addresses. */
static char library, monitor_object;

static struct udev_device {
	char action[16], node[32], name[64];
} the_device;

static int events = -1;

static void expect(int is_right)
{
	if (!is_right)
		abort();
}

struct udev *__wrap_udev_new(void)
{
	fake_udev.references++;
	return (struct udev *)&library;
}

struct udev *__wrap_udev_unref(struct udev *udev)
{
	(void)udev;
	fake_udev.references--;
	return NULL;
}

static void expect_monitor(const struct udev_monitor *monitor)
{
	expect(monitor == (struct udev_monitor *)&monitor_object);
}

struct udev_monitor *__wrap_udev_monitor_new_from_netlink(struct udev *udev,
							  const char *source)
{
	char path[1024];

	(void)udev;
	fake_udev.source = source;
	if (fake_udev.new_error) {
		errno = fake_udev.new_error;
		return NULL;
	}
	snprintf(path, sizeof(path), "%s/../udev", libmapbuf_dev_dir());
	/* Not for reading only, which would see the end of a pipe. */
	events = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (events < 0)
		return NULL;
	fake_udev.references++;
	return (struct udev_monitor *)&monitor_object;
}

struct udev_monitor *__wrap_udev_monitor_unref(struct udev_monitor *monitor)
{
	expect_monitor(monitor);
	close(events);
	fake_udev.is_receiving = 0;
	fake_udev.references--;
	return NULL;
}

int __wrap_udev_monitor_filter_add_match_subsystem_devtype(struct udev_monitor *monitor,
							   const char *subsystem,
							   const char *type)
{
	expect_monitor(monitor);
	expect(strcmp(subsystem, "mapbuf") == 0 && !type);
	return fake_udev.filter_result;
}

int __wrap_udev_monitor_enable_receiving(struct udev_monitor *monitor)
{
	expect_monitor(monitor);
	fake_udev.is_receiving = 1;
	return fake_udev.enable_result;
}

int __wrap_udev_monitor_get_fd(struct udev_monitor *monitor)
{
	expect_monitor(monitor);
	return events;
}

struct udev_device *__wrap_udev_monitor_receive_device(struct udev_monitor *monitor)
{
	char line[128];
	size_t length = 0;

	expect_monitor(monitor);
	while (length < sizeof(line) - 1 &&
	       read(events, line + length, 1) == 1 && line[length] != '\n')
		length++;
	line[length] = '\0';
	if (strcmp(line, "lost") == 0)
		errno = ENOBUFS;
	if (strcmp(line, "again") == 0)
		errno = EAGAIN;
	if (sscanf(line, "%15s %31s %63s", the_device.action, the_device.node,
		   the_device.name) != 3)
		return NULL;
	fake_udev.references++;
	return &the_device;
}

static const char *or_none(const char *text)
{
	return strcmp(text, "-") == 0 ? NULL : text;
}

const char *__wrap_udev_device_get_action(struct udev_device *device)
{
	return or_none(device->action);
}

const char *__wrap_udev_device_get_property_value(struct udev_device *device,
						  const char *key)
{
	expect(strcmp(key, "MAPBUF_NAME") == 0);
	return or_none(device->name);
}

const char *__wrap_udev_device_get_sysname(struct udev_device *device)
{
	return or_none(device->node);
}

struct udev_device *__wrap_udev_device_unref(struct udev_device *device)
{
	(void)device;
	fake_udev.references--;
	return NULL;
}
