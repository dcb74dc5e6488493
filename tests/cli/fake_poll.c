// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linked into mapbufctl in place of poll(): a file that is waited on for
 * POLLPRI, as those of sysfs are, tells of a change when it has been written.
 * There is a file $MAPBUF_FIXTURE/polled as soon as somebody waits.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SLICE_MS 20

int __real_poll(struct pollfd *fds, nfds_t count, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);

/* By descriptor: when it was last written, as far as was told */
static struct timespec told[64];

static int is_changed(int fd)
{
	struct stat status;
	int result;

	if (fd < 0)
		return 0;
	if ((size_t)fd >= sizeof(told) / sizeof(told[0]) || fstat(fd, &status))
		abort();
	result = told[fd].tv_sec &&
		 memcmp(&told[fd], &status.st_mtim, sizeof(told[fd])) != 0;
	told[fd] = status.st_mtim;
	return result;
}

static void say_polled(void)
{
	const char *root = getenv("MAPBUF_FIXTURE");
	char path[512];

	if (!root)
		abort();
	snprintf(path, sizeof(path), "%s/polled", root);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0666));
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	int ready, left = timeout;
	nfds_t i;

	for (;;) {
		ready = __real_poll(fds, count, left >= 0 && left < SLICE_MS ?
					       left : SLICE_MS);
		for (i = 0; ready >= 0 && i < count; i++) {
			if (fds[i].events != POLLPRI ||
			    !is_changed(fds[i].fd))
				continue;
			ready += !fds[i].revents;
			fds[i].revents = POLLPRI;
		}
		if (ready || (left >= 0 && left <= SLICE_MS))
			return ready;
		say_polled();
		if (left >= 0)
			left -= SLICE_MS;
	}
}
