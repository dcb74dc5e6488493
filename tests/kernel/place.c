// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where memory comes from: node, bound, alignment, one piece.  In a machine of
 * 4 GiB and two nodes, whose memory is then fragmented on purpose.
 */
#include "use.h"

#include <glob.h>
#include <sys/syscall.h>

#define DISK "/dev/vda"
#define HOGS 40
#define HOG (48 * MIB)
#define CHUNK (4 * MIB)

static pid_t hogs[HOGS];
static int ready[2];	/* a byte of each hog, for each thing done */

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
		8 * MIB, 16 * MIB + 7 * PAGE,
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
	t_ok(!b_nodes(), "nothing is left");
}

/* edu, behind a bridge of node 1; false if it is not there. */
static bool far_device(char *name, size_t size)
{
	char path[300], text[16];
	bool found = false;
	glob_t all;
	size_t i;
	int fd;

	if (glob("/sys/bus/pci/devices/*", 0, NULL, &all))
		return false;
	for (i = 0; i < all.gl_pathc && !found; i++) {
		snprintf(path, sizeof(path), "%s/device", all.gl_pathv[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		found = read(fd, text, sizeof(text)) > 6 &&
			!strncmp(text, "0x11e8", 6);
		close(fd);
		snprintf(name, size, "pci%s", strrchr(all.gl_pathv[i], '/'));
	}
	globfree(&all);
	return found;
}

/* A device's buffer is near it, if it reaches that memory, which is above 4 GiB. */
static void near_device(void)
{
	const struct store *s;

	for (s = stores; s->name; s++) {
		struct mapbuf_create c = {
			.size = sizeof(c), .bytes = 8 * MIB, .name = "place",
			.backing = s->id, .dma_bits = 64,
		};

		if (!far_device(c.device, sizeof(c.device))) {
			t_skip("there is no device of another node",
			       "%s: near its device", s->name);
			continue;
		}
		must(!ioctl(b_control(), MAPBUF_IOC_CREATE, &c));
		t_ok(placed("place", c.bytes, false, 1, 64), "%s: near its device",
		     s->name);
		b_destroy("place", 0);
		c.dma_bits = 32;
		must(!ioctl(b_control(), MAPBUF_IOC_CREATE, &c));
		t_ok(placed("place", c.bytes, false, 0, 32),
		     "%s: where it reaches, if that is elsewhere", s->name);
		b_destroy("place", 0);
	}
}

/* Keep every second page, and when told so, half of the others. */
static void hog(void)
{
	size_t size = HOG, at;
	sigset_t set;
	char *map;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	map = mmap(NULL, size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(map != MAP_FAILED);
	madvise(map, size, MADV_NOHUGEPAGE);
	for (at = 0; at < size; at += PAGE)
		map[at] = 1;
	for (at = 0; at < size; at += 2 * PAGE)
		madvise(map + at, PAGE, MADV_DONTNEED);
	must(write(ready[1], "", 1) == 1);
	sigwait(&set, &sig);
	for (at = 0; at < size; at += 4 * PAGE)
		map[at] = 1;
	must(write(ready[1], "", 1) == 1);
	pause();
}

static void wait_for_hogs(void)
{
	char byte;
	int i;

	for (i = 0; i < HOGS; i++) {
		if (read(ready[0], &byte, 1) != 1)
			t_bail("a hog is gone");
	}
}

/*
 * Page cache, many files, processes that keep every second page.  A page that
 * nothing can move may be anywhere then, and 1 GiB of 4 not to be had.  So that
 * much is held until such pages have their place, and filled with others.  The
 * disk is read before: its cache is no movable memory to the page allocator,
 * and makes pageblocks that slabs and page tables come to.
 */
static void fragment(void)
{
	static char block[MIB];
	int disk = open(DISK, O_RDONLY), i;
	sigset_t set;
	char path[64];

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);

	if (pipe(ready))
		t_bail("pipe");
	b_create("held", GIB, MAPBUF_BACKING_CONTIGUOUS);
	for (i = 0; i < 20000; i++) {
		int fd;

		snprintf(path, sizeof(path), "/tmp/%d", i);
		fd = open(path, O_CREAT | O_WRONLY, 0600);
		if (!(i % 8) && write(fd, path, sizeof(path)) < 0)
			t_bail("write %s", path);
		close(fd);
	}
	for (i = 0; i < HOGS; i++) {
		hogs[i] = fork();
		if (hogs[i])
			continue;
		close(ready[0]);
		hog();
		_exit(0);
	}
	close(ready[1]);
	wait_for_hogs();
	while (disk >= 0 && read(disk, block, sizeof(block)) > 0)
		;
	if (b_destroy("held", 0))
		t_bail("destroy");
	for (i = 0; i < HOGS; i++)
		kill(hogs[i], SIGUSR1);
	wait_for_hogs();
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

/* Of /proc/kpageflags */
#define KPF_LRU 5
#define KPF_BUDDY 10
#define KPF_BATCH 4096

/*
 * The longest run of whole 2 MiB whose pages are free, or the kernel's lists know
 * them as movable, in [@pfn, @end); and what ended those that were shorter.
 */
static size_t longest_in(int fd, uint64_t pfn, uint64_t end)
{
	static uint64_t flags[KPF_BATCH];
	uint64_t start = pfn, best = 0;
	ssize_t got, i;

	for (; pfn < end; pfn += got) {
		got = pread(fd, flags, sizeof(flags), pfn * 8);
		if (got <= 0)
			break;
		got /= 8;
		for (i = 0; i < got && pfn + i < end; i++) {
			if (flags[i] & (1 << KPF_LRU | 1 << KPF_BUDDY))
				continue;
			start = (start + 511) / 512 * 512;
			if (pfn + i > start && pfn + i - start > best)
				best = pfn + i - start;
			if (pfn + i > start + GIB / PAGE / 4)
				t_note("%llu MiB end at frame %#llx, flags %#llx",
				       (unsigned long long)(pfn + i - start) * PAGE / MIB,
				       (unsigned long long)pfn + i,
				       (unsigned long long)flags[i]);
			start = pfn + i + 1;
		}
	}
	start = (start + 511) / 512 * 512;
	if (pfn > start && pfn - start > best)
		best = pfn - start;
	return best * PAGE;
}

/* In all zones */
static size_t longest(void)
{
	FILE *zones = fopen("/proc/zoneinfo", "r");
	int fd = open("/proc/kpageflags", O_RDONLY);
	unsigned long spanned = 0, start;
	size_t best = 0, found;
	char line[256];

	if (!zones || fd < 0)
		t_bail("zoneinfo, kpageflags");
	while (fgets(line, sizeof(line), zones)) {
		if (sscanf(line, " spanned %lu", &spanned) == 1)
			continue;
		if (sscanf(line, " start_pfn: %lu", &start) != 1)
			continue;
		found = longest_in(fd, start, start + spanned);
		if (found > best)
			best = found;
	}
	close(fd);
	fclose(zones);
	return best;
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

/* Unless a page that nothing can move is in each range of that length */
static void big_in_fragments(size_t size)
{
	size_t there = longest();

	t_note("%zu MiB of pages that can be moved, or are free", there / MIB);
	if (!big(size))
		t_ok(true, "%zu MiB in one piece, memory fragmented", size / MIB);
	else if (there < size)
		t_skip("pages that stay are in each range",
		       "%zu MiB in one piece, memory fragmented", size / MIB);
	else
		t_ok(false, "%zu MiB in one piece, memory fragmented (%zu there)",
		     size / MIB, longest() / MIB);
}

int main(void)
{
	int i, err;

	places();
	near_device();
	if (debug_kernel()) {
		t_skip("takes an hour here", "memory fragmented");
		return t_done();
	}
	fragment();
	t_note("MemFree %ld KiB, Cached %ld, Anon %ld", meminfo("MemFree"),
	       meminfo("Cached"), meminfo("AnonPages"));

	big_in_fragments(64 * MIB);
	big_in_fragments(256 * MIB);
	big_in_fragments(GIB);
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
