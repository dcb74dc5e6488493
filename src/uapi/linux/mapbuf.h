/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * mapbuf: named memory buffers shared by processes and drivers.
 *
 * This header is the specification of the interface between the module and
 * user space.
 */
#ifndef _UAPI_LINUX_MAPBUF_H
#define _UAPI_LINUX_MAPBUF_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * DOC: requests and errors
 *
 * Every request is an ioctl whose argument points to a structure that starts
 * with the members @size and @flags.  The caller sets @size to sizeof() of the
 * structure it was compiled with; structures only ever grow at their end, and
 * a member that an older caller does not have reads as zero, which always
 * means the behaviour from before the member existed.
 *
 * Members not described as output are never written.  On an error nothing is
 * written at all and nothing has changed.
 *
 * Errors that every request can give:
 *
 * ENOTTY   the request number is unknown on this kind of node
 * EFAULT   the structure cannot be read or written
 * EINVAL   @size is smaller than the first published form of the structure;
 *          an unknown bit is set in @flags; a member that must be 0 is not
 * E2BIG    @size is larger than the module's form of the structure and a byte
 *          beyond it is not 0, or @size is larger than a page
 *
 * The requests document what else they give.  On the buffer nodes, beside what
 * the system calls document themselves:
 *
 * mmap     EINVAL for MAP_PRIVATE; ENXIO for a range that ends beyond the
 *          buffer; EACCES for PROT_EXEC, or for writing through a descriptor
 *          that is open for reading only.  mremap() beyond the mapped range
 *          gives EFAULT, mprotect() to PROT_EXEC gives EACCES.
 * read     0 at and beyond the end
 * write    ENOSPC at and beyond the end, a short count when the range crosses
 *          the end
 * lseek    EINVAL for a position below 0 or beyond the end; SEEK_END is the
 *          size of the buffer
 * open     ENXIO when the buffer is being destroyed; with
 *          MAPBUF_CREATE_ZERO_LAST_CLOSE: EBUSY while pages are pinned that
 *          the last user left, EINTR when a signal arrives while the memory is
 *          cleared, EAGAIN with O_NONBLOCK until it is
 * page     one with a memory error: read and write end before it, and at it give
 *          EIO; a touch in a mapping raises SIGBUS, BUS_MCEERR_AR
 * device   the memory of a buffer was of one, and that has been removed, or, of a
 *          coherent buffer, has lost its driver: a touch in a mapping raises SIGBUS;
 *          open, mmap, read, write and MAPBUF_IOC_EXPORT give ENODEV
 * poll     always writable; readable while there was a notification that the
 *          file has not seen, see struct mapbuf_notify; hung up (POLLHUP) once
 *          the buffer has been destroyed
 */

#define MAPBUF_IOC_TYPE 0xBE

enum {
	MAPBUF_CMD_CREATE = 0x00,
	MAPBUF_CMD_DESTROY = 0x01,
	MAPBUF_CMD_INFO = 0x40,
	MAPBUF_CMD_NOTIFY = 0x41,
	MAPBUF_CMD_SEEN = 0x42,
	MAPBUF_CMD_EVENTFD = 0x43,
	MAPBUF_CMD_EXPORT = 0x44,
	MAPBUF_CMD_SYNC = 0x45,
	MAPBUF_CMD_DMA = 0x46,
};

/* Size of a name with its terminating 0. */
#define MAPBUF_NAME_SIZE 32

/* Size of a device's bus and name with the terminating 0. */
#define MAPBUF_DEVICE_SIZE 96

/* f_type of statfs() in the file system of the buffers: "mapb" */
#define MAPBUF_FS_MAGIC 0x6d617062

/**
 * enum mapbuf_backing - where the memory of a buffer comes from
 * @MAPBUF_BACKING_DEFAULT: what the module parameter "backing" says
 * @MAPBUF_BACKING_VMALLOC: pages from anywhere
 * @MAPBUF_BACKING_CONTIGUOUS: one physically contiguous range
 * @MAPBUF_BACKING_RESERVED: a physical range that exists already and is not
 *                           System RAM; nothing that pins pages works on it
 * @MAPBUF_BACKING_COHERENT: memory of the device that the buffer belongs to, which the
 *                           device and processors see alike without MAPBUF_IOC_SYNC;
 *                           gone when the device or its driver goes; nothing that
 *                           pins pages works on it, and there is no dma-buf of it
 */
enum mapbuf_backing {
	MAPBUF_BACKING_DEFAULT = 0,
	MAPBUF_BACKING_VMALLOC = 1,
	MAPBUF_BACKING_CONTIGUOUS = 2,
	MAPBUF_BACKING_RESERVED = 3,
	MAPBUF_BACKING_COHERENT = 4,
};

/**
 * enum mapbuf_cache - how processors access a reserved range or a contiguous buffer
 * @MAPBUF_CACHE_CACHED: as memory
 * @MAPBUF_CACHE_WRITE_COMBINED: uncached, but writes are gathered
 * @MAPBUF_CACHE_UNCACHED: as the registers of a device
 */
enum mapbuf_cache {
	MAPBUF_CACHE_CACHED = 0,
	MAPBUF_CACHE_WRITE_COMBINED = 1,
	MAPBUF_CACHE_UNCACHED = 2,
};

/**
 * enum mapbuf_create_flags - what members of struct mapbuf_create to heed
 * @MAPBUF_CREATE_NUMA_NODE: @numa_node is set; the memory comes from that node
 * @MAPBUF_CREATE_UID: @uid is set; else the node belongs to root
 * @MAPBUF_CREATE_GID: @gid is set; else the node's group is root, or what udev
 *                     rules say
 * @MAPBUF_CREATE_MODE: @mode is set; else it is 0600, or what udev rules say
 * @MAPBUF_CREATE_ZERO_LAST_CLOSE: clear the memory whenever its last user has
 *                     gone: open files and dma-bufs, with their mappings and
 *                     devices, and drivers of the kernel.  Nobody opens the
 *                     buffer before that is done.  Pages that something still
 *                     has pinned are not cleared, and the buffer is not opened,
 *                     until the pins are gone
 * @MAPBUF_CREATE_ZERO: clear a reserved range, which else keeps what it holds;
 *                     other memory is always cleared
 * @MAPBUF_CREATE_SHOW_ADDRESS: whoever has the buffer open for writing may learn the
 *                     address that its device uses (MAPBUF_IOC_DMA); needs @device
 */
enum mapbuf_create_flags {
	MAPBUF_CREATE_NUMA_NODE = 1 << 0,
	MAPBUF_CREATE_UID = 1 << 1,
	MAPBUF_CREATE_GID = 1 << 2,
	MAPBUF_CREATE_MODE = 1 << 3,
	MAPBUF_CREATE_ZERO_LAST_CLOSE = 1 << 4,
	MAPBUF_CREATE_ZERO = 1 << 5,
	MAPBUF_CREATE_SHOW_ADDRESS = 1 << 6,
};

/**
 * struct mapbuf_create - ioctl(MAPBUF_IOC_CREATE), control node
 * @size: sizeof(struct mapbuf_create)
 * @flags: of enum mapbuf_create_flags
 * @bytes: size of the buffer; output: the same, rounded up to whole pages
 * @name: 1 to 31 of A-Z a-z 0-9 _ . - not starting with . or - and
 *        terminated by 0; the rest of the array must be 0
 * @backing: of enum mapbuf_backing; output: the one chosen
 * @id: output: N of /dev/mapbufN; of no other buffer before all 2^20 have been
 *      used since the module was loaded
 * @numa_node: a node with memory; must be 0 without MAPBUF_CREATE_NUMA_NODE
 * @dma_bits: the memory lies below 2^dma_bits, 12 to 64; 0: anywhere
 * @uid: owner of the node, in the caller's user namespace; must be 0 without
 *       MAPBUF_CREATE_UID
 * @gid: group of the node, in the caller's user namespace; must be 0 without
 *       MAPBUF_CREATE_GID
 * @mode: permission bits of the node, at most 0666; must be 0 without
 *        MAPBUF_CREATE_MODE
 * @cache: of enum mapbuf_cache; must be 0 unless the backing is reserved or contiguous
 * @phys_addr: where the range begins; must be 0 unless the backing is reserved
 * @device: the device that the buffer belongs to, as bus, slash and name in
 *          /sys/bus/BUS/devices: "pci/0000:01:00.0", "platform/a0000000.dma"; the
 *          rest of the array must be 0; all 0 for none
 *
 * Makes a buffer, filled with zeroes, and its node.  A reserved range is made
 * of whole pages, belongs to no NUMA node, and does not count against the
 * parameter max_bytes.  When the request returns the node in the device file
 * system exists; links that udev makes follow.  Until then, the line mapbuf-cleared
 * in /proc/PID/fdinfo/FD of the control node says how many bytes are done.
 *
 * The memory of a device's buffer is where the device reaches it, on the device's
 * NUMA node if that has some left and no other one is asked for, and is mapped for
 * the device, for reading and writing, until the buffer or the device goes.  A
 * device without a driver is given a DMA mask of @dma_bits, if that is not 0; behind
 * an IOMMU that says nothing of where the memory is.  When
 * a driver comes, the memory is mapped anew, perhaps at another address; when it
 * goes, the memory is not mapped until there is another one.
 *
 * EINVAL   bad @name, @bytes is 0 or would not fit in a file offset, @backing
 *          unknown, @numa_node has no memory, @dma_bits or @mode out of range,
 *          @uid or @gid not mapped, @cache unknown; of a reserved range:
 *          @phys_addr or @bytes not in whole pages, a NUMA node given, not all
 *          of it below @dma_bits, any of it System RAM, or beyond what the
 *          processor can address; of a coherent buffer: no device, or a NUMA node
 * EPERM    a reserved range without CAP_SYS_RAWIO, or the kernel is locked down
 * EBUSY    somebody has claimed the reserved range, or a part of it
 * EEXIST   a buffer of that name exists
 * ENOSPC   the buffers together, with what is still used or pinned of those that
 *          were destroyed, would be larger than the parameter max_bytes allows,
 *          or too many
 * ENOMEM   not enough free memory of the nodes and zones that the backing can use,
 *          or no free range as long as asked; of a coherent buffer: more than the
 *          device's pool, a CMA area or the page allocator has in one piece
 * EOPNOTSUPP  the backing is contiguous, and this kernel has no contiguous store:
 *          it was built without CONFIG_CONTIG_ALLOC; or @cache is not 0 for it, and
 *          the processor is not an x86 of 64 bits; or the device is on another bus
 *          than pci or platform, does no DMA, has no driver and no node in the
 *          device tree that says how it does on a machine that needs that, or
 *          cannot have a reserved range
 * ENODEV   there is no such device
 * EBUSY    the driver of the device is for processes (VFIO): they map what they want
 * EIO      the device cannot reach the memory, or not below @dma_bits, or it is more
 *          than what an IOMMU or bounce buffers have room for
 * EINTR    a fatal signal arrived
 */
struct mapbuf_create {
	__u32 size;
	__u32 flags;
	__aligned_u64 bytes;
	char name[MAPBUF_NAME_SIZE];
	__u32 backing;
	__u32 id;
	__s32 numa_node;
	__u32 dma_bits;
	__u32 uid;
	__u32 gid;
	__u32 mode;
	__u32 cache;
	__aligned_u64 phys_addr;
	char device[MAPBUF_DEVICE_SIZE];
};

#define MAPBUF_IOC_CREATE _IO(MAPBUF_IOC_TYPE, MAPBUF_CMD_CREATE)

/**
 * enum mapbuf_destroy_flags - how to destroy
 * @MAPBUF_DESTROY_DEFERRED: when in use, take the name and the node away now
 *                           and free the memory with its last user
 */
enum mapbuf_destroy_flags {
	MAPBUF_DESTROY_DEFERRED = 1 << 0,
};

/**
 * struct mapbuf_destroy - ioctl(MAPBUF_IOC_DESTROY), control node
 * @size: sizeof(struct mapbuf_destroy)
 * @flags: of enum mapbuf_destroy_flags
 * @name: as in struct mapbuf_create
 *
 * EINVAL   bad @name
 * ENOENT   no buffer of that name
 * EBUSY    the buffer is open or mapped, a dma-buf or a driver has it, or pages
 *          of it are pinned, and MAPBUF_DESTROY_DEFERRED not given
 */
struct mapbuf_destroy {
	__u32 size;
	__u32 flags;
	char name[MAPBUF_NAME_SIZE];
};

#define MAPBUF_IOC_DESTROY _IO(MAPBUF_IOC_TYPE, MAPBUF_CMD_DESTROY)

/**
 * struct mapbuf_info - ioctl(MAPBUF_IOC_INFO), buffer node
 * @size: sizeof(struct mapbuf_info)
 * @flags: must be 0
 * @bytes: output: size of the buffer
 * @name: output: its name
 * @backing: output: of enum mapbuf_backing, never MAPBUF_BACKING_DEFAULT
 * @id: output: N of /dev/mapbufN
 * @numa_node: output: the node that was asked for, -1 for none
 * @dma_bits: output: as created
 *
 * Tells what a descriptor refers to, also one received from another process.
 * No errors of its own.
 */
struct mapbuf_info {
	__u32 size;
	__u32 flags;
	__aligned_u64 bytes;
	char name[MAPBUF_NAME_SIZE];
	__u32 backing;
	__u32 id;
	__s32 numa_node;
	__u32 dma_bits;
};

#define MAPBUF_IOC_INFO _IO(MAPBUF_IOC_TYPE, MAPBUF_CMD_INFO)

/**
 * struct mapbuf_notify - ioctl(MAPBUF_IOC_NOTIFY) and ioctl(MAPBUF_IOC_SEEN),
 *                        buffer node
 * @size: sizeof(struct mapbuf_notify)
 * @flags: must be 0
 * @sequence: output: notifications of the buffer so far
 *
 * MAPBUF_IOC_NOTIFY tells everybody who waits that there is new data: it adds
 * one to the sequence, makes every open file of the buffer readable to poll,
 * epoll and io_uring, also the one it is called on, and signals eventfds.
 * Drivers do the same.  Who waits has been woken up when the request returns,
 * unless another notification is on its way or the caller is killed: then, and
 * when a driver notifies, it is soon after.
 *
 * MAPBUF_IOC_SEEN tells how many there were, and makes the file readable again
 * only by a later one.  A file has seen all that were before it was opened.
 * So that none is lost: poll, MAPBUF_IOC_SEEN, read the data, and again.  What
 * was written before a notification is there for who has been told its number.
 * Descriptors that dup() or fork() made share what they have seen.
 *
 * EBADF    MAPBUF_IOC_NOTIFY on a descriptor that is not open for writing
 */
struct mapbuf_notify {
	__u32 size;
	__u32 flags;
	__aligned_u64 sequence;
};

#define MAPBUF_IOC_NOTIFY _IO(MAPBUF_IOC_TYPE, MAPBUF_CMD_NOTIFY)
#define MAPBUF_IOC_SEEN _IO(MAPBUF_IOC_TYPE, MAPBUF_CMD_SEEN)

/**
 * struct mapbuf_eventfd - ioctl(MAPBUF_IOC_EVENTFD), buffer node
 * @size: sizeof(struct mapbuf_eventfd)
 * @flags: must be 0
 * @fd: an eventfd, to which each notification from now on adds 1, however many
 *      files of the buffer have it; -1: none.  Takes the place of the one that
 *      the file had, if any
 * @reserved: must be 0
 *
 * Ends with the file, whatever becomes of the descriptor @fd.
 *
 * EBADF    @fd is not open, or below -1
 * EINVAL   @fd is not an eventfd
 * ENOSPC   the files of the buffer have as many different eventfds as the
 *          parameter max_eventfds allows
 * ENOMEM   not enough memory to remember it
 */
struct mapbuf_eventfd {
	__u32 size;
	__u32 flags;
	__s32 fd;
	__u32 reserved;
};

#define MAPBUF_IOC_EVENTFD _IO(MAPBUF_IOC_TYPE, MAPBUF_CMD_EVENTFD)

/**
 * struct mapbuf_export - ioctl(MAPBUF_IOC_EXPORT), buffer node
 * @size: sizeof(struct mapbuf_export)
 * @flags: must be 0
 * @offset: first byte, in whole pages
 * @bytes: length, in whole pages, not 0
 * @fd: output: a dma-buf, close-on-exec
 * @reserved: must be 0
 *
 * Makes a dma-buf, which drivers of devices import, of the buffer or of a part.
 * It keeps the memory, also after the buffer has been destroyed with
 * MAPBUF_DESTROY_DEFERRED.  Processes can map it as they map the node.
 * DMA_BUF_IOCTL_SYNC reaches all devices that have imported any part of the buffer
 * by any dma-buf of it.  A reserved range has no pages: drivers that want pages,
 * not addresses alone, cannot import it (EOPNOTSUPP).
 *
 * EACCES      the descriptor is not open for writing, as devices may write
 * EINVAL      the range is empty, not in whole pages, or not within the buffer
 * ENODEV      the device has been removed that the range of the buffer was of
 * EOPNOTSUPP  a reserved range that has page structures, and a kernel before 5.15,
 *             which does not map it for devices; or a kernel without dma-buf
 * EMFILE      too many descriptors
 * ENOMEM      not enough memory for the dma-buf itself
 */
struct mapbuf_export {
	__u32 size;
	__u32 flags;
	__aligned_u64 offset;
	__aligned_u64 bytes;
	__s32 fd;
	__u32 reserved;
};

#define MAPBUF_IOC_EXPORT _IO(MAPBUF_IOC_TYPE, MAPBUF_CMD_EXPORT)

/**
 * enum mapbuf_sync_flags - who accesses the memory next, and what devices do
 * @MAPBUF_SYNC_FOR_CPU: processors: fetch what devices have written
 * @MAPBUF_SYNC_FOR_DEVICE: devices: give them what processors have written
 * @MAPBUF_SYNC_TO_DEVICE: devices read the memory
 * @MAPBUF_SYNC_FROM_DEVICE: devices write to it
 * @MAPBUF_SYNC_BIDIRECTIONAL: both
 */
enum mapbuf_sync_flags {
	MAPBUF_SYNC_FOR_CPU = 1 << 0,
	MAPBUF_SYNC_FOR_DEVICE = 1 << 1,
	MAPBUF_SYNC_TO_DEVICE = 1 << 2,
	MAPBUF_SYNC_FROM_DEVICE = 1 << 3,
	MAPBUF_SYNC_BIDIRECTIONAL = MAPBUF_SYNC_TO_DEVICE |
				    MAPBUF_SYNC_FROM_DEVICE,
};

/**
 * struct mapbuf_sync - ioctl(MAPBUF_IOC_SYNC), buffer node
 * @size: sizeof(struct mapbuf_sync)
 * @flags: of enum mapbuf_sync_flags: one of the first two, and what devices do
 * @offset: first byte
 * @bytes: length, not 0
 *
 * Synchronizes a part of the buffer for the device that it belongs to, and for all
 * that have imported that part by a dma-buf.  Before a device reads what processors
 * have written: FOR_DEVICE, TO_DEVICE.  Before it writes: FOR_DEVICE, FROM_DEVICE.
 * When it has written: FOR_CPU, FROM_DEVICE.  Where a device sees what processors
 * have in their caches, and reaches the memory itself, nothing is done.
 *
 * What processors write between FOR_DEVICE and FOR_CPU may be lost, in the whole of
 * each line of their caches that the part touches.
 *
 * EACCES      the descriptor is not open for writing
 * EINVAL      neither or both of the first two flags, no direction, or the part is
 *             empty or not within the buffer
 * ENODEV      no device has that part mapped, or it has been removed
 * EOPNOTSUPP  a reserved range that processors cache, of which a device does not see
 *             that: the kernel cannot synchronize it
 */
struct mapbuf_sync {
	__u32 size;
	__u32 flags;
	__aligned_u64 offset;
	__aligned_u64 bytes;
};

#define MAPBUF_IOC_SYNC _IO(MAPBUF_IOC_TYPE, MAPBUF_CMD_SYNC)

/**
 * struct mapbuf_dma - ioctl(MAPBUF_IOC_DMA), buffer node
 * @size: sizeof(struct mapbuf_dma)
 * @flags: must be 0
 * @offset: a byte of the buffer
 * @address: output: where the device that the buffer belongs to finds it: an address
 *           of its bus, or of its IOMMU
 * @bytes: output: how many are adjacent there, from @offset up to the end of the
 *         buffer
 *
 * The pieces of a buffer that are not adjacent are found one after the other: the
 * next @offset is this one and @bytes.  The address holds until the buffer is
 * destroyed or the device gets another driver, or none; see "dma_addr" in sysfs.
 *
 * EPERM    the caller has neither CAP_SYS_RAWIO nor CAP_SYS_ADMIN; and the buffer was
 *          made without MAPBUF_CREATE_SHOW_ADDRESS, or is open for reading only
 * EINVAL   @offset is not in the buffer
 * ENODEV   the buffer belongs to no device, or is not mapped for it now
 */
struct mapbuf_dma {
	__u32 size;
	__u32 flags;
	__aligned_u64 offset;
	__aligned_u64 address;
	__aligned_u64 bytes;
};

#define MAPBUF_IOC_DMA _IO(MAPBUF_IOC_TYPE, MAPBUF_CMD_DMA)

#endif /* _UAPI_LINUX_MAPBUF_H */
