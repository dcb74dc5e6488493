/* SPDX-License-Identifier: GPL-2.0-only */
/* The layout of <linux/mapbuf.h>, the same to 32-bit and 64-bit programs. */
#ifndef LAYOUT_H
#define LAYOUT_H

#include <stddef.h>

#include <linux/mapbuf.h>

#define LAYOUT_AT(type, member, offset) \
	_Static_assert(offsetof(struct type, member) == (offset), \
		       #type "." #member)
#define LAYOUT_SIZE(type, bytes) \
	_Static_assert(sizeof(struct type) == (bytes), #type)

LAYOUT_AT(mapbuf_create, size, 0);
LAYOUT_AT(mapbuf_create, flags, 4);
LAYOUT_AT(mapbuf_create, bytes, 8);
LAYOUT_AT(mapbuf_create, name, 16);
LAYOUT_AT(mapbuf_create, backing, 48);
LAYOUT_AT(mapbuf_create, id, 52);
LAYOUT_AT(mapbuf_create, numa_node, 56);
LAYOUT_AT(mapbuf_create, dma_bits, 60);
LAYOUT_AT(mapbuf_create, uid, 64);
LAYOUT_AT(mapbuf_create, gid, 68);
LAYOUT_AT(mapbuf_create, mode, 72);
LAYOUT_AT(mapbuf_create, cache, 76);
LAYOUT_AT(mapbuf_create, phys_addr, 80);
LAYOUT_AT(mapbuf_create, device, 88);
LAYOUT_SIZE(mapbuf_create, 184);

LAYOUT_AT(mapbuf_destroy, size, 0);
LAYOUT_AT(mapbuf_destroy, flags, 4);
LAYOUT_AT(mapbuf_destroy, name, 8);
LAYOUT_SIZE(mapbuf_destroy, 40);

LAYOUT_AT(mapbuf_info, size, 0);
LAYOUT_AT(mapbuf_info, flags, 4);
LAYOUT_AT(mapbuf_info, bytes, 8);
LAYOUT_AT(mapbuf_info, name, 16);
LAYOUT_AT(mapbuf_info, backing, 48);
LAYOUT_AT(mapbuf_info, id, 52);
LAYOUT_AT(mapbuf_info, numa_node, 56);
LAYOUT_AT(mapbuf_info, dma_bits, 60);
LAYOUT_SIZE(mapbuf_info, 64);

LAYOUT_AT(mapbuf_notify, size, 0);
LAYOUT_AT(mapbuf_notify, flags, 4);
LAYOUT_AT(mapbuf_notify, sequence, 8);
LAYOUT_SIZE(mapbuf_notify, 16);

LAYOUT_AT(mapbuf_eventfd, size, 0);
LAYOUT_AT(mapbuf_eventfd, flags, 4);
LAYOUT_AT(mapbuf_eventfd, fd, 8);
LAYOUT_AT(mapbuf_eventfd, reserved, 12);
LAYOUT_SIZE(mapbuf_eventfd, 16);

LAYOUT_AT(mapbuf_export, size, 0);
LAYOUT_AT(mapbuf_export, flags, 4);
LAYOUT_AT(mapbuf_export, offset, 8);
LAYOUT_AT(mapbuf_export, bytes, 16);
LAYOUT_AT(mapbuf_export, fd, 24);
LAYOUT_AT(mapbuf_export, reserved, 28);
LAYOUT_SIZE(mapbuf_export, 32);

LAYOUT_AT(mapbuf_sync, size, 0);
LAYOUT_AT(mapbuf_sync, flags, 4);
LAYOUT_AT(mapbuf_sync, offset, 8);
LAYOUT_AT(mapbuf_sync, bytes, 16);
LAYOUT_SIZE(mapbuf_sync, 24);

LAYOUT_AT(mapbuf_dma, size, 0);
LAYOUT_AT(mapbuf_dma, flags, 4);
LAYOUT_AT(mapbuf_dma, offset, 8);
LAYOUT_AT(mapbuf_dma, address, 16);
LAYOUT_AT(mapbuf_dma, bytes, 24);
LAYOUT_SIZE(mapbuf_dma, 32);

_Static_assert(MAPBUF_IOC_NOTIFY == 0xbe41, "MAPBUF_IOC_NOTIFY");
_Static_assert(MAPBUF_IOC_SEEN == 0xbe42, "MAPBUF_IOC_SEEN");
_Static_assert(MAPBUF_IOC_EVENTFD == 0xbe43, "MAPBUF_IOC_EVENTFD");
_Static_assert(MAPBUF_IOC_EXPORT == 0xbe44, "MAPBUF_IOC_EXPORT");
_Static_assert(MAPBUF_IOC_SYNC == 0xbe45, "MAPBUF_IOC_SYNC");
_Static_assert(MAPBUF_IOC_DMA == 0xbe46, "MAPBUF_IOC_DMA");
_Static_assert(MAPBUF_IOC_CREATE == 0xbe00, "MAPBUF_IOC_CREATE");
_Static_assert(MAPBUF_IOC_DESTROY == 0xbe01, "MAPBUF_IOC_DESTROY");
_Static_assert(MAPBUF_IOC_INFO == 0xbe40, "MAPBUF_IOC_INFO");

#endif
