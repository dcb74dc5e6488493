// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: bench MIB...
 *
 * Measure, for each kind of memory in sources.c, what mapping costs at these
 * sizes, how much memory is taken, and what works on the mapping.  In a machine
 * whose clock counts instructions.  Prints lines of fields separated by tabs:
 *
 *	kernel RELEASE
 *	cost SIZE ROW WHOSE LATE MAKE MMAP TOUCH MUNMAP FREE
 *		in instructions per MiB
 *	memory SIZE ROW WHOSE LATE TAKEN TABLES
 *		bytes taken from the free ones, and those of the page tables
 *		that a process needs beside
 *	use SIZE ROW WHOSE LATE ODIRECT READV VMSPLICE DONTNEED RSS PAGE
 *		"yes", or how it fails; RSS and the size of its pages in KiB
 *	error SIZE ROW REASON
 *		instead of these where there is no such memory
 */
#include "line.h"
#include "sources.h"

#include <sys/uio.h>
#include <sys/utsname.h>

#define DISK "/dev/vda"
#define USE_BYTES (4 * MIB)
#define PIN_BYTES (64 * KIB)
#define PIN_AT (MIB + 8 * PAGE)

enum { MAKE, MMAP, TOUCH, MUNMAP, FREE, STEPS };

static void touch(volatile char *at, size_t bytes)
{
	size_t i;

	for (i = 0; i < bytes; i += PAGE)
		at[i] = 1;
}

static void label(const char *what, const struct source *source, size_t bytes)
{
	line_begin(what, bytes, source->name, source->whose, source->late);
}

/* 0 or -errno, whatever the source: -1 stands for no descriptor. */
static int get(const struct source *source, size_t bytes, int *fd)
{
	*fd = source->get ? source->get(source, bytes) : -1;
	return source->get && *fd < 0 ? *fd : 0;
}

/* One run: make, map, touch, unmap, free. */
static int run(const struct source *source, size_t bytes, uint64_t steps[STEPS])
{
	uint64_t at[STEPS + 1];
	void *map;
	int fd, err, i;

	at[MAKE] = now();
	err = get(source, bytes, &fd);
	if (err)
		return err;
	at[MMAP] = now();
	map = source_map(source, fd, bytes);
	if (map == MAP_FAILED) {
		err = -errno;
		source_put(source, fd);
		return err;
	}
	at[TOUCH] = now();
	touch(map, bytes);
	at[MUNMAP] = now();
	source_unmap(source, map, bytes);
	at[FREE] = now();
	source_put(source, fd);
	at[STEPS] = now();
	for (i = 0; i < STEPS; i++)
		steps[i] = at[i + 1] - at[i];
	return 0;
}

/* Mapping in 4 KiB pages takes long, and little of it is what comes in between. */
static bool once_will_do(const uint64_t steps[STEPS], size_t bytes)
{
	return bytes > 64 * MIB && steps[MMAP] + steps[TOUCH] + steps[MUNMAP] >
				   20000 * (bytes / MIB);
}

/* The best of several runs: whatever comes in between only adds. */
static void cost(const struct source *source, size_t bytes)
{
	uint64_t best[STEPS] = { 0 }, steps[STEPS];
	bool enough = false;
	int i, round, err;

	for (round = 0; round < 5 && !enough; round++) {
		err = run(source, bytes, steps);
		if (err) {
			line_error(bytes, source->name, -err);
			return;
		}
		least(best, steps, STEPS, !round);
		enough = once_will_do(steps, bytes);
	}
	label("cost", source, bytes);
	for (i = 0; i < STEPS; i++)
		printf("\t%.0f", (double)best[i] * MIB / bytes);
	putchar('\n');
	fflush(stdout);
}

/* In KiB. */
static long page_tables(void)
{
	return sum_of("/proc/self/status", "VmPTE: %ld", "VmPMD: %ld");
}

/* What several of them take, as slabs blur what one does. */
static void memory(const struct source *source, size_t bytes)
{
	int fds[8], i, n = bytes > 8 * MIB ? 1 : ARRAY_LEN(fds), err = 0;
	long before, after, tables;
	void *map = NULL;

	before = all_free();
	for (i = 0; i < n; i++) {
		err = get(source, bytes, &fds[i]);
		if (err)
			break;
	}
	n = i;
	tables = page_tables();
	if (!err) {
		map = source_map(source, fds[0], bytes);
		err = map == MAP_FAILED ? -errno : 0;
	}
	if (!err) {
		touch(map, bytes);
		tables = page_tables() - tables;
		/* Only what is there without a mapping counts. */
		source_unmap(source, map, bytes);
		after = all_free();
		label("memory", source, bytes);
		printf("\t%ld\t%ld\n", (before - after) * (long)KIB / n,
		       tables * (long)KIB);
	} else {
		line_error(bytes, source->name, -err);
	}
	for (i = 0; i < n; i++)
		source_put(source, fds[i]);
	fflush(stdout);
}

static const char *verdict(bool ok)
{
	return ok ? "yes" : strerrorname_np(errno);
}

static const char *use_disk(char *at)
{
	int fd = open(DISK, O_RDWR | O_DIRECT | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		t_bail("open " DISK);
	fill(at, PIN_BYTES, 1);
	ok = pwrite(fd, at, PIN_BYTES, 0) == PIN_BYTES;
	if (ok) {
		memset(at, 0, PIN_BYTES);
		ok = pread(fd, at, PIN_BYTES, 0) == PIN_BYTES;
	}
	close(fd);
	if (ok && !filled(at, PIN_BYTES, 1))
		return "wrong data";
	return verdict(ok);
}

static const char *use_readv(char *at)
{
	char *copy = calloc(1, PIN_BYTES);
	struct iovec here = { copy, PIN_BYTES }, there = { at, PIN_BYTES };
	const char *result;

	fill(at, PIN_BYTES, 2);
	result = verdict(process_vm_readv(getpid(), &here, 1, &there, 1, 0) ==
			 PIN_BYTES);
	if (!strcmp(result, "yes") && !filled(copy, PIN_BYTES, 2))
		result = "wrong data";
	free(copy);
	return result;
}

static const char *use_vmsplice(char *at)
{
	struct iovec iov = { at, PIN_BYTES };
	char *copy = calloc(1, PIN_BYTES);
	const char *result;
	int ends[2];

	if (pipe(ends))
		t_bail("pipe");
	fill(at, PIN_BYTES, 3);
	result = verdict(vmsplice(ends[1], &iov, 1, 0) == PIN_BYTES);
	if (!strcmp(result, "yes") &&
	    (read(ends[0], copy, PIN_BYTES) != PIN_BYTES ||
	     !filled(copy, PIN_BYTES, 3)))
		result = "wrong data";
	close(ends[0]);
	close(ends[1]);
	free(copy);
	return result;
}

/* Whether a part that is dropped from the page tables comes back. */
static const char *use_dontneed(char *at)
{
	int status;

	fill(at, PIN_BYTES, 4);
	fflush(stdout);
	if (!fork()) {
		if (madvise(at, 4 * MIB - PIN_AT, MADV_DONTNEED))
			_exit(errno);
		_exit(*(volatile uint64_t *)at ? 0 : 255);
	}
	if (wait(&status) < 0)
		t_bail("wait");
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGBUS ? "SIGBUS" : "another signal";
	if (WEXITSTATUS(status) == 255)
		return "lost";
	return WEXITSTATUS(status) ? strerrorname_np(WEXITSTATUS(status)) :
	       "yes";
}

/* In KiB, the largest that smaps tells of. */
static long page_size(const char *at, size_t bytes)
{
	static const char *const huge[] = {
		"FilePmdMapped", "ShmemPmdMapped", "AnonHugePages",
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(huge); i++) {
		if (smaps_range(at, bytes, huge[i]) > 0)
			return HUGE_PAGE / KIB;
	}
	return smaps(at, "KernelPageSize");
}

static void use(const struct source *source)
{
	const char *disk, *readv, *splice, *dontneed;
	long rss, page;
	char *map;
	int fd, err;

	err = get(source, USE_BYTES, &fd);
	map = err ? MAP_FAILED : source_map(source, fd, USE_BYTES);
	if (map == MAP_FAILED) {
		line_error(USE_BYTES, source->name, err ? -err : errno);
		if (!err)
			source_put(source, fd);
		return;
	}
	touch(map, USE_BYTES);
	rss = smaps_range(map, USE_BYTES, "Rss") +
	      smaps_range(map, USE_BYTES, "Shared_Hugetlb") +
	      smaps_range(map, USE_BYTES, "Private_Hugetlb");
	page = page_size(map, USE_BYTES);
	disk = use_disk(map + PIN_AT);
	readv = use_readv(map + PIN_AT);
	splice = use_vmsplice(map + PIN_AT);
	dontneed = use_dontneed(map + PIN_AT);
	label("use", source, USE_BYTES);
	printf("\t%s\t%s\t%s\t%s\t%ld\t%ld\n", disk, readv, splice, dontneed,
	       rss, page);
	fflush(stdout);
	source_unmap(source, map, USE_BYTES);
	source_put(source, fd);
}

static void all_memory(size_t bytes)
{
	const struct source *source;

	for (source = sources; source->name; source++) {
		if (!source->late)
			memory(source, bytes);
	}
}

int main(int argc, char **argv)
{
	const struct source *source;
	struct utsname name;
	int i;

	uname(&name);
	printf("kernel\t%s\n", name.release);
	for (source = sources; source->name; source++)
		use(source);
	/* Not a power of two. */
	all_memory(3 * MIB);
	for (i = 1; i < argc; i++) {
		size_t bytes = atol(argv[i]) * MIB;
		bool large = bytes > 64 * MIB;

		if (!large)
			all_memory(bytes);
		for (source = sources; source->name; source++) {
			/* To clear it costs the same at any size. */
			if (!source->late || !large)
				cost(source, bytes);
		}
	}
	return 0;
}
