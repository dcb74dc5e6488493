/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmapbuf: named memory buffers shared by processes and drivers.
 *
 * Functions that return int give 0, or -1 with errno set; functions that
 * return a pointer give NULL with errno set.  The library prints nothing and
 * keeps no state of its own: different threads may use different objects at
 * the same time, and one struct mapbuf or struct mapbuf_control may be used by
 * several threads as long as none of them closes it.
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

struct mapbuf;		/* an open buffer */
struct mapbuf_control;	/* the right to create and destroy */
struct mapbuf_options;	/* what a buffer to be created shall be like */
struct mapbuf_list;	/* the buffers that existed at one moment */
struct mapbuf_entry;	/* one of them */
struct mapbuf_monitor;	/* tells which come and go */
struct mapbuf_watch;	/* tells when one is opened and closed */

/* Names and backings */

/* 1 if a buffer may be called so, 0 if not. */
int mapbuf_name_is_valid(const char *name);
/* The backings that this library knows by name; ends with NULL. */
const char *const *mapbuf_backings(void);
/* How processors may access a reserved range; ends with NULL. */
const char *const *mapbuf_caches(void);

/* An open buffer */

/* @flags: O_RDONLY or O_RDWR.  The descriptor is close-on-exec. */
struct mapbuf *mapbuf_open(const char *name, int flags);
/*
 * Takes over a descriptor, for instance one received from another process.
 * On failure it is left open.
 */
struct mapbuf *mapbuf_open_fd(int fd);
/* Mappings stay.  NULL is allowed. */
void mapbuf_close(struct mapbuf *buffer);

int mapbuf_fd(const struct mapbuf *buffer);
const char *mapbuf_name(const struct mapbuf *buffer);
/* In bytes, always whole pages. */
uint64_t mapbuf_size(const struct mapbuf *buffer);
const char *mapbuf_backing(const struct mapbuf *buffer);
/* N of /dev/mapbufN */
unsigned int mapbuf_id(const struct mapbuf *buffer);
/* The NUMA node that its creator asked for, -1 for none. */
int mapbuf_numa_node(const struct mapbuf *buffer);

/* Mapping */

#define MAPBUF_MAP_READ_ONLY	(1u << 0)
#define MAPBUF_MAP_POPULATE	(1u << 1)	/* no page faults later */

/* @length: in bytes; 0 means from @offset to the end of the buffer. */
void *mapbuf_map(struct mapbuf *buffer, uint64_t offset, size_t length,
		 unsigned int flags);
int mapbuf_unmap(void *address, size_t length);

/* Copying, where a mapping is not wanted */

/*
 * These move all of @length, restarted after signals; a smaller result means
 * that the buffer ends there.  Writing at its end is ENOSPC.
 */
ssize_t mapbuf_read(struct mapbuf *buffer, void *data, size_t length,
		    uint64_t offset);
ssize_t mapbuf_write(struct mapbuf *buffer, const void *data, size_t length,
		     uint64_t offset);

/* New data: see MAPBUF_IOC_NOTIFY in <linux/mapbuf.h> */

/*
 * Tells everybody who waits that there is new data.  Notifications of a buffer
 * are numbered from 1; @number may be NULL.
 */
int mapbuf_notify(struct mapbuf *buffer, uint64_t *number);
/*
 * The last notification, which this open buffer has seen then; at first those
 * from before it was opened.  poll(2) says POLLIN while there is a later one,
 * and POLLHUP when the buffer has been destroyed.
 */
int mapbuf_seen(struct mapbuf *buffer, uint64_t *number);
/*
 * Waits until there is one that was not seen, and sees it.  @timeout_ms: -1 for
 * no limit; ETIMEDOUT.  ENODEV: the buffer has been destroyed.
 */
int mapbuf_wait_data(struct mapbuf *buffer, uint64_t *number, int timeout_ms);
/*
 * Each notification adds 1 to that eventfd, once even if others gave it, too; -1
 * ends it.  ENOSPC: the buffer has as many others as the module allows.
 */
int mapbuf_set_eventfd(struct mapbuf *buffer, int eventfd);

/* For devices */

/*
 * The descriptor of a dma-buf, or -1.  @offset, @length: of a part, in whole
 * pages; @length 0 means to the end of the buffer.
 */
int mapbuf_export_dmabuf(struct mapbuf *buffer, uint64_t offset,
			 uint64_t length);

/* Creating and destroying */

struct mapbuf_options *mapbuf_options_new(void);
void mapbuf_options_free(struct mapbuf_options *options);
int mapbuf_options_set_size(struct mapbuf_options *options, uint64_t bytes);
/* @name: of mapbuf_backings(), or NULL for what the module is set to. */
int mapbuf_options_set_backing(struct mapbuf_options *options,
			       const char *name);
/* @node: a NUMA node, or -1 for none. */
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
/* Of the backing "reserved": where the range begins, */
int mapbuf_options_set_phys_addr(struct mapbuf_options *options,
				 uint64_t address);
/* one of mapbuf_caches(), */
int mapbuf_options_set_cache(struct mapbuf_options *options, const char *name);
/* and whether it is cleared, as other memory always is. */
int mapbuf_options_set_zero(struct mapbuf_options *options, int enable);

struct mapbuf_control *mapbuf_control_open(void);
void mapbuf_control_close(struct mapbuf_control *control);
/* @id: becomes N of /dev/mapbufN; may be NULL. */
int mapbuf_control_create(struct mapbuf_control *control, const char *name,
			  const struct mapbuf_options *options,
			  unsigned int *id);

#define MAPBUF_DEFERRED		(1u << 0)	/* free with the last user */

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

const char *mapbuf_entry_name(const struct mapbuf_entry *entry);
uint64_t mapbuf_entry_size(const struct mapbuf_entry *entry);
const char *mapbuf_entry_backing(const struct mapbuf_entry *entry);
unsigned int mapbuf_entry_id(const struct mapbuf_entry *entry);
int mapbuf_entry_numa_node(const struct mapbuf_entry *entry);
/* -1 where the module does not tell. */
int64_t mapbuf_entry_opens(const struct mapbuf_entry *entry);
int64_t mapbuf_entry_mappings(const struct mapbuf_entry *entry);
int64_t mapbuf_entry_exports(const struct mapbuf_entry *entry);
/* In bytes; this and the next are read now, as the module looks at each page */
int64_t mapbuf_entry_pinned(const struct mapbuf_entry *entry);
/* In pages */
int64_t mapbuf_entry_errors(const struct mapbuf_entry *entry);
int64_t mapbuf_entry_dma_bits(const struct mapbuf_entry *entry);
/* -1 also for ordinary users, and for scattered memory */
int64_t mapbuf_entry_phys_addr(const struct mapbuf_entry *entry);
/* One of mapbuf_caches(); empty where the module does not tell. */
const char *mapbuf_entry_cache(const struct mapbuf_entry *entry);
/* 1 or 0 */
int64_t mapbuf_entry_zero_on_last_close(const struct mapbuf_entry *entry);

/*
 * Returns once the node of the buffer is there, with the owner and the link
 * that udev gives it.  @timeout_ms: -1 for no limit; ETIMEDOUT.
 */
int mapbuf_wait(const char *name, int timeout_ms);

#define MAPBUF_EVENT_CREATE	1
#define MAPBUF_EVENT_DESTROY	2

struct mapbuf_monitor *mapbuf_monitor_open(void);
void mapbuf_monitor_close(struct mapbuf_monitor *monitor);
/* For poll(2): readable when there may be an event. */
int mapbuf_monitor_fd(const struct mapbuf_monitor *monitor);
/*
 * 1 when there is an event, which the functions below then describe; 0 when
 * there is none now; -1 with ENOBUFS when some were lost.  Does not block.
 */
int mapbuf_monitor_next(struct mapbuf_monitor *monitor);
int mapbuf_monitor_action(const struct mapbuf_monitor *monitor);
const char *mapbuf_monitor_name(const struct mapbuf_monitor *monitor);
unsigned int mapbuf_monitor_id(const struct mapbuf_monitor *monitor);

/* @id: N of /dev/mapbufN */
struct mapbuf_watch *mapbuf_watch_open(unsigned int id);
void mapbuf_watch_close(struct mapbuf_watch *watch);
/*
 * For poll(2): POLLPRI when the number of open files may have changed since it
 * was last asked for, or never was.
 */
int mapbuf_watch_fd(const struct mapbuf_watch *watch);
/* That number; -1 with ENODEV when the buffer is gone. */
int64_t mapbuf_watch_opens(struct mapbuf_watch *watch);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* _MAPBUF_H */
