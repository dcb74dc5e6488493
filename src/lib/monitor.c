// SPDX-License-Identifier: LGPL-2.1-or-later
/* Buffers that come and go, as udev tells, or the kernel where udev is not. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libudev.h>

#include "internal.h"

struct mapbuf_monitor {
	struct udev *udev;
	struct udev_monitor *source;
	int action;
	char name[MAPBUF_NAME_SIZE];
	unsigned int id;
};

static int start(struct mapbuf_monitor *monitor)
{
	int has_udev = access(libmapbuf_udev_control(), F_OK) == 0;
	int result;

	monitor->udev = udev_new();
	if (!monitor->udev)
		return -1;
	monitor->source = udev_monitor_new_from_netlink(monitor->udev,
							has_udev ? "udev" :
							"kernel");
	if (!monitor->source)
		return -1;
	result = udev_monitor_filter_add_match_subsystem_devtype(monitor->source,
								 "mapbuf",
								 NULL);
	if (result >= 0)
		result = udev_monitor_enable_receiving(monitor->source);
	if (result < 0) {
		errno = -result;
		return -1;
	}
	return 0;
}

struct mapbuf_monitor *mapbuf_monitor_open(void)
{
	struct mapbuf_monitor *monitor;
	int error;

	monitor = calloc(1, sizeof(*monitor));
	if (!monitor)
		return NULL;
	if (start(monitor)) {
		error = errno;
		mapbuf_monitor_close(monitor);
		errno = error;
		return NULL;
	}
	return monitor;
}

void mapbuf_monitor_close(struct mapbuf_monitor *monitor)
{
	if (!monitor)
		return;
	if (monitor->source)
		udev_monitor_unref(monitor->source);
	if (monitor->udev)
		udev_unref(monitor->udev);
	free(monitor);
}

int mapbuf_monitor_fd(const struct mapbuf_monitor *monitor)
{
	return udev_monitor_get_fd(monitor->source);
}

/* 0 if the event is not about a buffer that came or went. */
static int take(struct mapbuf_monitor *monitor, struct udev_device *device)
{
	const char *action = udev_device_get_action(device);
	const char *name = udev_device_get_property_value(device,
							  "MAPBUF_NAME");
	const char *node = udev_device_get_sysname(device);

	if (!action || !name || !node || !mapbuf_name_is_valid(name) ||
	    libmapbuf_parse_node(node, &monitor->id))
		return 0;
	if (strcmp(action, "add") == 0)
		monitor->action = MAPBUF_EVENT_CREATE;
	else if (strcmp(action, "remove") == 0)
		monitor->action = MAPBUF_EVENT_DESTROY;
	else
		return 0;
	snprintf(monitor->name, sizeof(monitor->name), "%s", name);
	return 1;
}

int mapbuf_monitor_next(struct mapbuf_monitor *monitor)
{
	struct udev_device *device;
	int taken = 0;

	while (!taken) {
		errno = 0;
		device = udev_monitor_receive_device(monitor->source);
		if (!device)
			return errno == 0 || errno == EAGAIN ? 0 : -1;
		taken = take(monitor, device);
		udev_device_unref(device);
	}
	return 1;
}

int mapbuf_monitor_action(const struct mapbuf_monitor *monitor)
{
	return monitor->action;
}

const char *mapbuf_monitor_name(const struct mapbuf_monitor *monitor)
{
	return monitor->name;
}

unsigned int mapbuf_monitor_id(const struct mapbuf_monitor *monitor)
{
	return monitor->id;
}
