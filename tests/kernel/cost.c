// SPDX-License-Identifier: GPL-2.0-only
/*
 * What buffers cost beside their memory: the list of their pages; and time, when
 * there is no range as long as asked for.  The time is compared where the clock
 * counts instructions.
 */
#include "use.h"

#include <glob.h>
#include <sys/uio.h>

#define HOLE (4 * MIB)
#define PIN_EVERY (16 * MIB)

static bool counted;

/* Count the kernel's tries to allocate a range, whatever their name there. */
static void count_tries(void)
{
	static const char *const names[] = {
		"alloc_contig_frozen_range_noprof", "alloc_contig_range_noprof",
		"alloc_contig_range",
	};
	bool probed = false;
	size_t i;

	for (i = 0; i < ARRAY_LEN(names) && !probed; i++)
		probed = count_calls(names[i]);
	if (!probed)
		t_bail("a probe of alloc_contig_range");
}

/* The kernel may free what was destroyed 5 s later, KFREE_DRAIN_JIFFIES. */
static long settled_free(void)
{
	long was, is = all_free();
	int i = 0;

	do {
		was = is;
		sleep(6);
		is = all_free();
	} while (labs(is - was) > 16 && ++i < 10);
	return is;
}

static void list_of_pages(void)
{
	size_t bytes = 512 * MIB;
	long before = settled_free(), taken;
	char *map;
	int fd;

	b_create("list", bytes, MAPBUF_BACKING_VMALLOC);
	taken = before - all_free();
	fd = b_open("list", O_RDWR);
	map = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_POPULATE, fd, 0);
	t_ok(smaps_range(map, bytes, "FilePmdMapped") == (long)(bytes / KIB),
	     "512 MiB are made of 2 MiB pages");
	taken -= bytes / KIB;
	t_ok(taken > -128 && taken <= (long)(bytes / KIB / 1000),
	     "beside the memory it takes %ld KiB, at most 0.1 %%", taken);
	munmap(map, bytes);
	close(fd);
	b_destroy("list", 0);
}

/* There is none: it takes no longer than a look at each page, or a few tries. */
static void refused(size_t bytes, const char *why, bool without_a_try)
{
	long before = counted_calls();
	double start = seconds(), took;
	int err = b_try_create("refused", bytes, MAPBUF_BACKING_CONTIGUOUS);

	took = seconds() - start;
	before = counted_calls() - before;
	t_ok(err == -ENOMEM, "%zu MiB, %s: %s", bytes / MIB, why,
	     err ? strerror(-err) : "made");
	if (!err)
		b_destroy("refused", 0);
	/* One page is, so that the kernel's lists are complete. */
	if (without_a_try)
		t_ok(before <= 1, "no range is tried (%ld)", before);
	if (counted)
		t_ok(took < 0.5, "it takes %.3f s, %ld tries", took, before);
	else
		t_note("it took %.3f s, %ld tries", took, before);
}

/*
 * Every second piece of memory is taken, by what cannot be moved, but for up to
 * 64 MiB that the module leaves to others.
 */
static void holes(void)
{
	char name[32];
	int i, n = 0;

	do {
		snprintf(name, sizeof(name), "hole%d", n++);
	} while (!b_try_create(name, HOLE, MAPBUF_BACKING_CONTIGUOUS));
	n--;
	for (i = 0; i < n; i += 2) {
		snprintf(name, sizeof(name), "hole%d", i);
		b_destroy(name, 0);
	}
	t_ok(n > 100, "%d pieces of memory, every second one is free", n);
	refused(128 * MIB, "among pages that stay", true);
	refused(256 * MIB, "among pages that stay", true);
	for (i = 1; i < n; i += 2) {
		snprintf(name, sizeof(name), "hole%d", i);
		b_destroy(name, 0);
	}
}

/*
 * Most of memory is of a process, which could be moved, and half of it is free
 * again; but pipes hold pages all over it.
 */
static void pinned(void)
{
	size_t size = (size_t)meminfo("MemFree") * 9 / 10 * KIB, at;
	char *map;
	int ends[2];

	size -= size % PIN_EVERY;
	map = mmap(NULL, size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		t_bail("mmap");
	madvise(map, size, MADV_NOHUGEPAGE);
	for (at = 0; at < size; at += PAGE)
		map[at] = 1;
	for (at = 0; at < size; at += PIN_EVERY) {
		struct iovec iov = { map + at, PAGE };

		if (pipe(ends) || vmsplice(ends[1], &iov, 1, 0) != PAGE)
			t_bail("vmsplice");
		madvise(map + at + PIN_EVERY / 2, PIN_EVERY / 2, MADV_DONTNEED);
	}
	refused(256 * MIB, "among pages that are pinned", false);
	munmap(map, size);
}

/* The first device on the PCI bus, as the request wants it; false if there is none. */
static bool first_device(char *name, size_t size)
{
	glob_t found;

	if (glob("/sys/bus/pci/devices/*", 0, NULL, &found))
		return false;
	snprintf(name, size, "pci%s", strrchr(found.gl_pathv[0], '/'));
	globfree(&found);
	return true;
}

/* Where a device sees the caches there is nothing to do, however large a part is. */
static void synchronization(void)
{
	struct mapbuf_create request = {
		.size = sizeof(request), .bytes = 64 * MIB, .name = "sync",
		.backing = MAPBUF_BACKING_VMALLOC,
	};
	const int rounds = 100;
	double start, each;
	int i, fd;

	if (!first_device(request.device, sizeof(request.device)) ||
	    ioctl(b_control(), MAPBUF_IOC_CREATE, &request)) {
		t_skip("no device of this machine does DMA", "a synchronization");
		return;
	}
	fd = b_open("sync", O_RDWR);
	must(!b_sync_part(fd, 0, 64 * MIB,
			  MAPBUF_SYNC_FOR_CPU | MAPBUF_SYNC_BIDIRECTIONAL));
	start = seconds();
	for (i = 0; i < rounds; i++)
		must(!b_sync_part(fd, 0, 64 * MIB, MAPBUF_SYNC_FOR_CPU |
				  MAPBUF_SYNC_BIDIRECTIONAL));
	each = (seconds() - start) * 1e9 / rounds;
	if (counted)
		t_ok(each < 1000, "64 MiB are synchronized by %.0f instructions",
		     each);
	close(fd);
	must(!b_destroy("sync", 0));
}

int main(void)
{
	counted = counts_instructions();
	list_of_pages();
	synchronization();

	count_tries();
	if (write_file("/sys/module/mapbuf/parameters/max_bytes", "100%"))
		t_bail("max_bytes");
	refused(meminfo("MemTotal") / KIB * MIB, "more than there is", true);
	holes();
	pinned();
	return t_done();
}
