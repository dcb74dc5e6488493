// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that processors do not cache as they do other memory.
 *
 * All who reach for a page must agree on that, the kernel too, which does so through
 * its map of all memory: for pins, for read() and write().  On x86 a module may change
 * that map.  Elsewhere it may not, so there such memory is to be had from the DMA API
 * only, backing_coherent.c, which hands out no pages.
 */
#include <linux/mm.h>

#include "mapbuf.h"

/* As the parameter "reserved", sysfs and the device tree have them. */
const char *const mapbuf_cache_names[MAPBUF_CACHES] = {
	[MAPBUF_CACHE_CACHED] = "wb",
	[MAPBUF_CACHE_WRITE_COMBINED] = "wc",
	[MAPBUF_CACHE_UNCACHED] = "uc",
};

#ifdef CONFIG_X86_64

#include <asm/set_memory.h>

static int pages_set(struct page *first, unsigned long n, u32 cache)
{
	unsigned long at = (unsigned long)page_address(first);

	switch (cache) {
	case MAPBUF_CACHE_WRITE_COMBINED:
		return set_memory_wc(at, n);
	case MAPBUF_CACHE_UNCACHED:
		return set_memory_uc(at, n);
	default:
		return set_memory_wb(at, n);
	}
}

/**
 * mapbuf_cache_set() - have the kernel access pages as was asked for
 * @buf: the buffer
 * @first: the first of adjacent pages, just allocated
 * @n: how many
 *
 * Sleeps.
 *
 * Return: 0, or -ENOMEM: then mapbuf_cache_reset() undoes what has been done.
 */
int mapbuf_cache_set(const struct mapbuf_buffer *buf, struct page *first,
		     unsigned long n)
{
	if (!buf->spec.cache)
		return 0;
	return pages_set(first, n, buf->spec.cache) ? -ENOMEM : 0;
}

/**
 * mapbuf_cache_reset() - undo mapbuf_cache_set()
 * @buf: the buffer
 * @first: the first of adjacent pages, about to be freed
 * @n: how many
 *
 * A page with a memory error stays as the kernel has made it.  Sleeps.
 *
 * Return: false if they must not be freed.
 */
bool mapbuf_cache_reset(const struct mapbuf_buffer *buf, struct page *first,
			unsigned long n)
{
	unsigned long i, good;
	int err = 0;

	for (i = 0; buf->spec.cache && i < n && !err; i += good + 1) {
		for (good = 0; i + good < n && !PageHWPoison(first + i + good);)
			good++;
		if (good)
			err = pages_set(first + i, good, MAPBUF_CACHE_CACHED);
	}
	return !WARN_ON_ONCE(err);
}

#else /* CONFIG_X86_64 */

int mapbuf_cache_set(const struct mapbuf_buffer *buf, struct page *first,
		     unsigned long n)
{
	return 0;
}

bool mapbuf_cache_reset(const struct mapbuf_buffer *buf, struct page *first,
			unsigned long n)
{
	return true;
}

#endif /* CONFIG_X86_64 */
