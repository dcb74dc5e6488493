// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

struct waiter {
	const char *name;
	int udev_runs;
	int64_t deadline;	/* CLOCK_MONOTONIC in ms, -1 for none */
	struct mapbuf_monitor *monitor;
};

/* access() is refused where a cgroup does not allow the device, as in our unit. */
static int is_there(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0;
}

/* ../mapbufN: of the buffer of that name, not of one that had it before */
static int has_link(const char *name)
{
	char link[PATH_MAX], target[64];
	const char *node;
	unsigned int id;
	ssize_t length;
	int class, is_it;

	snprintf(link, sizeof(link), "%s/mapbuf/%s", libmapbuf_dev_dir(), name);
	length = readlink(link, target, sizeof(target) - 1);
	if (length < 0)
		return 0;
	target[length] = '\0';
	node = strrchr(target, '/');
	if (libmapbuf_parse_node(node ? node + 1 : target, &id) ||
	    !is_there(link))
		return 0;
	class = open(libmapbuf_class_dir(), O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (class < 0)
		return 0;
	is_it = libmapbuf_has_name(class, id, name);
	close(class);
	return is_it;
}

static int has_file_or_node(const char *name)
{
	char path[PATH_MAX];
	unsigned int id;

	if (libmapbuf_files_are_mounted()) {
		snprintf(path, sizeof(path), "%s/%s", libmapbuf_files_dir(),
			 name);
		return is_there(path);
	}
	if (libmapbuf_find(name, &id))
		return 0;
	snprintf(path, sizeof(path), "%s/mapbuf%u", libmapbuf_dev_dir(), id);
	return is_there(path);
}

/* Where udev runs the link comes last, after owner and mode. */
static int is_ready(const struct waiter *waiter)
{
	return waiter->udev_runs ? has_link(waiter->name) :
				   has_file_or_node(waiter->name);
}

static int time_left(const struct waiter *waiter)
{
	int64_t left;

	if (waiter->deadline < 0)
		return -1;
	left = waiter->deadline - libmapbuf_now_ms();
	return left < 0 ? 0 : left;
}

/* Waits for events; what they say does not matter. */
static int wait_event(const struct waiter *waiter)
{
	struct pollfd fd = {
		.fd = mapbuf_monitor_fd(waiter->monitor),
		.events = POLLIN
	};
	int count;

	count = poll(&fd, 1, time_left(waiter));
	if (count < 0)
		return -1;
	if (count == 0) {
		errno = ETIMEDOUT;
		return -1;
	}
	while ((count = mapbuf_monitor_next(waiter->monitor)) > 0)
		;
	/* That many events at once that some were lost: look again. */
	return count < 0 && errno != ENOBUFS ? -1 : 0;
}

int mapbuf_wait(const char *name, int timeout_ms)
{
	struct waiter waiter = { .name = name, .deadline = -1 };
	int result = 0, error;

	if (!mapbuf_name_is_valid(name) || timeout_ms < -1) {
		errno = EINVAL;
		return -1;
	}
	if (timeout_ms >= 0)
		waiter.deadline = libmapbuf_now_ms() + timeout_ms;
	waiter.udev_runs = access(libmapbuf_udev_control(), F_OK) == 0;

	/* Of many that were made at once, most have been named meanwhile. */
	if (waiter.udev_runs && has_link(name))
		return 0;
	/* Listen first, look then: no event falls in between. */
	waiter.monitor = mapbuf_monitor_open();
	if (!waiter.monitor)
		return -1;
	while (!result && !is_ready(&waiter))
		result = wait_event(&waiter);
	error = errno;
	mapbuf_monitor_close(waiter.monitor);
	errno = error;
	return result;
}
