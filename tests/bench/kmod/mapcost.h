/* SPDX-License-Identifier: GPL-2.0-only */
/* How the programs ask the module for what only a kernel can measure. */
#ifndef MAPCOST_H
#define MAPCOST_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* What memory costs by itself, in nanoseconds. */
struct mapcost_pages {
	__aligned_u64 pages;
	__aligned_u64 clear;	/* to clear so many, allocated before */
	__aligned_u64 get;	/* to allocate so many, cleared */
	__aligned_u64 put;	/* to free these */
};

/* What a device does with a dma-buf, in nanoseconds. */
struct mapcost_import {
	__s32 fd;
	__u32 pieces;		/* the entries that the device sees */
	__aligned_u64 attach;
	__aligned_u64 map;
	__aligned_u64 unmap;
	__aligned_u64 detach;
};

/* Memory of the process, pinned for a device */
struct mapcost_pinned {
	__aligned_u64 address;
	__aligned_u64 bytes;
	__aligned_u64 entries;	/* of its scatterlist */
};

/* What block devices have been given to write since the count began */
struct mapcost_written {
	__aligned_u64 requests;
	__aligned_u64 segments;
	__aligned_u64 bytes;
};

#define MAPCOST_PAGES _IO(0xBF, 1)
/* The number itself is the argument: have so many devices, each with a node. */
#define MAPCOST_DEVICES _IO(0xBF, 2)
#define MAPCOST_IMPORT _IO(0xBF, 3)
#define MAPCOST_PIN _IO(0xBF, 4)
/* Begins if the argument is not 0, and ends if it is. */
#define MAPCOST_COUNT _IO(0xBF, 5)
#define MAPCOST_WRITTEN _IO(0xBF, 6)

#define MAPCOST_MAX_DEVICES 16384

#endif
