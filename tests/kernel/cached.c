// SPDX-License-Identifier: GPL-2.0-only
/*
 * Contiguous memory that processors do not cache as other memory (Cache=wc and uc): the
 * kernel and processes agree on it, all that works on pages works, and what is freed is
 * as it was.
 */
#include "use.h"

#include <sys/uio.h>

#include "kmod/driver.h"

#define SIZE (4 * MIB + 3 * PAGE)

static int driver;

static int try_cached(unsigned int backing, unsigned int cache, uint64_t bytes)
{
	struct mapbuf_create request = {
		.size = sizeof(request), .bytes = bytes, .backing = backing,
		.name = "cached", .cache = cache,
	};

	return ioctl(b_control(), MAPBUF_IOC_CREATE, &request) ? -errno : 0;
}

/* Of the page at an address; what the kernel has, and what the process. */
static bool cached_as(const char *at, unsigned int cache)
{
	struct driver_call call = { .address = (uintptr_t)at };
	uint64_t frame;

	must(page_frames(at, 1, &frame));
	call.offset = frame * PAGE;
	must(!ioctl(driver, DRIVER_CACHING, &call));
	if (call.entries != cache || call.longest != cache)
		t_note("the process: %u, the kernel: %u", call.entries,
		       call.longest);
	return call.entries == cache && call.longest == cache;
}

/* All of it, to the page. */
static bool all_cached_as(const char *map, unsigned int cache)
{
	size_t at;

	for (at = 0; at < SIZE; at += PAGE) {
		if (!cached_as(map + at, cache))
			return false;
	}
	return true;
}

static void pins(const char *what, int fd, char *map)
{
	struct iovec part = { .iov_base = map + PAGE, .iov_len = PAGE };
	char copy[PAGE];
	int ends[2];

	must(!pipe(ends));
	t_ok(vmsplice(ends[1], &part, 1, 0) == PAGE &&
	     read(ends[0], copy, PAGE) == PAGE &&
	     !memcmp(copy, map + PAGE, PAGE), "%s: its pages can be pinned", what);
	close(ends[0]);
	close(ends[1]);
	t_ok(pread(fd, copy, PAGE, 0) == PAGE && !memcmp(copy, map, PAGE),
	     "%s: it can be read", what);
	memset(copy, 0x5a, PAGE);
	t_ok(pwrite(fd, copy, PAGE, MIB) == PAGE &&
	     !memcmp(copy, map + MIB, PAGE), "%s: and written to", what);
}

/* A change of what may be done with a mapping keeps it. */
static void changed(const char *what, char *map, unsigned int cache)
{
	must(!mprotect(map, PAGE, PROT_READ) &&
	     !mprotect(map, PAGE, PROT_READ | PROT_WRITE));
	map[0]++;
	t_ok(cached_as(map, cache), "%s: also after mprotect", what);
	must(!madvise(map, SIZE, MADV_DONTNEED));
	map[0]++;
	t_ok(cached_as(map, cache), "%s: and when it is touched anew", what);
}

static void whole_life(const char *what, unsigned int cache)
{
	static uint64_t frames[SIZE / PAGE];
	struct driver_call call;
	size_t i, good = 0;
	char *map, *text;
	int fd;

	must(!try_cached(MAPBUF_BACKING_CONTIGUOUS, cache, SIZE));
	text = b_sysfs("cached", "cache");
	t_ok(text && !strcmp(text, what), "%s: sysfs shows it", what);
	fd = b_open("cached", O_RDWR);
	map = b_map(fd, SIZE, 0);
	t_ok(all_zero(map, SIZE), "%s: it is filled with zeroes", what);
	t_ok(all_cached_as(map, cache), "%s: the kernel and processes agree",
	     what);
	fill(map, SIZE, 1);
	t_ok(filled(map, SIZE, 1), "%s: it is memory", what);
	pins(what, fd, map);
	must(page_frames(map, SIZE / PAGE, frames));
	changed(what, map, cache);
	munmap(map, SIZE);
	close(fd);
	must(!b_destroy("cached", 0));
	for (i = 0; i < SIZE / PAGE; i++) {
		call = (struct driver_call){ .offset = frames[i] * PAGE };
		must(!ioctl(driver, DRIVER_CACHING, &call));
		good += call.longest == MAPBUF_CACHE_CACHED;
	}
	t_ok(good == SIZE / PAGE, "%s: what is freed is as other memory", what);
}

/* A pin keeps the page, and how it is accessed, until it goes. */
static void pinned(void)
{
	struct driver_call call = { 0 };
	struct iovec part = { .iov_len = PAGE };
	uint64_t frame;
	int ends[2], fd;
	char byte;

	must(!try_cached(MAPBUF_BACKING_CONTIGUOUS, MAPBUF_CACHE_UNCACHED, SIZE));
	fd = b_open("cached", O_RDWR);
	part.iov_base = b_map(fd, SIZE, 0);
	*(char *)part.iov_base = 7;
	must(page_frames(part.iov_base, 1, &frame));
	must(!pipe(ends) && vmsplice(ends[1], &part, 1, 0) == PAGE);
	munmap(part.iov_base, SIZE);
	close(fd);
	must(!b_destroy("cached", MAPBUF_DESTROY_DEFERRED));
	call.offset = frame * PAGE;
	must(!ioctl(driver, DRIVER_CACHING, &call));
	t_ok(call.longest == MAPBUF_CACHE_UNCACHED &&
	     read(ends[0], &byte, 1) == 1 && byte == 7,
	     "what is pinned stays as it is");
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	t_ok(try_cached(MAPBUF_BACKING_VMALLOC, MAPBUF_CACHE_UNCACHED, PAGE) ==
	     -EINVAL, "pages from anywhere");
	t_ok(try_cached(MAPBUF_BACKING_CONTIGUOUS, 3, PAGE) == -EINVAL,
	     "an unknown caching");
	if (try_cached(MAPBUF_BACKING_CONTIGUOUS, MAPBUF_CACHE_UNCACHED, PAGE) ==
	    -EOPNOTSUPP) {
		t_ok(try_cached(MAPBUF_BACKING_CONTIGUOUS, 0, PAGE) == 0 &&
		     !b_destroy("cached", 0), "a processor that cannot");
		return t_done();
	}
	must(!b_destroy("cached", 0));
	driver = driver_load();
	whole_life("wc", MAPBUF_CACHE_WRITE_COMBINED);
	whole_life("uc", MAPBUF_CACHE_UNCACHED);
	pinned();
	driver_unload(driver);
	return t_done();
}
