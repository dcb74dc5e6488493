// SPDX-License-Identifier: LGPL-2.1-or-later
#include <sys/ioctl.h>

#include "internal.h"

int mapbuf_export_dmabuf(struct mapbuf *buffer, uint64_t offset,
			 uint64_t length)
{
	struct mapbuf_export request = {
		.size = sizeof(request),
		.offset = offset,
		.bytes = length
	};

	/* The kernel calls a range of nothing EINVAL, here it is the rest. */
	if (length == 0 && offset < mapbuf_size(buffer))
		request.bytes = mapbuf_size(buffer) - offset;
	if (ioctl(mapbuf_fd(buffer), MAPBUF_IOC_EXPORT, &request))
		return -1;
	return request.fd;
}
