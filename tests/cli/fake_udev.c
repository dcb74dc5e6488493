// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linked into mapbufctl in place of libudev: the lines "ACTION NODE NAME" that
 * come out of the pipe $MAPBUF_FIXTURE/udev are its events.
 */
#include <errno.h>
#include <fcntl.h>
#include <libudev.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "system.h"

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

static struct {
	int fd;
	char action[16], node[32], name[64];
} state = { .fd = -1 };

struct udev_monitor *__wrap_udev_monitor_new_from_netlink(struct udev *udev,
							  const char *source)
{
	char path[1024];

	(void)udev;
	(void)source;
	snprintf(path, sizeof(path), "%s/udev", system_root());
	/* Not for reading only, which would see its end. */
	state.fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return state.fd < 0 ? NULL : (struct udev_monitor *)&state;
}

struct udev_monitor *__wrap_udev_monitor_unref(struct udev_monitor *monitor)
{
	(void)monitor;
	close(state.fd);
	return NULL;
}

int __wrap_udev_monitor_filter_add_match_subsystem_devtype(struct udev_monitor *monitor,
							   const char *subsystem,
							   const char *type)
{
	(void)monitor;
	(void)type;
	return strcmp(subsystem, "mapbuf") == 0 ? 0 : -EINVAL;
}

int __wrap_udev_monitor_enable_receiving(struct udev_monitor *monitor)
{
	(void)monitor;
	return 0;
}

int __wrap_udev_monitor_get_fd(struct udev_monitor *monitor)
{
	(void)monitor;
	return state.fd;
}

struct udev_device *__wrap_udev_monitor_receive_device(struct udev_monitor *monitor)
{
	char line[128];
	size_t length = 0;

	(void)monitor;
	while (length < sizeof(line) - 1 &&
	       read(state.fd, line + length, 1) == 1 && line[length] != '\n')
		length++;
	line[length] = '\0';
	if (!length)
		return NULL;
	if (strcmp(line, "lost") == 0) {
		errno = ENOBUFS;
		return NULL;
	}
	sscanf(line, "%15s %31s %63s", state.action, state.node, state.name);
	return (struct udev_device *)&state;
}

const char *__wrap_udev_device_get_action(struct udev_device *device)
{
	(void)device;
	return state.action;
}

const char *__wrap_udev_device_get_property_value(struct udev_device *device,
						  const char *key)
{
	(void)device;
	return strcmp(key, "MAPBUF_NAME") == 0 ? state.name : NULL;
}

const char *__wrap_udev_device_get_sysname(struct udev_device *device)
{
	(void)device;
	return state.node;
}

struct udev_device *__wrap_udev_device_unref(struct udev_device *device)
{
	(void)device;
	return NULL;
}
