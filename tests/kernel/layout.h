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
LAYOUT_SIZE(mapbuf_create, 88);

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

_Static_assert(MAPBUF_IOC_CREATE == 0xbe00, "MAPBUF_IOC_CREATE");
_Static_assert(MAPBUF_IOC_DESTROY == 0xbe01, "MAPBUF_IOC_DESTROY");
_Static_assert(MAPBUF_IOC_INFO == 0xbe40, "MAPBUF_IOC_INFO");

#endif
