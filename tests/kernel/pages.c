// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pages of a buffer as the kernel sees them: never free while somebody can
 * reach them, not even in part, and free when nobody can.
 */
#include "t.h"

#include <sys/uio.h>

#define SIZE (8 * MIB + 3 * PAGE)
#define PAGES (SIZE / PAGE)
#define PINNED_AT (3 * MIB / PAGE)
#define PINNED 16UL
#define ROUNDS 10
#define SETTLE (4 * MIB)

/* Of <linux/kernel-page-flags.h>. */
#define FLAG_LRU (1ULL << 5)
#define FLAG_BUDDY (1ULL << 10)
#define FLAG_COMPOUND (3ULL << 15)
#define FLAG_NOPAGE (1ULL << 20)

static const char *store;
static unsigned int id;
static int kpageflags, kpagecount;
static uint64_t frames[PAGES];

static uint64_t word_of(int file, uint64_t index)
{
	uint64_t word = 0;

	if (pread(file, &word, 8, index * 8) != 8)
		t_bail("read what the kernel tells of pages");
	return word;
}

static uint64_t flags_of(uint64_t frame)
{
	return word_of(kpageflags, frame);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void mapped(const char *map, bool contiguous)
{
	size_t i, bad = 0, counted = 0, ranged = 0, twice = 0;
	static uint64_t sorted[PAGES];

	t_ok(page_frames(map, PAGES, frames) && frames[0],
	     "%s: pagemap has every page", store);
	for (i = 0; i < PAGES; i++) {
		bad += !!(flags_of(frames[i]) &
			  (FLAG_BUDDY | FLAG_LRU | FLAG_NOPAGE));
		counted += word_of(kpagecount, frames[i]) == 1;
		ranged += frames[i] == frames[0] + i;
	}
	t_ok(!bad, "%s: no mapped page is free or on a list", store);
	t_ok(counted == PAGES, "%s: each is mapped once (%zu)", store, counted);

	memcpy(sorted, frames, sizeof(frames));
	qsort(sorted, PAGES, 8, compare);
	for (i = 1; i < PAGES; i++)
		twice += sorted[i] == sorted[i - 1];
	t_ok(!twice, "%s: none serves twice", store);
	if (!contiguous)
		return;
	t_ok(ranged == PAGES &&
	     strtoull(b_sysfs("pages", "phys_addr"), NULL, 0) ==
	     frames[0] * PAGE,
	     "%s: one range, at phys_addr", store);
}

/*
 * Pages that have been freed wait in lists of the processors, where nothing
 * tells them from pages in use.  To allocate a range empties these lists; and
 * what is in the range has been free.
 */
static uint64_t settled;

static void settle(void)
{
	b_create("settle", SETTLE, MAPBUF_BACKING_CONTIGUOUS);
	settled = strtoull(b_sysfs("settle", "phys_addr"), NULL, 0) / PAGE;
}

static bool is_free(uint64_t frame)
{
	return flags_of(frame) & FLAG_BUDDY ||
	       (frame >= settled && frame < settled + SETTLE / PAGE);
}

/* Pieces of 2 MiB stay whole while a page of them is pinned. */
static bool is_kept(size_t i)
{
	const size_t piece = HUGE_PAGE / PAGE;

	return i / piece >= PINNED_AT / piece &&
	       i / piece <= (PINNED_AT + PINNED - 1) / piece;
}

/* How many pages are free, of those that pins keep, or do not keep. */
static size_t free_pages(bool kept)
{
	size_t i, n = 0;

	for (i = 0; i < PAGES; i++)
		n += is_kept(i) == kept && is_free(frames[i]);
	return n;
}

static size_t kept_pages(void)
{
	size_t i, n = 0;

	for (i = 0; i < PAGES; i++)
		n += is_kept(i);
	return n;
}

static void round_trip(bool contiguous, bool verbose)
{
	struct iovec iov;
	int fd, ends[2];
	const size_t keep = kept_pages();
	size_t loose, n;
	char *map, *copy = malloc(PINNED * PAGE);

	b_create("pages", SIZE, id);
	fd = b_open("pages", O_RDWR);
	map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_POPULATE, fd, 0);
	if (map == MAP_FAILED || pipe(ends))
		t_bail("mmap, pipe");
	if (verbose)
		mapped(map, contiguous);
	else
		page_frames(map, PAGES, frames);

	iov = (struct iovec) { map + PINNED_AT * PAGE, PINNED * PAGE };
	fill(iov.iov_base, iov.iov_len, 80);
	if (vmsplice(ends[1], &iov, 1, 0) != (ssize_t)iov.iov_len)
		t_bail("vmsplice");
	munmap(map, SIZE);
	close(fd);
	if (b_destroy("pages", MAPBUF_DESTROY_DEFERRED))
		t_bail("destroy");
	settle();

	n = free_pages(true);
	loose = free_pages(false);
	if (verbose) {
		t_ok(!n, "%s: no page of a pinned piece is free", store);
		/* The rest is free but for what others took meanwhile. */
		t_ok(loose <= PAGES - keep && loose >= (PAGES - keep) / 4,
		     "%s: %zu of the others are free", store, loose);
	} else if (n || loose > PAGES - keep) {
		t_ok(false, "%s: pinned pages are kept each time", store);
	}

	b_destroy("settle", 0);
	n = read(ends[0], copy, PINNED * PAGE);
	if (verbose)
		t_ok(n == PINNED * PAGE && filled(copy, n, 80),
		     "%s: the pinned pages have the data", store);
	close(ends[0]);
	close(ends[1]);
	b_bytes("pinned");
	settle();
	n = free_pages(true);
	b_destroy("settle", 0);
	if (verbose)
		t_ok(n >= keep / 2, "%s: they are free then (%zu of %zu)",
		     store, n, keep);
	free(copy);
}

int main(void)
{
	const struct store *s;
	long before, after;
	int i;

	kpageflags = open("/proc/kpageflags", O_RDONLY);
	kpagecount = open("/proc/kpagecount", O_RDONLY);
	for (s = stores; s->name; s++) {
		bool contiguous = s->id == MAPBUF_BACKING_CONTIGUOUS;

		store = s->name;
		id = s->id;
		round_trip(contiguous, true);
		before = mem_free();
		for (i = 0; i < ROUNDS; i++)
			round_trip(contiguous, false);
		after = mem_free();
		t_ok(before - after < 16 * 1024,
		     "%s: all comes back (%ld KiB before, %ld after)", store,
		     before, after);
	}
	return t_done();
}
