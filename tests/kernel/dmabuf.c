// SPDX-License-Identifier: GPL-2.0-only
/* Exported buffers, as a process sees them. */
#include "use.h"

#include <mapbuf.h>
#include <sys/resource.h>

#include <linux/dma-buf.h>

#define SIZE (8 * MIB)
#define PART_AT (2 * MIB)
#define PART (4 * MIB)
#define TRIES 20

static void refused(int fd, const char *name)
{
	static const struct { uint64_t offset, bytes; const char *why; } bad[] = {
		{ 0, 0, "nothing" },
		{ 1, PAGE, "an odd offset" },
		{ 0, PAGE + 1, "an odd length" },
		{ SIZE, PAGE, "behind the end" },
		{ 0, SIZE + PAGE, "across the end" },
		{ PAGE, -PAGE, "a length that overflows" },
		{ -PAGE, PAGE, "an offset that overflows" },
		{ -PAGE, 2 * PAGE, "a range that wraps around" },
	};
	struct mapbuf_export e = { .size = sizeof(e), .bytes = PAGE };
	int reading = b_open(name, O_RDONLY);
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++)
		t_ok(b_export(fd, bad[i].offset, bad[i].bytes) == -EINVAL,
		     "export: %s is EINVAL", bad[i].why);
	e.flags = 1;
	t_fails(ioctl(fd, MAPBUF_IOC_EXPORT, &e), EINVAL, "export: a flag");
	e.flags = 0;
	e.reserved = 1;
	t_fails(ioctl(fd, MAPBUF_IOC_EXPORT, &e), EINVAL,
		"export: a member that must be 0");
	t_fails(ioctl(fd, MAPBUF_IOC_EXPORT, NULL), EFAULT, "export: NULL");
	t_ok(b_export(reading, 0, PAGE) == -EACCES,
	     "export: a file for reading is EACCES");
	t_ok(!strcmp(b_sysfs(name, "exports"), "0"), "export: none was made");
	close(reading);
}

/* As many files are open as may be. */
static void no_descriptor(int fd, const char *name)
{
	struct rlimit limit, few;
	int next = dup(fd), got;

	close(next);
	if (getrlimit(RLIMIT_NOFILE, &limit))
		t_bail("getrlimit");
	few = limit;
	few.rlim_cur = next;
	setrlimit(RLIMIT_NOFILE, &few);
	got = b_export(fd, 0, PAGE);
	setrlimit(RLIMIT_NOFILE, &limit);
	t_ok(got == -EMFILE && !strcmp(b_sysfs(name, "exports"), "0"),
	     "export: no descriptor is left");
}

/* An address that 2 MiB pages fit, for an offset that they fit. */
static char *map_at(int fd, size_t len, off_t offset)
{
	char *area = mmap(NULL, len + HUGE_PAGE, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	area = (char *)(((uintptr_t)area + HUGE_PAGE - 1) & -HUGE_PAGE);
	area = mmap(area, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		    fd, offset);
	if (area == MAP_FAILED)
		t_bail("map a dma-buf");
	return area;
}

/*
 * As the library maps it: never by chance, so often, and at odd offsets as well.
 * @huge: of its 2 MiB, each can be one piece.
 */
static void by_library(const struct store *s, int dmabuf, size_t size,
		       uint64_t seed, bool huge)
{
	void *maps[TRIES], *odd;
	long pmd = huge ? size / KIB : 0;
	int i, good = 0;

	for (i = 0; i < TRIES; i++) {
		maps[i] = mapbuf_map_dmabuf(dmabuf, 0, 0, MAPBUF_MAP_POPULATE);
		good += maps[i] && filled(maps[i], size, seed) &&
			smaps_range(maps[i], size, "FilePmdMapped") == pmd;
		/* So that the next address is another one. */
		mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	}
	t_ok(good == TRIES, "%s: the library maps it %d times, each in %ld KiB of 2 MiB",
	     s->name, good, pmd);
	for (i = 0; i < TRIES; i++)
		mapbuf_unmap(maps[i], size);

	odd = mapbuf_map_dmabuf(dmabuf, PAGE, size - PAGE, 0);
	t_ok(odd && filled(odd, size - PAGE, seed + PAGE / 8) &&
	     smaps_range(odd, size - PAGE, "FilePmdMapped") ==
	     (huge ? pmd - (long)(HUGE_PAGE / KIB) : 0),
	     "%s: all but a page, all but 2 MiB of it in 2 MiB", s->name);
	mapbuf_unmap(odd, size - PAGE);
	odd = mapbuf_map_dmabuf(dmabuf, PAGE, PAGE, MAPBUF_MAP_READ_ONLY);
	t_ok(odd && filled(odd, PAGE, seed + PAGE / 8), "%s: a page", s->name);
	mapbuf_unmap(odd, PAGE);
	errno = 0;
	t_ok(!mapbuf_map_dmabuf(dmabuf, size, 0, 0) && errno == ENXIO,
	     "%s: nothing beyond its end", s->name);
	errno = 0;
	t_ok(!mapbuf_map_dmabuf(-1, 0, 0, 0) && errno == EBADF,
	     "%s: only a dma-buf", s->name);
}

static void mapped(const struct store *s, int fd)
{
	char *whole = b_map(fd, SIZE, 0), *map;
	int dmabuf = b_export(fd, 0, SIZE), part = b_export(fd, PART_AT, PART);
	char bytes[64];
	bool huge;
	int copy;

	fill(whole, SIZE, 1);
	t_ok(dmabuf >= 0 && part >= 0, "%s: export all and a part", s->name);
	t_ok(fcntl(dmabuf, F_GETFD) & FD_CLOEXEC, "%s: close-on-exec", s->name);
	t_ok(lseek(dmabuf, 0, SEEK_END) == (off_t)SIZE &&
	     lseek(part, 0, SEEK_END) == (off_t)PART, "%s: sizes", s->name);
	t_ok(!strcmp(b_sysfs("dmabuf", "exports"), "2"),
	     "%s: sysfs counts them", s->name);

	huge = smaps_range(whole, SIZE, "FilePmdMapped") > 0;
	by_library(s, dmabuf, SIZE, 1, huge);
	by_library(s, part, PART, 1 + PART_AT / 8, huge);
	map = map_at(dmabuf, SIZE, 0);
	t_ok(filled(map, SIZE, 1), "%s: the whole has the data", s->name);
	if (huge)
		t_ok(smaps_range(map, SIZE, "FilePmdMapped") == SIZE / KIB,
		     "%s: in pieces of 2 MiB", s->name);
	munmap(map, SIZE);

	map = map_at(part, PART, 0);
	t_ok(filled(map, PART, 1 + PART_AT / 8), "%s: the part has its data",
	     s->name);
	if (huge)
		t_ok(smaps_range(map, PART, "FilePmdMapped") == PART / KIB,
		     "%s: in pieces of 2 MiB, too", s->name);
	fill(map, PART, 7);
	t_ok(filled(whole + PART_AT, PART, 7) &&
	     filled(whole, PART_AT, 1), "%s: writing lands there", s->name);
	munmap(map, PART);

	t_ok(mmap(NULL, PART + PAGE, PROT_READ, MAP_SHARED, part, 0) ==
	     MAP_FAILED && mmap(NULL, PAGE, PROT_READ, MAP_SHARED, part,
				PART) == MAP_FAILED,
	     "%s: no mapping beyond the part", s->name);
	t_ok(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, part, 0) == MAP_FAILED &&
	     mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, part, 0) ==
	     MAP_FAILED, "%s: no private, no executable mapping", s->name);

	/* A page of the part, taken by reference. */
	map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, part, PAGE);
	copy = open("/proc/self/mem", O_RDONLY);
	t_ok(map != MAP_FAILED && pread(copy, bytes, 64, (uintptr_t)map) == 64 &&
	     filled(bytes, 64, 7 + PAGE / 8), "%s: can be pinned", s->name);
	close(copy);
	munmap(map, PAGE);
	t_ok(!b_sync(dmabuf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW) &&
	     !b_sync(dmabuf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW) &&
	     b_sync(dmabuf, ~0ULL) == -EINVAL, "%s: sync", s->name);
	close(dmabuf);
	close(part);
	munmap(whole, SIZE);
	t_ok(!strcmp(b_sysfs("dmabuf", "exports"), "0"),
	     "%s: closed, they are gone", s->name);
}

static void outlives(const struct store *s)
{
	long before = mem_free();
	int fd = b_open("dmabuf", O_RDWR), dmabuf = b_export(fd, 0, SIZE);
	char *map = b_map(fd, SIZE, 0);

	fill(map, SIZE, 3);
	munmap(map, SIZE);
	close(fd);
	t_ok(b_destroy("dmabuf", 0) == -EBUSY, "%s: exported is in use",
	     s->name);
	t_ok(module_unload() == -EAGAIN, "%s: the module stays", s->name);
	t_ok(!b_destroy("dmabuf", MAPBUF_DESTROY_DEFERRED),
	     "%s: destroy, deferred", s->name);
	map = map_at(dmabuf, SIZE, 0);
	close(dmabuf);
	t_ok(filled(map, SIZE, 3), "%s: the data outlives all but the mapping",
	     s->name);
	munmap(map, SIZE);
	t_ok(mem_free() - before > (long)(SIZE / KIB) / 2,
	     "%s: with the mapping the memory goes", s->name);
}

int main(void)
{
	const struct store *s;

	if (!has_dmabuf()) {
		t_skip("this kernel has no dma-buf", "export");
		return t_done();
	}
	for (s = stores; s->name; s++) {
		int fd;

		b_create("dmabuf", SIZE, s->id);
		fd = b_open("dmabuf", O_RDWR);
		refused(fd, "dmabuf");
		no_descriptor(fd, "dmabuf");
		mapped(s, fd);
		close(fd);
		outlives(s);
	}
	return t_done();
}
