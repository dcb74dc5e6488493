// SPDX-License-Identifier: GPL-2.0-only
/* Takes the place of ioctl(): a file is a buffer, as long as the file. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include <linux/mapbuf.h>

#include "fake_notify.h"

int __real_ioctl(int fd, unsigned long number, void *request);
int __wrap_ioctl(int fd, unsigned long number, void *request);

static int info(int fd, struct mapbuf_info *request)
{
	struct stat status;

	if (fstat(fd, &status))
		return -1;
	request->bytes = status.st_size;
	strcpy(request->name, "queue");
	fake_open(fd);
	return 0;
}

static int notify(int fd)
{
	if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY) {
		errno = EBADF;
		return -1;
	}
	fake_notify(fd);
	return 0;
}

int __wrap_ioctl(int fd, unsigned long number, void *request)
{
	switch (number) {
	case MAPBUF_IOC_INFO:
		return info(fd, request);
	case MAPBUF_IOC_NOTIFY:
		return notify(fd);
	case MAPBUF_IOC_SEEN:
		fake_seen(fd);
		return 0;
	}
	return __real_ioctl(fd, number, request);
}
