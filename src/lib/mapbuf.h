/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmapbuf: named memory buffers shared by processes and drivers.
 *
 * Functions that return int return 0, or -1 with errno set; functions that
 * return a pointer return NULL with errno set on failure.  The library prints
 * nothing and keeps no state of its own: different threads may use different
 * objects at the same time, and several threads may use one struct mapbuf or
 * struct mapbuf_control as long as none of them closes it.  Functions that
 * require a buffer that is open for writing fail with EACCES otherwise.
 *
 * See libmapbuf(3).
 */
#ifndef _MAPBUF_H
#define _MAPBUF_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* Version of the linked library, for example "1.0.0" */
const char *mapbuf_version(void);

struct mapbuf;		/* an open buffer */
struct mapbuf_queue;	/* one end of a queue in a buffer */
struct mapbuf_ring;	/* the writer of a ring in a buffer, or one reader */
struct mapbuf_control;	/* access to the control node, to create and destroy */
struct mapbuf_options;	/* properties of a buffer to be created */
struct mapbuf_list;	/* the buffers that existed at one moment */
struct mapbuf_entry;	/* one of them */
struct mapbuf_monitor;	/* reports buffers that are created and destroyed */
struct mapbuf_watch;	/* reports when a buffer is opened and closed */

/* Names and backings */

/* 1 if @name is a valid name of a buffer, 0 if not. */
int mapbuf_name_is_valid(const char *name);
/* Names of the backings that this library knows; terminated by NULL. */
const char *const *mapbuf_backings(void);
/* How processors may access a buffer, where that can be chosen; terminated by NULL. */
const char *const *mapbuf_caches(void);

/* An open buffer */

/* @flags: O_RDONLY or O_RDWR.  The descriptor is close-on-exec. */
struct mapbuf *mapbuf_open(const char *name, int flags);
/*
 * Takes ownership of a descriptor, for instance one received from another
 * process.  On failure the descriptor stays open.
 */
struct mapbuf *mapbuf_open_fd(int fd);
/* Mappings remain.  NULL is allowed. */
void mapbuf_close(struct mapbuf *buffer);

int mapbuf_fd(const struct mapbuf *buffer);
const char *mapbuf_name(const struct mapbuf *buffer);
/* In bytes, always whole pages. */
uint64_t mapbuf_size(const struct mapbuf *buffer);
const char *mapbuf_backing(const struct mapbuf *buffer);
/* N of /dev/mapbufN */
unsigned int mapbuf_id(const struct mapbuf *buffer);
/* The NUMA node that was requested at creation, -1 for none. */
int mapbuf_numa_node(const struct mapbuf *buffer);

/* Mapping */

#define MAPBUF_MAP_READ_ONLY	(1u << 0)
#define MAPBUF_MAP_POPULATE	(1u << 1)	/* no page faults later */

/* @length: in bytes; 0 means from @offset to the end of the buffer. */
void *mapbuf_map(struct mapbuf *buffer, uint64_t offset, size_t length,
		 unsigned int flags);
/*
 * The same at @address, which can be the same in all processes: EEXIST if something
 * is mapped there.  If @address is NULL, the function chooses an address.  Either is
 * a multiple of @alignment, a power of 2 and at least a page; 0 means a page.  Pages
 * of 2 MiB are mapped in one piece if the address and @offset are equal modulo 2 MiB.
 */
void *mapbuf_map_at(struct mapbuf *buffer, void *address, size_t alignment,
		    uint64_t offset, size_t length, unsigned int flags);
int mapbuf_unmap(void *address, size_t length);

/* Copying, if no mapping is wanted */

/*
 * These copy all of @length and continue after signals; a smaller result means
 * that the buffer ends there.  Writing at the end fails with ENOSPC.
 */
ssize_t mapbuf_read(struct mapbuf *buffer, void *data, size_t length,
		    uint64_t offset);
ssize_t mapbuf_write(struct mapbuf *buffer, const void *data, size_t length,
		     uint64_t offset);

/* New data: see MAPBUF_IOC_NOTIFY in <linux/mapbuf.h> */

/*
 * Notifies all waiters that there is new data.  Notifications of a buffer are
 * numbered from 1; @number may be NULL.
 */
int mapbuf_notify(struct mapbuf *buffer, uint64_t *number);
/*
 * Returns the number of the last notification, and marks it as seen by this open
 * buffer.  Notifications from before it was opened count as seen.  poll(2) returns
 * POLLIN while there is a later one, and POLLHUP when the buffer has been destroyed.
 */
int mapbuf_seen(struct mapbuf *buffer, uint64_t *number);
/*
 * Waits until there is a notification that has not been seen, and marks it as seen.
 * @timeout_ms: -1 for no limit; ETIMEDOUT.  ENODEV: the buffer has been destroyed.
 * What one thread has seen counts as seen for all threads that use @buffer: threads
 * that need every notification must each open the buffer.
 */
int mapbuf_wait_data(struct mapbuf *buffer, uint64_t *number, int timeout_ms);
/*
 * Each notification adds 1 to @eventfd, even if other open buffers use it, too; -1
 * ends this.  ENOSPC: the buffer has as many other eventfds as the module allows.
 */
int mapbuf_set_eventfd(struct mapbuf *buffer, int eventfd);

/* Another item follows immediately: waiters are not notified of this one. */
#define MAPBUF_MORE		(1u << 0)

/* A queue in a buffer: one writer, one reader, no items are lost */

#define MAPBUF_QUEUE_READ	(1u << 0)
#define MAPBUF_QUEUE_WRITE	(1u << 1)

/*
 * Opens one end of the queue in this part of @buffer, which must be open for
 * writing; @length 0 means to the end.  Items are at most @item_size bytes long.
 * Zero-filled memory is an empty queue.  EBUSY: this end is already open.  EPROTO:
 * the memory contains something else, or a queue with other items.  ENOSPC: no item
 * fits.  Close the queue before @buffer.  Only one thread at a time may use an end;
 * threads that wait must each open the buffer.
 */
struct mapbuf_queue *mapbuf_queue_open(struct mapbuf *buffer, uint64_t offset,
				       size_t length, size_t item_size,
				       unsigned int flags);
/* NULL is allowed. */
void mapbuf_queue_close(struct mapbuf_queue *queue);
/* How many items the queue can hold */
size_t mapbuf_queue_slots(const struct mapbuf_queue *queue);
/*
 * Number of the next item at this end, from 0.  When the end is opened again after a
 * crash, it continues with the first item that was not committed, or not released.
 */
uint64_t mapbuf_queue_number(const struct mapbuf_queue *queue);

/*
 * Waiting: @timeout_ms 0 means not to wait, -1 no limit; ETIMEDOUT.  After that,
 * poll(2) returns POLLIN for mapbuf_fd() of the buffer when it is time to try again.
 * ENODEV: the buffer has been destroyed.  EINTR: a signal arrived.  EPROTO: the
 * other end has written invalid values.  EACCES: the function is for the other end.
 */

/* The slot of the next item, to fill; the same until the item is committed. */
void *mapbuf_queue_reserve(struct mapbuf_queue *queue, int timeout_ms);
/* @flags: MAPBUF_MORE */
int mapbuf_queue_commit(struct mapbuf_queue *queue, size_t length,
			unsigned int flags);
/* Reserves a slot, copies @data to it, and commits it */
int mapbuf_queue_write(struct mapbuf_queue *queue, const void *data,
		       size_t length, unsigned int flags, int timeout_ms);
/* The next item, in its slot; the same until it is released.  @length may be NULL. */
const void *mapbuf_queue_peek(struct mapbuf_queue *queue, size_t *length,
			      int timeout_ms);
int mapbuf_queue_release(struct mapbuf_queue *queue);
/* Copies and releases the next item.  EMSGSIZE: it is longer than @size, and stays. */
ssize_t mapbuf_queue_read(struct mapbuf_queue *queue, void *data, size_t size,
			  int timeout_ms);

/* A ring in a buffer: one writer that never waits, any number of readers */

#define MAPBUF_RING_READ	(1u << 0)
#define MAPBUF_RING_WRITE	(1u << 1)
#define MAPBUF_RING_LATEST	(1u << 2)	/* start with the next item to come */

/*
 * Like mapbuf_queue_open().  The @buffer of a reader may be open only for reading.
 * A reader starts with the oldest item in the ring.
 */
struct mapbuf_ring *mapbuf_ring_open(struct mapbuf *buffer, uint64_t offset,
				     size_t length, size_t item_size,
				     unsigned int flags);
void mapbuf_ring_close(struct mapbuf_ring *ring);
size_t mapbuf_ring_slots(const struct mapbuf_ring *ring);
uint64_t mapbuf_ring_number(const struct mapbuf_ring *ring);

/* Like mapbuf_queue_reserve(); from then on the oldest item is lost. */
void *mapbuf_ring_reserve(struct mapbuf_ring *ring);
int mapbuf_ring_commit(struct mapbuf_ring *ring, size_t length,
		       unsigned int flags);
int mapbuf_ring_write(struct mapbuf_ring *ring, const void *data, size_t length,
		      unsigned int flags);
/*
 * The next item, in its slot, where it may be overwritten at any time: then release
 * fails with ESTALE, and nothing that was read from it is valid.  @lost, which may be
 * NULL: number of items overwritten since the previous one, or since opening.
 */
const void *mapbuf_ring_peek(struct mapbuf_ring *ring, size_t *length,
			     uint64_t *lost, int timeout_ms);
int mapbuf_ring_release(struct mapbuf_ring *ring);
/* Copies the next item and releases it; the copy is never of two items mixed. */
ssize_t mapbuf_ring_read(struct mapbuf_ring *ring, void *data, size_t size,
			 uint64_t *lost, int timeout_ms);

/* For devices */

/*
 * Returns the descriptor of a dma-buf, or -1.  @offset, @length: the part to export,
 * in whole pages; @length 0 means to the end of the buffer.
 */
int mapbuf_export_dmabuf(struct mapbuf *buffer, uint64_t offset,
			 uint64_t length);
/*
 * Maps a dma-buf, of mapbuf or not, like mapbuf_map(), where pages of 2 MiB can be
 * mapped in one piece; mmap(2) does not choose such an address for it.
 */
void *mapbuf_map_dmabuf(int dmabuf, uint64_t offset, size_t length,
			unsigned int flags);

/* Who accesses the memory next: exactly one; see MAPBUF_IOC_SYNC in <linux/mapbuf.h> */
#define MAPBUF_FOR_CPU		(1u << 0)
#define MAPBUF_FOR_DEVICE	(1u << 1)
/* What devices do with it: one or both */
#define MAPBUF_TO_DEVICE	(1u << 2)
#define MAPBUF_FROM_DEVICE	(1u << 3)

/*
 * Synchronizes a part of the buffer, which must be open for writing, for its device,
 * and for all devices that have imported it.  @length 0 means to the end of the
 * buffer.  ENODEV: no device has the memory mapped.
 */
int mapbuf_sync(struct mapbuf *buffer, uint64_t offset, uint64_t length,
		unsigned int flags);
/*
 * The address that the device of the buffer uses for the byte at @offset, and for
 * how many bytes it continues; @length may be NULL.  EPERM: see
 * mapbuf_options_set_show_address().  ENODEV: the buffer has no device, or it has
 * been removed.
 */
int mapbuf_dma_address(struct mapbuf *buffer, uint64_t offset,
		       uint64_t *address, uint64_t *length);

/* Creating and destroying */

struct mapbuf_options *mapbuf_options_new(void);
void mapbuf_options_free(struct mapbuf_options *options);
int mapbuf_options_set_size(struct mapbuf_options *options, uint64_t bytes);
/* @name: one of mapbuf_backings(), or NULL for the default of the module. */
int mapbuf_options_set_backing(struct mapbuf_options *options,
			       const char *name);
/* @node: a NUMA node, or -1 for any. */
int mapbuf_options_set_numa_node(struct mapbuf_options *options, int node);
/* @bits: 12 to 64, or 0 for any address. */
int mapbuf_options_set_dma_bits(struct mapbuf_options *options,
				unsigned int bits);
int mapbuf_options_set_uid(struct mapbuf_options *options, uid_t uid);
int mapbuf_options_set_gid(struct mapbuf_options *options, gid_t gid);
/* @mode: at most 0666 */
int mapbuf_options_set_mode(struct mapbuf_options *options, mode_t mode);
int mapbuf_options_set_zero_on_last_close(struct mapbuf_options *options,
					  int enable);
/* Only for the backing "reserved": the address where the range begins */
int mapbuf_options_set_phys_addr(struct mapbuf_options *options,
				 uint64_t address);
/* Only for the backings "reserved" and "contiguous": @name is one of mapbuf_caches() */
int mapbuf_options_set_cache(struct mapbuf_options *options, const char *name);
/* Only for "reserved": whether it is cleared, as other memory always is */
int mapbuf_options_set_zero(struct mapbuf_options *options, int enable);

/*
 * The device that the buffer will belong to: @path in sysfs, for instance
 * "/sys/bus/pci/devices/0000:01:00.0"; NULL for none.
 */
int mapbuf_options_set_device(struct mapbuf_options *options, const char *path);
/* Whether everybody who opens it for writing may get its mapbuf_dma_address() */
int mapbuf_options_set_show_address(struct mapbuf_options *options, int enable);

struct mapbuf_control *mapbuf_control_open(void);
void mapbuf_control_close(struct mapbuf_control *control);
/* @id: set to N of /dev/mapbufN; may be NULL. */
int mapbuf_control_create(struct mapbuf_control *control, const char *name,
			  const struct mapbuf_options *options,
			  unsigned int *id);
/*
 * How many bytes of the buffer that mapbuf_control_create() is creating are cleared;
 * for another thread, or for a process that inherited @control.  -1 if that is not
 * known.
 */
int64_t mapbuf_control_cleared(const struct mapbuf_control *control);

#define MAPBUF_DEFERRED		(1u << 0)	/* free the memory with the last user */

int mapbuf_control_destroy(struct mapbuf_control *control, const char *name,
			   unsigned int flags);

/* Enumerating and waiting */

/* ENOENT means that the module is not loaded. */
struct mapbuf_list *mapbuf_list_read(void);
void mapbuf_list_free(struct mapbuf_list *list);
size_t mapbuf_list_count(const struct mapbuf_list *list);
/* Sorted by id; belongs to @list; NULL from @index = count on. */
const struct mapbuf_entry *mapbuf_list_get(const struct mapbuf_list *list,
					   size_t index);
/* NULL with ENOENT if there is no buffer with this name. */
const struct mapbuf_entry *mapbuf_list_find(const struct mapbuf_list *list,
					    const char *name);

const char *mapbuf_entry_name(const struct mapbuf_entry *entry);
uint64_t mapbuf_entry_size(const struct mapbuf_entry *entry);
const char *mapbuf_entry_backing(const struct mapbuf_entry *entry);
unsigned int mapbuf_entry_id(const struct mapbuf_entry *entry);
int mapbuf_entry_numa_node(const struct mapbuf_entry *entry);
/* This and the following numbers are -1 if the module does not report them. */
int64_t mapbuf_entry_opens(const struct mapbuf_entry *entry);
int64_t mapbuf_entry_mappings(const struct mapbuf_entry *entry);
int64_t mapbuf_entry_exports(const struct mapbuf_entry *entry);
/* Since the buffer was created */
int64_t mapbuf_entry_notifications(const struct mapbuf_entry *entry);
/* In bytes; read now, like the next, because the module examines every page. */
int64_t mapbuf_entry_pinned(const struct mapbuf_entry *entry);
/* In pages */
int64_t mapbuf_entry_errors(const struct mapbuf_entry *entry);
int64_t mapbuf_entry_dma_bits(const struct mapbuf_entry *entry);
/* -1 also for ordinary users, and for memory that is not in one piece */
int64_t mapbuf_entry_phys_addr(const struct mapbuf_entry *entry);
/* The path in sysfs of the device that the buffer belongs to; NULL if there is none. */
const char *mapbuf_entry_device(const struct mapbuf_entry *entry);
/* -1 also for ordinary users, and if the device does not find it in one piece */
int64_t mapbuf_entry_dma_address(const struct mapbuf_entry *entry);
/* One of mapbuf_caches(); empty if the module does not report it. */
const char *mapbuf_entry_cache(const struct mapbuf_entry *entry);
/* 1 or 0 */
int64_t mapbuf_entry_zero_on_last_close(const struct mapbuf_entry *entry);
/*
 * The path to open: the file of the buffer or, if the file system is not mounted,
 * its node, whose owner and mode udev sets.
 */
const char *mapbuf_entry_path(const struct mapbuf_entry *entry);
/* Of that path at the time of the call; -1 if it no longer exists. */
int64_t mapbuf_entry_uid(const struct mapbuf_entry *entry);
int64_t mapbuf_entry_gid(const struct mapbuf_entry *entry);
int64_t mapbuf_entry_mode(const struct mapbuf_entry *entry);

/*
 * Returns once the node of the buffer exists and udev has set its owner and created
 * its link; if udev does not run, once the file or the node exists.
 * @timeout_ms: -1 for no limit; ETIMEDOUT.
 */
int mapbuf_wait(const char *name, int timeout_ms);

#define MAPBUF_EVENT_CREATE	1
#define MAPBUF_EVENT_DESTROY	2

struct mapbuf_monitor *mapbuf_monitor_open(void);
void mapbuf_monitor_close(struct mapbuf_monitor *monitor);
/* For poll(2): readable when there may be an event. */
int mapbuf_monitor_fd(const struct mapbuf_monitor *monitor);
/*
 * Returns 1 if there is an event, which the functions below then describe; 0 if
 * there is none now; -1 with ENOBUFS if some were lost.  Does not block.
 */
int mapbuf_monitor_next(struct mapbuf_monitor *monitor);
int mapbuf_monitor_action(const struct mapbuf_monitor *monitor);
const char *mapbuf_monitor_name(const struct mapbuf_monitor *monitor);
unsigned int mapbuf_monitor_id(const struct mapbuf_monitor *monitor);

/* @id: N of /dev/mapbufN */
struct mapbuf_watch *mapbuf_watch_open(unsigned int id);
void mapbuf_watch_close(struct mapbuf_watch *watch);
/*
 * For poll(2): POLLPRI when the number of open files may have changed since the last
 * mapbuf_watch_opens(), or if that was never called.
 */
int mapbuf_watch_fd(const struct mapbuf_watch *watch);
/* The number of open files; -1 with ENODEV if the buffer no longer exists. */
int64_t mapbuf_watch_opens(struct mapbuf_watch *watch);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* _MAPBUF_H */
