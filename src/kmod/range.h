/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Buffers without pages of their own: range.c reads and writes them, mapping_range.c
 * maps them into processes, and unplug.c hears of it when their device goes.
 */
#ifndef MAPBUF_RANGE_H
#define MAPBUF_RANGE_H

#include <linux/types.h>

#include "mapbuf.h"

struct iov_iter;
struct vm_area_struct;

/* unplug.c */
int mapbuf_unplug_start(void);
void mapbuf_unplug_stop(void);
int mapbuf_range_claim(struct mapbuf_buffer *buf);
void mapbuf_range_release(struct mapbuf_buffer *buf);

/* range.c */
bool mapbuf_range_enter(struct mapbuf_buffer *buf);
void mapbuf_range_leave(struct mapbuf_buffer *buf);
void mapbuf_range_revoke(struct mapbuf_buffer *buf);
bool mapbuf_range_access(struct mapbuf_buffer *buf, loff_t pos, void *with,
			 size_t n, bool write);
size_t mapbuf_range_copy(struct mapbuf_buffer *buf, loff_t pos, size_t bytes,
			 struct iov_iter *iter, bool to_iter);
void mapbuf_range_clear(struct mapbuf_buffer *buf, unsigned long first,
			unsigned long n);

/* mapping_range.c */
int mapbuf_mapping_mmap_range(const struct mapbuf_buffer *buf,
			      struct vm_area_struct *vma);

/**
 * mapbuf_range_gone() - whether the device has gone that a buffer's range was of
 * @buf: the buffer
 *
 * For errors: who finds that it has not must still use mapbuf_range_enter().
 */
static inline bool mapbuf_range_gone(const struct mapbuf_buffer *buf)
{
	return unlikely(READ_ONCE(buf->revoked));
}

#endif /* MAPBUF_RANGE_H */
