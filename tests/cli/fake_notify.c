// SPDX-License-Identifier: GPL-2.0-only
/*
 * Takes the place of poll(), for buffers that are files: a notification is a change
 * of the file's times, of which inotify tells each process that has it open.  The
 * kernel does that at once, so nobody who is killed leaves half a notification.
 */
#include <poll.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <stdio.h>
#include <unistd.h>

#include "fake_notify.h"

#define FDS 1024

int __real_poll(struct pollfd *fds, nfds_t count, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);

int fake_is_destroyed;

/* By descriptor: that of its inotify; 0 for none */
static int watches[FDS];

void fake_open(int fd)
{
	char path[64];

	if (fd >= FDS)
		abort();
	if (watches[fd])
		close(watches[fd]);
	watches[fd] = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (watches[fd] < 0 ||
	    inotify_add_watch(watches[fd], path, IN_ATTRIB) < 0)
		abort();
}

void fake_notify(int fd)
{
	if (futimens(fd, NULL))
		abort();
}

void fake_seen(int fd)
{
	char events[4096];

	while (fd < FDS && watches[fd] &&
	       read(watches[fd], events, sizeof(events)) > 0)
		;
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	int result, fd = fds->fd;

	if (count != 1 || fd < 0 || fd >= FDS || !watches[fd])
		return __real_poll(fds, count, timeout);
	fds->fd = watches[fd];
	result = __real_poll(fds, count, timeout);
	fds->fd = fd;
	if (!result && fake_is_destroyed) {
		fds->revents = POLLHUP;
		return 1;
	}
	return result;
}
