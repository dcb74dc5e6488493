// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

struct waiter {
	const char *name;
	int udev_runs;
	int64_t deadline;	/* CLOCK_MONOTONIC in ms, -1 for none */
	struct mapbuf_monitor *monitor;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The link comes last, after owner and mode; without udev the node is all. */
static int is_ready(const struct waiter *waiter)
{
	char node[PATH_MAX], link[PATH_MAX];
	struct stat by_node, by_link;
	unsigned int id;

	if (libmapbuf_find(waiter->name, &id))
		return 0;
	snprintf(node, sizeof(node), "%s/mapbuf%u", libmapbuf_dev_dir(), id);
	if (stat(node, &by_node))
		return 0;
	if (!waiter->udev_runs)
		return 1;
	snprintf(link, sizeof(link), "%s/mapbuf/%s", libmapbuf_dev_dir(),
		 waiter->name);
	return !stat(link, &by_link) && by_link.st_dev == by_node.st_dev &&
	       by_link.st_ino == by_node.st_ino;
}

static int time_left(const struct waiter *waiter)
{
	int64_t left;

	if (waiter->deadline < 0)
		return -1;
	left = waiter->deadline - now_ms();
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
		waiter.deadline = now_ms() + timeout_ms;
	waiter.udev_runs = access(libmapbuf_udev_control(), F_OK) == 0;

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
