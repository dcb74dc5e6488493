// SPDX-License-Identifier: LGPL-2.1-or-later
#include <sys/ioctl.h>

#include "internal.h"

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
