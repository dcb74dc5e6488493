// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>

#include "internal.h"

static int notify(struct mapbuf *buffer, unsigned long request,
		  uint64_t *number)
{
	struct mapbuf_notify notify = { .size = sizeof(notify) };

	if (ioctl(mapbuf_fd(buffer), request, &notify))
		return libmapbuf_refused(buffer);
	if (number)
		*number = notify.sequence;
	return 0;
}

int mapbuf_notify(struct mapbuf *buffer, uint64_t *number)
{
	return notify(buffer, MAPBUF_IOC_NOTIFY, number);
}

int mapbuf_seen(struct mapbuf *buffer, uint64_t *number)
{
	return notify(buffer, MAPBUF_IOC_SEEN, number);
}

int mapbuf_wait_data(struct mapbuf *buffer, uint64_t *number, int timeout_ms)
{
	struct pollfd fd = { .fd = mapbuf_fd(buffer), .events = POLLIN };
	int count;

	if (timeout_ms < -1) {
		errno = EINVAL;
		return -1;
	}
	count = poll(&fd, 1, timeout_ms);
	if (count < 0)
		return -1;
	if (count == 0) {
		errno = ETIMEDOUT;
		return -1;
	}
	/* What came before the end counts. */
	if (!(fd.revents & POLLIN)) {
		errno = ENODEV;
		return -1;
	}
	return mapbuf_seen(buffer, number);
}

int mapbuf_set_eventfd(struct mapbuf *buffer, int eventfd)
{
	struct mapbuf_eventfd request = {
		.size = sizeof(request),
		.fd = eventfd
	};

	return ioctl(mapbuf_fd(buffer), MAPBUF_IOC_EVENTFD, &request);
}
