/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/driver: calls of <linux/mapbuf.h> that a process asks for, to see what
 * drivers see.  Each open file is a driver of its own, with one buffer at most,
 * which it stops using when it is closed.
 */
#ifndef DRIVER_H
#define DRIVER_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Input and output of the calls; what a call does not name it ignores. */
struct driver_call {
	__u64 bytes;
	__u64 offset;
	__u64 seed;	/* of what fill() of the tests writes */
	__u64 address;	/* output: the first one of the device's */
	char name[64];
	__u32 backing;
	__u32 flags;
	__u32 uid;
	__u32 mode;
	__u32 dma_bits;
	__u32 segment;	/* the longest one that the device takes; 0: any */
	__u32 entries;	/* output: in the table */
	__u32 longest;	/* output: entry as the device sees it, in bytes */
	__s32 fd;
	__u32 with_device;	/* the buffer belongs to the device */
};

#define DRIVER_CREATE _IOWR('d', 0, struct driver_call)
#define DRIVER_FIND _IOWR('d', 1, struct driver_call)
#define DRIVER_PUT _IOWR('d', 2, struct driver_call)
#define DRIVER_DESTROY _IOWR('d', 3, struct driver_call)
/* Output: bytes, of the buffer. */
#define DRIVER_SIZE _IOWR('d', 4, struct driver_call)
/* Write, or check, bytes from offset on through mapbuf_vmap(). */
#define DRIVER_FILL _IOWR('d', 5, struct driver_call)
#define DRIVER_CHECK _IOWR('d', 6, struct driver_call)
/* Pages from offset on, as many as bytes; output: bytes, entries. */
#define DRIVER_TABLE _IOWR('d', 7, struct driver_call)
/*
 * With interrupts off; output: bytes, the number of notifications, and, if fd is
 * an eventfd and not 0, entries: whether it was signalled when it returned.
 */
#define DRIVER_NOTIFY _IOWR('d', 8, struct driver_call)
#define DRIVER_NOTIFY_CANSLEEP _IOWR('d', 10, struct driver_call)
/*
 * Import the dma-buf fd for a device: map, synchronize, and check bytes from its
 * start on, which it fills with seed + 1 then.  Output: bytes, as the device sees
 * it, entries, address.  EOPNOTSUPP where kernels import in another way.
 */
#define DRIVER_IMPORT _IOWR('d', 9, struct driver_call)
/*
 * Map the dma-buf fd for the device, in the direction that flags has (enum
 * dma_data_direction), once more if that was done; until DRIVER_UNMAP, which ends
 * the last one, or the file is closed.  Then the device can write to what it has
 * mapped last, or check it, as far as bytes.  As DRIVER_IMPORT.
 */
#define DRIVER_MAP _IOWR('d', 11, struct driver_call)
#define DRIVER_UNMAP _IOWR('d', 12, struct driver_call)
#define DRIVER_DEVICE_FILL _IOWR('d', 13, struct driver_call)
#define DRIVER_DEVICE_CHECK _IOWR('d', 14, struct driver_call)

/*
 * Add a platform device with memory, bytes of it from address on, or remove it: then
 * bytes is 0.
 */
#define DRIVER_REGION _IOWR('d', 15, struct driver_call)

/* Of the buffer's device: address and bytes from offset on. */
#define DRIVER_DMA_ADDRESS _IOWR('d', 16, struct driver_call)
/* The device writes to an address that it was told, or checks what is there. */
#define DRIVER_ADDRESS_FILL _IOWR('d', 17, struct driver_call)
#define DRIVER_ADDRESS_CHECK _IOWR('d', 18, struct driver_call)

/*
 * How the process accesses its address, which it has touched (0: none), and the kernel
 * the page at the physical address offset.  Output: entries, longest: of enum
 * mapbuf_cache.
 */
#define DRIVER_CACHING _IOWR('d', 19, struct driver_call)

/*
 * Map bytes of the buffer from offset on for the device, with flags as DRIVER_MAP; one
 * at a time.  Then the device writes to it, or checks it; until it is unmapped, or the
 * file is closed.  Output of the first: entries, longest.
 */
#define DRIVER_MAP_SG _IOWR('d', 20, struct driver_call)
#define DRIVER_SG_FILL _IOWR('d', 21, struct driver_call)
#define DRIVER_SG_CHECK _IOWR('d', 22, struct driver_call)
#define DRIVER_UNMAP_SG _IOWR('d', 23, struct driver_call)
/* Synchronize bytes from offset on; flags as DRIVER_MAP, mode: for the processor. */
#define DRIVER_SYNC _IOWR('d', 24, struct driver_call)
/* Output: fd, a dma-buf of bytes from offset on. */
#define DRIVER_DMA_BUF _IOWR('d', 25, struct driver_call)
/*
 * As DRIVER_IMPORT, without a device and without synchronizing: through dma_buf_vmap()
 * alone.
 */
#define DRIVER_DMA_BUF_VMAP _IOWR('d', 26, struct driver_call)

/* In flags of DRIVER_IMPORT: the device can do without pages. */
#define DRIVER_PEER 1

#endif
