// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where memory comes from: node, bound, alignment, one piece.  In a machine of
 * 4 GiB and two nodes, whose memory is then fragmented on purpose.
 */
#include "t.h"

#include <sys/syscall.h>

#include <linux/kernel-page-flags.h>

#define DISK "/dev/vda"
#define HOGS 40
#define CHUNK (4 * MIB)

static pid_t hogs[HOGS];

static int node_of(void *at)
{
	int status = -1;

	syscall(SYS_move_pages, 0, 1UL, &at, NULL, &status, 0);
	return status;
}

/* Whether all of it is zero, in one piece, on @node, below 2^@bits. */
static bool placed(const char *name, size_t size, bool piece, int node,
		   int bits)
{
	static uint64_t frame[CHUNK / PAGE];
	int fd = b_open(name, O_RDWR);
	char *map = b_map(fd, size, 0);
	uint64_t first = 0;
	bool ok = true;
	size_t at, i;

	for (at = 0; at < size && ok; at += CHUNK) {
		size_t part = size - at < CHUNK ? size - at : CHUNK;

		ok = all_zero(map + at, part);
		if (!page_frames(map + at, part / PAGE, frame))
			t_bail("pagemap");
		if (!at)
			first = frame[0];
		for (i = 0; i < part / PAGE && ok; i++)
			ok = (!piece || frame[i] == first + at / PAGE + i) &&
			     (bits == 64 || frame[i] < 1ULL << (bits - 12));
		ok = ok && (node < 0 || node_of(map + at) == node);
		if (!ok)
			t_note("after %zu of %s: frame %#llx, first %#llx", at,
			       name, (unsigned long long)frame[i ? i - 1 : 0],
			       (unsigned long long)first);
	}
	if (piece && size >= HUGE_PAGE && first % 512) {
		t_note("%s begins at frame %#llx", name,
		       (unsigned long long)first);
		ok = false;
	}
	munmap(map, size);
	close(fd);
	return ok;
}

static void one(const struct store *store, size_t size, int node, int bits)
{
	bool piece = store->id == MAPBUF_BACKING_CONTIGUOUS;
	struct mapbuf_create c = {
		.size = sizeof(c), .bytes = size, .name = "place",
		.backing = store->id, .dma_bits = bits == 64 ? 0 : bits,
		.numa_node = node < 0 ? 0 : node,
		.flags = node < 0 ? 0 : MAPBUF_CREATE_NUMA_NODE,
	};
	char *text;

	if (!t_ok(!ioctl(b_control(), MAPBUF_IOC_CREATE, &c),
		  "%s: %zu KiB, node %d, %d bits", store->name, size / KIB,
		  node, bits))
		return;
	t_ok(placed("place", size, piece, node, bits), "it is there");
	t_ok(atoi(b_sysfs("place", "numa_node")) == node &&
	     atoi(b_sysfs("place", "dma_bits")) == (bits == 64 ? 0 : bits),
	     "sysfs tells");
	text = b_sysfs("place", "phys_addr");
	t_ok(piece ? text && strtoull(text, NULL, 0) : !text,
	     "sysfs tells the physical address where there is one");
	b_destroy("place", 0);
}

static void places(void)
{
	static const size_t sizes[] = {
		PAGE, 3 * PAGE, MIB, MIB + PAGE, 2 * MIB, 2 * MIB + PAGE,
		8 * MIB, 64 * MIB + 7 * PAGE,
	};
	const struct store *s;
	size_t i;

	for (s = stores; s->name; s++) {
		for (i = 0; i < ARRAY_LEN(sizes); i++) {
			one(s, sizes[i], -1, 64);
			one(s, sizes[i], 0, 64);
			one(s, sizes[i], 1, 64);
			one(s, sizes[i], -1, 32);
			one(s, sizes[i], -1, 31);
		}
		one(s, MIB, -1, 24);
	}
	t_ok(access("/sys/class/mapbuf/mapbuf0", F_OK), "nothing is left");
}

/* Page cache, many files, processes that keep every second page. */
static void fragment(void)
{
	static char block[MIB];
	int disk = open(DISK, O_RDONLY), i;
	char path[64];

	while (disk >= 0 && read(disk, block, sizeof(block)) > 0)
		;
	for (i = 0; i < 60000; i++) {
		int fd;

		snprintf(path, sizeof(path), "/tmp/%d", i);
		fd = open(path, O_CREAT | O_WRONLY, 0600);
		if (!(i % 8))
			must(write(fd, path, sizeof(path)) == sizeof(path));
		close(fd);
	}
	for (i = 0; i < HOGS; i++) {
		size_t size = 48 * MIB, at;
		char *map;

		hogs[i] = fork();
		if (hogs[i])
			continue;
		map = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		madvise(map, size, MADV_NOHUGEPAGE);
		for (at = 0; at < size; at += PAGE)
			map[at] = 1;
		for (at = 0; at < size; at += 2 * PAGE)
			madvise(map + at, PAGE, MADV_DONTNEED);
		kill(getppid(), SIGUSR1);
		pause();
		_exit(0);
	}
}

/* Pipes hold pages that nothing can move, one a pipe, all over memory. */
static void pin_down(void)
{
	int ends[2], i;

	for (i = 0; i < 450; i++) {
		if (pipe(ends) || write(ends[1], "x", 1) != 1)
			t_bail("pipe");
	}
}

#define FRAMES (6 * GIB / PAGE)
#define MOVABLE (1ULL << KPF_BUDDY | 1ULL << KPF_LRU)

/* Where a range may begin in a zone, all of whose pages are free or movable. */
static long ranges_in(const uint64_t *flags, size_t first, size_t end,
		      size_t pages)
{
	const size_t step = HUGE_PAGE / PAGE;
	size_t frame, good = 0;
	long ranges = 0;

	for (frame = (first + step - 1) / step * step; frame < end; frame++) {
		good = flags[frame] & MOVABLE ? good + 1 : 0;
		ranges += good >= pages && (frame + 1) % step == 0;
	}
	return ranges;
}

/* The same in all of memory, as the kernel tells of each page. */
static long ranges_of(size_t size)
{
	static uint64_t flags[FRAMES];
	int fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	FILE *zones = fopen("/proc/zoneinfo", "r");
	unsigned long spanned = 0, first;
	long ranges = 0;
	char line[256];
	size_t at = 0;
	ssize_t n;

	mem_free();	/* and what was freed is */
	while ((n = read(fd, (char *)flags + at, sizeof(flags) - at)) > 0)
		at += n;
	if (!at || !zones)
		t_bail("kpageflags");
	while (fgets(line, sizeof(line), zones)) {
		sscanf(line, " spanned %lu", &spanned);
		if (sscanf(line, " start_pfn: %lu", &first) == 1 && spanned)
			ranges += ranges_in(flags, first, first + spanned,
					    size / PAGE);
	}
	fclose(zones);
	close(fd);
	return ranges;
}

static int big(size_t size)
{
	double before = seconds();
	int err = b_try_create("big", size, MAPBUF_BACKING_CONTIGUOUS);

	t_note("%zu MiB: %s after %.3f s of the machine's time", size / MIB,
	       err ? strerror(-err) : "made", seconds() - before);
	if (!err) {
		t_ok(placed("big", size, true, -1, 64), "it is there");
		b_destroy("big", 0);
	}
	return err;
}

/* One page in the wrong place, and 1 GiB of 4 cannot be had. */
static void big_if_there(size_t size)
{
	long ranges = ranges_of(size);
	int err = big(size);

	t_note("%ld ranges of %zu MiB are free or movable", ranges, size / MIB);
	if (!err || ranges)
		t_ok(!err, "%zu MiB in one piece, memory fragmented",
		     size / MIB);
	else if (t_ok(err == -ENOMEM, "%zu MiB are not there, and not made",
		      size / MIB))
		t_skip("no such range", "%zu MiB in one piece", size / MIB);
}

int main(void)
{
	sigset_t set;
	int i, sig, err;

	places();

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fragment();
	/* Signals merge: wait for what they tell, not for each. */
	for (i = 0; i < HOGS && meminfo("AnonPages") < 38 * 24 * 1024; i++)
		sigwait(&set, &sig);
	t_note("MemFree %ld KiB, Cached %ld, Anon %ld", meminfo("MemFree"),
	       meminfo("Cached"), meminfo("AnonPages"));

	big_if_there(64 * MIB);
	big_if_there(256 * MIB);
	big_if_there(GIB);
	pin_down();
	err = big(GIB);
	t_ok(!err || err == -ENOMEM, "1 GiB among pages that stay: %s",
	     err ? "ENOMEM" : "made");
	t_ok(b_try_create("big", 3 * GIB, MAPBUF_BACKING_CONTIGUOUS) < 0,
	     "3 GiB in one piece are not to be had");
	for (i = 0; i < HOGS; i++)
		kill(hogs[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	return t_done();
}
