// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that no store can use, for movable pages only or of a CMA area, and
 * zones that are small: what cannot be had fails at once, and others keep what
 * they need.  In a machine of 2 GiB, two nodes, kernelcore=1G, cma=128M@256M.
 */
#include "use.h"

#include <sys/uio.h>

#define PIECE (36 * MIB + 5 * PAGE)
#define PIECES 64
#define SOME_MIB 16	/* less than what is not shown to be free */

/* What is summed of /proc/zoneinfo. */
struct zones {
	int node;		/* -1: all */
	const char *zone;	/* NULL: all that a kernel's own memory comes from */
};

static const struct zones kernel_zones = { -1, NULL };
static const struct zones kernel_zones1 = { 1, NULL };
static const struct zones dma_zone = { -1, "DMA" };

static bool wanted(const struct zones *which, int node, const char *zone)
{
	return (which->node < 0 || which->node == node) &&
	       (which->zone ? !strcmp(zone, which->zone) :
			      strcmp(zone, "Movable") && strcmp(zone, "Device"));
}

/* Pages. */
static long zone_pages(const struct zones *which, const char *field)
{
	FILE *file = fopen("/proc/zoneinfo", "r");
	char line[256], zone[16], name[64];
	bool is_wanted = false;
	long sum = 0, value;
	int node;

	if (!file)
		t_bail("/proc/zoneinfo");
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Node %d, zone %15s", &node, zone) == 2)
			is_wanted = wanted(which, node, zone);
		else if (is_wanted && sscanf(line, "%63s %ld", name, &value) == 2 &&
			 !strcmp(name, field))
			sum += value;
	}
	fclose(file);
	return sum;
}

/* Bytes that a store could be given, if nobody else had any. */
static size_t usable(const struct zones *which)
{
	return (zone_pages(which, "managed") - zone_pages(which, "cma")) * PAGE;
}

/*
 * Pages "free" comes twice in a zone: as "pages free" and as nr_free_pages.  What
 * processors keep, "count:", is free, too: since 6.7 up to an eighth of memory, which
 * the first who asks for a range makes them give back.
 */
static long free_kib(const struct zones *which)
{
	return (zone_pages(which, "nr_free_pages") + zone_pages(which, "count:") -
		zone_pages(which, "nr_free_cma")) * (long)(PAGE / KIB);
}

static long vmstat(const char *field)
{
	char format[64];

	snprintf(format, sizeof(format), "%s %%ld", field);
	return sum_of("/proc/vmstat", format, format);
}

static int create_in(const char *name, size_t size, unsigned int store,
		     int node, unsigned int bits)
{
	struct mapbuf_create c = {
		.size = sizeof(c), .bytes = size, .backing = store,
		.dma_bits = bits,
		.numa_node = node < 0 ? 0 : node,
		.flags = node < 0 ? 0 : MAPBUF_CREATE_NUMA_NODE,
	};

	snprintf(c.name, sizeof(c.name), "%s", name);
	return ioctl(b_control(), MAPBUF_IOC_CREATE, &c) ? -errno : 0;
}

/* It fails, and takes nothing only to give it back. */
static void refused(const char *what, size_t size, const struct store *s,
		    int node, unsigned int bits)
{
	long kills = vmstat("oom_kill"), freed = vmstat("pgfree");
	int err = create_in("refused", size, s->id, node, bits);

	freed = (vmstat("pgfree") - freed) * (long)PAGE / (long)MIB;
	if (!err)
		b_destroy("refused", 0);
	t_ok(err == -ENOMEM, "%s: %zu MiB, %s: %s", s->name, size / MIB, what,
	     err ? strerror(-err) : "made");
	t_ok(freed < SOME_MIB, "%s: it fails before %ld MiB are taken", s->name,
	     freed);
	t_ok(vmstat("oom_kill") == kills, "%s: nobody is killed", s->name);
}

/* So many that no more can be had. */
static int take_all(size_t size, unsigned int store, int node,
		    unsigned int bits, int most)
{
	char name[32];
	int n, err;

	for (n = 0; n < most; n++) {
		snprintf(name, sizeof(name), "zones%d", n);
		err = create_in(name, size, store, node, bits);
		if (err == -ENOMEM)
			break;
		if (err)
			t_bail("create: %s", strerror(-err));
	}
	return n;
}

static void give_back(int n)
{
	char name[32];

	while (n--) {
		snprintf(name, sizeof(name), "zones%d", n);
		b_destroy(name, 0);
	}
}

/* Page tables, pipes, processes: what comes out of these zones only. */
static bool kernel_has_memory(void)
{
	size_t size = 2 * MIB * 512;
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t at;

	if (map == MAP_FAILED)
		return false;
	madvise(map, size, MADV_NOHUGEPAGE);
	for (at = 0; at < size; at += 2 * MIB)
		map[at] = 1;
	munmap(map, size);
	return true;
}

static void filled_up(const struct store *s)
{
	long kills = vmstat("oom_kill"), before = free_kib(&kernel_zones), left;
	int n = take_all(PIECE, s->id, -1, 0, PIECES);

	left = free_kib(&kernel_zones);
	/* 5.10 isolates 4 MiB at least, and so finds few ranges beside others. */
	t_ok(n * (long)(PIECE / KIB) > (s->id == MAPBUF_BACKING_VMALLOC ?
					before / 2 : 0),
	     "%s: %d buffers of 36 MiB use what there is, %ld of %ld KiB are left",
	     s->name, n, left, before);
	t_ok(left > 8 * 1024, "%s: some is left to the kernel", s->name);
	t_ok(free_kib(&dma_zone) >= 900, "%s: the DMA zone keeps %ld KiB",
	     s->name, free_kib(&dma_zone));
	t_ok(kernel_has_memory(), "%s: that is enough for page tables", s->name);
	t_ok(vmstat("oom_kill") == kills, "%s: nobody was killed", s->name);
	give_back(n);
}

static void nodes(const struct store *s)
{
	long other;
	int n;

	refused("more than node 1", usable(&kernel_zones1), s, 1, 0);
	other = free_kib(&kernel_zones) - free_kib(&kernel_zones1);
	n = take_all(PIECE, s->id, 1, 0, PIECES);
	t_ok(n >= (s->id == MAPBUF_BACKING_VMALLOC ? 4 : 1),
	     "%s: %d buffers on node 1", s->name, n);
	other -= free_kib(&kernel_zones) - free_kib(&kernel_zones1);
	t_ok(labs(other) < SOME_MIB * 1024,
	     "%s: node 0 gives %ld KiB to them", s->name, other);
	t_ok(free_kib(&kernel_zones1) > 2 * 1024,
	     "%s: node 1 keeps %ld KiB", s->name, free_kib(&kernel_zones1));
	give_back(n);
}

/* The DMA zone is for those who reach no other. */
static void bounds(const struct store *s)
{
	static const unsigned int bits[] = { 24, 25, 28, 32 };
	/* Which pages the buddy allocator gives of a zone cannot be asked for. */
	bool anywhere = s->id == MAPBUF_BACKING_VMALLOC;
	long before;
	size_t i;
	int n;

	refused("below 2^24", usable(&dma_zone), s, -1, 24);
	for (i = 0; i < ARRAY_LEN(bits); i++) {
		size_t size = bits[i] < 28 ? 300 * KIB : PIECE / 4;

		before = free_kib(&dma_zone);
		n = take_all(size, s->id, -1, bits[i], bits[i] == 32 ? 64 : 256);
		t_ok(n >= (bits[i] == 28 ? !anywhere : 1),
		     "%s: %d buffers of %zu KiB below 2^%u", s->name, n,
		     size / KIB, bits[i]);
		t_ok(free_kib(&dma_zone) >= 900,
		     "%s: the DMA zone keeps %ld of %ld KiB", s->name,
		     free_kib(&dma_zone), before);
		give_back(n);
	}
}

#define MEMORY (2 * GIB)
#define CMA_FIRST (96 * MIB / PAGE)
#define CMA_END (CMA_FIRST + 128 * MIB / PAGE)
#define PIN_EVERY (16 * MIB / PAGE)
#define PART (16 * MIB)

static bool in_cma(unsigned long frame)
{
	return frame >= CMA_FIRST && frame < CMA_END;
}

static void pin(char *page)
{
	static int ends[2], used = 8;
	struct iovec iov = { page, PAGE };

	if (used == 8 && pipe(ends))
		t_bail("pipe");
	used = used % 8 + 1;
	if (vmsplice(ends[1], &iov, 1, 0) != PAGE)
		t_bail("vmsplice");
}

/*
 * Pin a page in each block, but for those of the CMA area and those that nobody
 * is given.  Returns the bytes of which any range outside that area has one.
 */
static size_t pin_outside(void)
{
	size_t size = (size_t)meminfo("MemAvailable") * KIB - 48 * MIB, at, i;
	static uint64_t frame[PART / PAGE];
	static bool pinned[MEMORY / PAGE / PIN_EVERY];
	size_t run = 0, longest = 0;
	char *map;

	size -= size % PART;
	map = mmap(NULL, size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		t_bail("mmap");
	madvise(map, size, MADV_NOHUGEPAGE);
	for (at = 0; at < size; at += PAGE)
		map[at] = 1;
	for (at = 0; at < size; at += PART) {
		if (!page_frames(map + at, PART / PAGE, frame))
			t_bail("pagemap");
		for (i = 0; i < PART / PAGE; i++) {
			if (in_cma(frame[i]) || pinned[frame[i] / PIN_EVERY])
				continue;
			pin(map + at + i * PAGE);
			/* The kernel may have moved it before that. */
			if (!page_frames(map + at + i * PAGE, 1, &frame[i]))
				t_bail("pagemap");
			pinned[frame[i] / PIN_EVERY] = true;
		}
	}
	munmap(map, size);
	for (i = 0; i < ARRAY_LEN(pinned); i++) {
		run = pinned[i] || in_cma(i * PIN_EVERY) ? 0 : run + 1;
		longest = run > longest ? run : longest;
	}
	return (longest + 2) * PIN_EVERY * PAGE;
}

/* The kernel's tries to allocate a range, whatever their name there. */
static bool trace_tries(void)
{
	static const char *const names[] = {
		"alloc_contig_frozen_range_noprof", "alloc_contig_range_noprof",
		"alloc_contig_range",
	};
	char text[128];
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(text, sizeof(text), "p:tries %s start=%%di\n", names[i]);
		if (!write_file(TRACING "kprobe_events", text) &&
		    !write_file(TRACING "events/kprobes/tries/enable", "1"))
			return true;
	}
	return false;
}

static long tries(bool inside)
{
	FILE *file = fopen(TRACING "trace", "r");
	char line[256], *at;
	long n = 0;

	while (file && fgets(line, sizeof(line), file)) {
		at = strstr(line, "start=");
		n += at && in_cma(strtoul(at + 6, NULL, 0)) == inside;
	}
	if (file)
		fclose(file);
	return n;
}

/*
 * A CMA area looks free, and gives nothing.  What fails there is no try of a
 * range with pages that are pinned, or on their way to a list.
 */
static void cma_area(void)
{
	size_t size;
	int err;

	if (meminfo("CmaTotal") <= 0) {
		t_skip("the kernel has none", "CMA area");
		return;
	}
	t_ok(meminfo("CmaTotal") >= (long)(128 * MIB / KIB),
	     "there is a CMA area");
	if (!trace_tries())
		t_bail("a probe of alloc_contig_range");
	size = pin_outside();
	err = create_in("cma", size, MAPBUF_BACKING_CONTIGUOUS, -1, 0);
	t_ok(err == -ENOMEM, "%zu MiB among pages that are pinned: %s",
	     size / MIB, err ? strerror(-err) : "made");
	if (!err)
		b_destroy("cma", 0);
	t_ok(tries(false) > 0, "%ld pieces are tried outside of the CMA area, %ld inside",
	     tries(false), tries(true));
	write_file(TRACING "events/kprobes/tries/enable", "0");
	write_file(TRACING "kprobe_events", "-:tries\n");
}

int main(void)
{
	const struct store *s;

	if (write_file("/sys/module/mapbuf/parameters/max_bytes", "100%"))
		t_bail("max_bytes");
	t_ok(usable(&kernel_zones) / MIB < 1100 && meminfo("MemTotal") > 1500 * 1024,
	     "of %ld KiB the stores can use %zu MiB", meminfo("MemTotal"),
	     usable(&kernel_zones) / MIB);
	for (s = stores; s->name; s++) {
		refused("more than what is not for movable pages",
			usable(&kernel_zones) + 16 * MIB, s, -1, 0);
		refused("all of what is not for movable pages",
			usable(&kernel_zones), s, -1, 0);
		filled_up(s);
		nodes(s);
		bounds(s);
	}
	cma_area();
	return t_done();
}
