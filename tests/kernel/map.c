// SPDX-License-Identifier: GPL-2.0-only
/* mmap: what is granted, what is refused, and that data stays what it is. */
#include "t.h"

#define SIZE (6 * MIB + 5 * PAGE)

static int fd;
static const char *store;

static void refused(void)
{
	int ro = b_open("map", O_RDONLY), mem = open("/proc/self/mem", O_RDWR);
	char byte, *at;

	t_fails(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0), EINVAL,
		"%s: MAP_PRIVATE is EINVAL", store);
	t_fails(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, ro, 0), EINVAL,
		"%s: MAP_PRIVATE of a read-only descriptor is EINVAL", store);
	t_fails(mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0),
		EACCES, "%s: PROT_EXEC is EACCES", store);
	t_fails(mmap(NULL, SIZE + PAGE, PROT_READ, MAP_SHARED, fd, 0), ENXIO,
		"%s: one page more than there is, is ENXIO", store);
	t_fails(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, SIZE), ENXIO,
		"%s: an offset at the end is ENXIO", store);
	t_fails(mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, SIZE - PAGE),
		ENXIO, "%s: across the end is ENXIO", store);
	t_fails(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 1L << 62), ENXIO,
		"%s: an offset far beyond is ENXIO", store);
	t_fails(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, ro, 0),
		EACCES, "%s: writable of a read-only descriptor is EACCES",
		store);

	at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, ro, 0);
	t_ok(at != MAP_FAILED && pread(ro, &byte, 1, 0) == 1 && at[0] == byte,
	     "%s: read-only of a read-only descriptor works", store);
	t_fails(mprotect(at, PAGE, PROT_READ | PROT_WRITE), EACCES,
		"%s: it cannot be made writable", store);
	t_ok(pwrite(mem, "x", 1, (off_t)(uintptr_t)at) == -1,
	     "%s: /proc/self/mem cannot write to it", store);
	munmap(at, PAGE);
	close(mem);
	close(ro);

	at = b_map(fd, 2 * PAGE, 0);
	t_fails(mprotect(at, PAGE, PROT_READ | PROT_EXEC), EACCES,
		"%s: mprotect to PROT_EXEC is EACCES", store);
	t_fails(mremap(at, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE), EFAULT,
		"%s: mremap cannot grow", store);
	munmap(at, 2 * PAGE);
}

static void offsets(char *whole)
{
	static const struct {
		size_t offset, len;
	} ranges[] = {
		{ 0, PAGE }, { PAGE, 3 * PAGE }, { SIZE - PAGE, PAGE },
		{ 2 * MIB - PAGE, 2 * PAGE }, { 2 * MIB, 2 * MIB },
		{ MIB + PAGE, 4 * MIB }, { PAGE, SIZE - PAGE },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(ranges); i++) {
		char *part = b_map(fd, ranges[i].len, ranges[i].offset);

		t_ok(!memcmp(part, whole + ranges[i].offset, ranges[i].len),
		     "%s: part %zu shows its part of the buffer", store, i);
		memset(part, i + 1, ranges[i].len);
		t_ok(!memcmp(part, whole + ranges[i].offset, ranges[i].len),
		     "%s: part %zu writes its part of the buffer", store, i);
		munmap(part, ranges[i].len);
		fill(whole, SIZE, 7);
	}
}

static void inherited(char *whole)
{
	int status = -1;
	pid_t pid;

	fill(whole, SIZE, 8);
	pid = fork();
	if (!pid) {
		bool ok = filled(whole, SIZE, 8);

		fill(whole, SIZE, 9);
		_exit(ok ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	t_ok(status == 0, "%s: a child sees the parent's data", store);
	t_ok(filled(whole, SIZE, 9), "%s: the parent sees the child's", store);
}

/* The kernel's calls on parts of a mapping; the data never changes. */
static void parts(char *whole)
{
	char *moved;

	fill(whole, SIZE, 10);
	t_ok(!mprotect(whole + 3 * PAGE, PAGE, PROT_READ) &&
	     filled(whole, SIZE, 10), "%s: mprotect of a page", store);
	t_ok(!mprotect(whole + 3 * PAGE, PAGE, PROT_READ | PROT_WRITE),
	     "%s: and back", store);
	fill(whole, SIZE, 11);
	t_ok(!madvise(whole, SIZE, MADV_DONTNEED) && filled(whole, SIZE, 11),
	     "%s: MADV_DONTNEED leaves the data", store);
	t_ok(!mlock(whole, SIZE) && !munlock(whole, SIZE) &&
	     filled(whole, SIZE, 11), "%s: mlock", store);
	t_ok(!msync(whole, SIZE, MS_SYNC), "%s: msync", store);

	munmap(whole, SIZE);
	whole = b_map(fd, SIZE, 0);
	moved = mremap(whole, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
		       (char *)0x5000001000);
	t_ok(moved != MAP_FAILED && filled(moved, SIZE, 11),
	     "%s: mremap to another alignment", store);
	t_ok(mremap(moved, SIZE, SIZE - MIB, 0) == moved &&
	     filled(moved, SIZE - MIB, 11), "%s: mremap to less", store);
	t_ok(!munmap(moved + PAGE, PAGE) && filled(moved, PAGE, 11),
	     "%s: munmap of a page", store);
	t_ok(atoi(b_sysfs("map", "mappings")) == 2,
	     "%s: sysfs counts the two areas", store);
	munmap(moved, SIZE);
	t_ok(atoi(b_sysfs("map", "mappings")) == 0,
	     "%s: and none when they are gone", store);
}

static void populated(void)
{
	char *at = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_POPULATE, fd, 0);

	t_ok(at != MAP_FAILED && smaps(at, "Rss") == SIZE / KIB,
	     "%s: MAP_POPULATE maps all of it (%ld KiB)", store,
	     smaps(at, "Rss"));
	t_ok(filled(at, SIZE, 11), "%s: with its data", store);
	munmap(at, SIZE);
}

int main(void)
{
	const struct store *s;

	for (s = stores; s->name; s++) {
		char *whole;

		store = s->name;
		b_create("map", SIZE, s->id);
		fd = b_open("map", O_RDWR);
		whole = b_map(fd, SIZE, 0);
		t_ok(all_zero(whole, SIZE), "%s: a new buffer is zero", store);
		fill(whole, SIZE, 7);
		refused();
		offsets(whole);
		inherited(whole);
		parts(whole);
		populated();
		close(fd);
		t_ok(!b_destroy("map", 0), "%s: destroy", store);
	}
	return t_done();
}
