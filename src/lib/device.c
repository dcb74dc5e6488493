// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "internal.h"

/* A directory in sysfs that is a device has a link to its bus. */
int libmapbuf_device_name(const char *path, char *name, size_t size)
{
	char real[PATH_MAX], link[PATH_MAX], bus[PATH_MAX];
	ssize_t length;
	int n;

	if (!realpath(path, real))
		return -1;
	n = snprintf(link, sizeof(link), "%s/subsystem", real);
	length = n < (int)sizeof(link) ? readlink(link, bus, sizeof(bus) - 1) :
					 -1;
	if (length < 0) {
		errno = ENODEV;
		return -1;
	}
	bus[length] = '\0';
	n = snprintf(name, size, "%s/%s", strrchr(bus, '/') ?
		     strrchr(bus, '/') + 1 : bus, strrchr(real, '/') + 1);
	if (n < (int)size)
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

int mapbuf_sync(struct mapbuf *buffer, uint64_t offset, uint64_t length,
		unsigned int flags)
{
	struct mapbuf_sync sync = {
		.size = sizeof(sync),
		.flags = flags,
		.offset = offset,
		.bytes = length
	};

	if (length == 0 && offset < mapbuf_size(buffer))
		sync.bytes = mapbuf_size(buffer) - offset;
	return ioctl(mapbuf_fd(buffer), MAPBUF_IOC_SYNC, &sync);
}

int mapbuf_dma_address(struct mapbuf *buffer, uint64_t offset,
		       uint64_t *address, uint64_t *length)
{
	struct mapbuf_dma dma = { .size = sizeof(dma), .offset = offset };

	if (ioctl(mapbuf_fd(buffer), MAPBUF_IOC_DMA, &dma))
		return -1;
	*address = dma.address;
	if (length)
		*length = dma.bytes;
	return 0;
}
