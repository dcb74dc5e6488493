// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings in pieces of 2 MiB: that all stores have them, how few faults they cost,
 * that they survive whatever is done to a part of them, and that the kernel
 * accounts for what is mapped and no more.
 */
#include "t.h"

#include <sys/resource.h>

#define SIZE (64 * MIB)
#define PIECES (SIZE / HUGE_PAGE)
#define AROUND (32 * MIB)
#define SEED 40
#define RW (PROT_READ | PROT_WRITE)

static const char *store;
static int fd;

/* Two words of each page: the whole of it, many times, takes too long. */
static bool same(const char *at, size_t offset, size_t len)
{
	size_t i;

	for (i = 0; i < len; i += PAGE) {
		size_t word = i + (offset + i) / PAGE % (PAGE / 8) * 8;

		if (!filled(at + i, 8, SEED + (offset + i) / 8) ||
		    !filled(at + word, 8, SEED + (offset + word) / 8)) {
			t_note("in the page at byte %zu", offset + i);
			return false;
		}
	}
	return true;
}

/*
 * How many faults it takes to touch all of an area of 2 MiB pages: one each, or
 * one for all in the same 32 MiB where the kernel lets a module map them.
 */
static long faults_for(const char *at, size_t len)
{
	uintptr_t start = (uintptr_t)at, last = start + len - 1;

	if (!kernel_since(6, 12))
		return len / HUGE_PAGE;
	return last / AROUND - start / AROUND + 1;
}

/* One byte of each 2 MiB; how many faults that took. */
static long touch(char *at, size_t len, bool write)
{
	struct rusage before, after;
	volatile char *byte = at;
	size_t i;

	getrusage(RUSAGE_SELF, &after);
	getrusage(RUSAGE_SELF, &before);
	for (i = 0; i < len; i += HUGE_PAGE) {
		if (write)
			byte[i] |= 0;
		else
			(void)byte[i];
	}
	getrusage(RUSAGE_SELF, &after);
	return after.ru_minflt - before.ru_minflt;
}

/*
 * What a process has mapped of files, by the kernel's own count.  Kernels
 * before 6.2 keep what has been added aside until something is unmapped.
 */
static long rss_file(void)
{
	char *page = mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS |
			  MAP_POPULATE, -1, 0);
	FILE *file = fopen("/proc/self/status", "r");
	char line[256];
	long value = -1;

	munmap(page, PAGE);
	while (file && value < 0 && fgets(line, sizeof(line), file))
		sscanf(line, "RssFile: %ld", &value);
	if (file)
		fclose(file);
	return value;
}

/* Whether so many bytes are mapped, so many of them in pieces of 2 MiB. */
static bool mapped(const char *at, size_t len, size_t rss, size_t pmd)
{
	long is_rss = smaps_range(at, len, "Rss");
	long is_pmd = smaps_range(at, len, "FilePmdMapped");

	if (is_rss == (long)(rss / KIB) && is_pmd == (long)(pmd / KIB))
		return true;
	t_note("%ld KiB are mapped, %ld of them in 2 MiB", is_rss, is_pmd);
	return false;
}

static void few_faults(void)
{
	long before = rss_file(), during, after, faults;
	char *at = b_map(fd, SIZE, 0);

	t_ok((uintptr_t)at % HUGE_PAGE == 0,
	     "%s: without a hint the address is aligned (%p)", store, at);
	t_ok(mapped(at, SIZE, 0, 0), "%s: mmap alone maps nothing", store);
	faults = touch(at, SIZE, false);
	t_ok(faults == faults_for(at, SIZE), "%s: 64 MiB in %ld faults", store,
	     faults);
	t_ok(mapped(at, SIZE, SIZE, SIZE),
	     "%s: a touch of each 2 MiB maps it all", store);
	faults = touch(at, SIZE, true);
	t_ok(!faults, "%s: writing then takes none (%ld)", store, faults);
	t_ok(same(at, 0, SIZE), "%s: it is the buffer's data", store);
	during = rss_file();
	munmap(at, SIZE);
	after = rss_file();
	t_ok(labs(during - before - (long)(SIZE / KIB)) <= 1024 &&
	     labs(after - before) <= 1024,
	     "%s: RssFile before, during, after: %ld, %ld, %ld KiB", store,
	     before, during, after);

	at = b_map(fd, SIZE, 0);
	faults = touch(at, SIZE, true);
	t_ok(faults == faults_for(at, SIZE), "%s: writing at once: %ld faults",
	     store, faults);
	munmap(at, SIZE);
}

/* A free range of addresses, aligned to 2 MiB or one page behind that. */
static char *elsewhere(size_t len, bool odd)
{
	char *at = mmap(NULL, len + 2 * HUGE_PAGE, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		t_bail("mmap of an address range");
	munmap(at, len + 2 * HUGE_PAGE);
	return (char *)(((uintptr_t)at + HUGE_PAGE - 1) & -HUGE_PAGE) +
	       (odd ? PAGE : 0);
}

/* What is mapped around a fault ends with its area, and keeps what is there. */
static void around(void)
{
	size_t len = SIZE - 2 * HUGE_PAGE, at_once = HUGE_PAGE;
	char *to = elsewhere(SIZE + AROUND, false), *at, *next;

	/* The area has 30 of the first 32 MiB, and of the second. */
	to = (char *)(((uintptr_t)to + AROUND - 1) & -AROUND);
	if (kernel_since(6, 12))
		at_once = AROUND - HUGE_PAGE;
	next = mmap(to, HUGE_PAGE, RW, MAP_SHARED | MAP_FIXED, fd, SIZE / 2);
	at = mmap(to + HUGE_PAGE, len, RW, MAP_SHARED | MAP_FIXED, fd, 0);
	if (next != to || at != to + HUGE_PAGE)
		t_bail("mmap of an area beside another");

	touch(at + 5 * HUGE_PAGE, 1, true);
	t_ok(mapped(at, len, at_once, at_once),
	     "%s: a fault maps what is around it", store);
	t_ok(mapped(next, HUGE_PAGE, 0, 0), "%s: within its area", store);
	touch(at + len - HUGE_PAGE, 1, false);
	t_ok(mapped(at, len, 2 * at_once, 2 * at_once),
	     "%s: from the last one back, too", store);
	t_ok(same(at, 0, len), "%s: it is all in its place", store);
	t_ok(!madvise(at + 2 * HUGE_PAGE, 3 * HUGE_PAGE, MADV_DONTNEED) &&
	     touch(at + 3 * HUGE_PAGE, 1, true) == 1 && same(at, 0, len),
	     "%s: what is missing comes back among what is there", store);
	munmap(to, SIZE);
}

static void populated(void)
{
	char *at = mmap(NULL, SIZE, RW, MAP_SHARED | MAP_POPULATE, fd, 0);

	if (at == MAP_FAILED)
		t_bail("mmap with MAP_POPULATE");
	t_ok(mapped(at, SIZE, SIZE, SIZE), "%s: MAP_POPULATE maps all", store);
	t_ok(!touch(at, SIZE, true), "%s: and leaves no fault to take", store);
	t_ok(same(at, 0, SIZE), "%s: populated data", store);
	munmap(at, SIZE);
}

static void forked(void)
{
	char *at = b_map(fd, SIZE, 0);
	int status = -1;
	pid_t pid;

	touch(at, SIZE, true);
	pid = fork();
	if (!pid) {
		touch(at, SIZE, true);
		must(mapped(at, SIZE, SIZE, SIZE) && same(at, 0, SIZE));
		fill(at + 5 * MIB, MIB, 1);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	t_ok(!status, "%s: a child maps as its parent", store);
	t_ok(filled(at + 5 * MIB, MIB, 1), "%s: the parent sees its writes",
	     store);
	t_ok(mapped(at, SIZE, SIZE, SIZE), "%s: the parent's mapping stays",
	     store);
	fill(at + 5 * MIB, MIB, SEED + 5 * MIB / 8);
	munmap(at, SIZE);
}

static void protected(void)
{
	char *at = b_map(fd, SIZE, 0), *page = at + 3 * HUGE_PAGE + 7 * PAGE;
	int status = -1;
	pid_t pid;

	touch(at, SIZE, true);
	t_ok(!mprotect(page, PAGE, PROT_READ), "%s: mprotect of a page", store);
	t_ok(same(at, 0, SIZE), "%s: all of it reads as before", store);
	t_ok(mapped(at, SIZE, SIZE, SIZE - HUGE_PAGE),
	     "%s: the others stay huge", store);
	pid = fork();
	if (!pid) {
		signal(SIGSEGV, SIG_DFL);
		*(volatile char *)page = 1;
		_exit(0);
	}
	waitpid(pid, &status, 0);
	t_ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV,
	     "%s: the page cannot be written", store);
	fill(page - PAGE, PAGE, SEED + (page - PAGE - at) / 8);
	fill(page + PAGE, PAGE, SEED + (page + PAGE - at) / 8);
	t_ok(!mprotect(page, PAGE, RW), "%s: mprotect back", store);
	fill(page, PAGE, SEED + (page - at) / 8);
	t_ok(same(at, 0, SIZE), "%s: and it can be written", store);

	t_ok(!mprotect(at, SIZE, PROT_READ) && same(at, 0, SIZE) &&
	     !mprotect(at, SIZE, RW), "%s: mprotect of all", store);
	t_ok(!touch(at + 4 * HUGE_PAGE, SIZE - 4 * HUGE_PAGE, false),
	     "%s: takes nothing away", store);
	munmap(at, SIZE);
}

static void hole(void)
{
	char *at = b_map(fd, SIZE, 0), *page = at + 2 * HUGE_PAGE + 100 * PAGE;
	unsigned char core;

	touch(at, SIZE, true);
	t_ok(!munmap(page, PAGE), "%s: munmap of a page", store);
	t_fails(mincore(page, PAGE, &core), ENOMEM, "%s: it is gone", store);
	t_ok(same(at, 0, page - at) &&
	     same(page + PAGE, page + PAGE - at, at + SIZE - page - PAGE),
	     "%s: the rest is there", store);
	t_ok(mapped(at, SIZE, SIZE - PAGE, SIZE - HUGE_PAGE),
	     "%s: and still huge elsewhere", store);
	munmap(at, SIZE);
}

static void moved(void)
{
	char *at = b_map(fd, SIZE, 0), *to = elsewhere(SIZE, false);

	touch(at, SIZE, true);
	at = mremap(at, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	t_ok(at == to, "%s: mremap to an aligned address", store);
	touch(at, SIZE, true);
	t_ok(mapped(at, SIZE, SIZE, SIZE), "%s: it stays huge", store);
	t_ok(same(at, 0, SIZE), "%s: with its data", store);

	t_ok(mremap(at, SIZE, SIZE - PAGE, 0) == at,
	     "%s: mremap to a page less", store);
	t_ok(same(at, 0, SIZE - PAGE), "%s: the data stays", store);
	t_ok(mapped(at, SIZE, SIZE - PAGE, SIZE - HUGE_PAGE),
	     "%s: only the last piece is split", store);
	munmap(at, SIZE - PAGE);

	at = b_map(fd, SIZE, 0);
	touch(at, SIZE, true);
	to = elsewhere(SIZE, true);
	at = mremap(at, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	t_ok(at == to, "%s: mremap to an address one page off", store);
	t_ok(same(at, 0, SIZE), "%s: the data is the same", store);
	t_ok(mapped(at, SIZE, SIZE, 0), "%s: in single pages", store);
	munmap(at, SIZE);

	at = mmap(elsewhere(SIZE, true), SIZE, RW, MAP_SHARED | MAP_FIXED, fd,
		  0);
	to = elsewhere(SIZE, false);
	at = mremap(at, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	t_ok(at == to && same(at, 0, SIZE) && mapped(at, SIZE, SIZE, SIZE),
	     "%s: mremap to where 2 MiB fit", store);
	munmap(at, SIZE);
}

static void dropped(void)
{
	char *at = b_map(fd, SIZE, 0);

	touch(at, SIZE, true);
	t_ok(!madvise(at, SIZE, MADV_DONTNEED), "%s: MADV_DONTNEED", store);
	t_ok(mapped(at, SIZE, 0, 0), "%s: nothing is mapped", store);
	t_ok(touch(at, SIZE, true) == faults_for(at, SIZE) && same(at, 0, SIZE),
	     "%s: the data comes back", store);
	t_ok(mapped(at, SIZE, SIZE, SIZE), "%s: in 2 MiB", store);
	t_ok(!madvise(at + HUGE_PAGE + PAGE, PAGE, MADV_DONTNEED) &&
	     same(at, 0, SIZE), "%s: MADV_DONTNEED of a page", store);
	t_ok(mapped(at, SIZE, SIZE, SIZE), "%s: and of 2 MiB again", store);
	munmap(at, SIZE);
}

static void unaligned(void)
{
	char *to = elsewhere(SIZE, true);
	char *at = mmap(to, SIZE, RW, MAP_SHARED | MAP_FIXED, fd, 0);
	long faults;

	t_ok(at == to, "%s: mmap at an address one page off", store);
	touch(at, PAGE, false);
	t_ok(mapped(at, SIZE, HUGE_PAGE - PAGE, 0),
	     "%s: a fault maps to the end of the page table", store);
	touch(at + HUGE_PAGE + 9 * PAGE, PAGE, true);
	t_ok(mapped(at, SIZE, 2 * HUGE_PAGE - PAGE, 0),
	     "%s: and what lies before it", store);
	faults = touch(at, SIZE, true);
	t_ok(faults == PIECES - 2, "%s: one fault a page table (%ld)", store,
	     faults);
	t_ok(same(at, 0, SIZE), "%s: data at this address", store);
	t_ok(mapped(at, SIZE, SIZE, 0), "%s: all in single pages", store);
	munmap(at, SIZE);
	t_ok(smaps_range(at, SIZE, "Rss") < 0, "%s: munmap", store);
}

static void odd_parts(void)
{
	static const struct {
		size_t offset, len, pmd;
	} part[] = {
		{ PAGE, SIZE - PAGE, SIZE - HUGE_PAGE },
		{ HUGE_PAGE + 3 * PAGE, 7 * MIB + PAGE, 2 * HUGE_PAGE },
		{ HUGE_PAGE - PAGE, HUGE_PAGE + 2 * PAGE, HUGE_PAGE },
		{ PAGE, HUGE_PAGE, 0 },
		{ 4 * HUGE_PAGE, HUGE_PAGE - PAGE, 0 },
		{ SIZE - PAGE, PAGE, 0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(part); i++) {
		char *at = b_map(fd, part[i].len, part[i].offset);

		t_ok(same(at, part[i].offset, part[i].len),
		     "%s: odd part %zu has its data", store, i);
		t_ok(mapped(at, part[i].len, part[i].len, part[i].pmd),
		     "%s: odd part %zu has %zu KiB in 2 MiB", store, i,
		       part[i].pmd / KIB);
		munmap(at, part[i].len);
	}
}

/* How many faults it takes to touch each page, from the last one back or not. */
static long touch_pages(char *at, size_t len, bool back, bool write)
{
	struct rusage before, after;
	size_t i;

	getrusage(RUSAGE_SELF, &after);
	getrusage(RUSAGE_SELF, &before);
	for (i = 0; i < len; i += PAGE) {
		volatile char *byte = at + (back ? len - PAGE - i : i);

		if (write)
			*byte |= 0;
		else
			(void)*byte;
	}
	getrusage(RUSAGE_SELF, &after);
	return after.ru_minflt - before.ru_minflt;
}

/* What is no 2 MiB, beside what is; nothing else is in its page table. */
static void tail_faults(int tail, size_t size)
{
	size_t pages = size - 2 * HUGE_PAGE;
	char *to = elsewhere(size + HUGE_PAGE, false), *at, *end;
	long faults;
	int way;

	for (way = 0; way < 4; way++) {
		at = mmap(to, size, RW, MAP_SHARED | MAP_FIXED, tail, 0);
		end = at + 2 * HUGE_PAGE;
		faults = touch_pages(end, pages, way & 1, way & 2);
		t_ok(faults == 1, "%s: %zu single pages take %ld fault, %s %s",
		     store, pages / PAGE, faults, way & 2 ? "written" : "read",
		     way & 1 ? "backwards" : "forwards");
		faults = touch_pages(end, pages, false, true);
		t_ok(!faults, "%s: writing then takes none (%ld)", store,
		     faults);
		t_ok(filled(at, size, 4) &&
		     mapped(at, size, size, 2 * HUGE_PAGE),
		     "%s: each is in its place", store);
		munmap(at, size);
	}

	/* In a table that is in use, those around it in the same 64 KiB. */
	at = mmap(to, size, RW, MAP_SHARED | MAP_FIXED, tail, 0);
	end = at + 2 * HUGE_PAGE;
	must(touch_pages(end, pages, false, true) == 1 &&
	     !madvise(end + 32 * PAGE, 32 * PAGE, MADV_DONTNEED));
	faults = touch_pages(end + 32 * PAGE, 32 * PAGE, true, true);
	t_ok(faults == 2, "%s: 32 pages that are missing take %ld faults",
	     store, faults);
	t_ok(filled(at, size, 4), "%s: and are the same", store);
	munmap(at, size);
}

/* A buffer with an end that is no 2 MiB, seen at once by several mappings. */
static void shared(unsigned int id)
{
	size_t size = 2 * HUGE_PAGE + 100 * PAGE;
	char *one, *two;
	int tail;

	b_create("tail", size, id);
	tail = b_open("tail", O_RDWR);
	one = b_map(tail, size, 0);
	two = mmap(elsewhere(size, true), size, RW, MAP_SHARED | MAP_FIXED,
		   tail, 0);
	fill(one, size, 3);
	t_ok(filled(two, size, 3), "%s: 2 MiB here, single pages there", store);
	t_ok(mapped(one, size, size, 2 * HUGE_PAGE), "%s: with a tail", store);
	t_ok(mapped(two, size, size, 0), "%s: and beside it", store);
	munmap(one, size);
	fill(two, size, 4);
	munmap(two, size);
	one = b_map(tail, size, 0);
	t_ok(filled(one, size, 4), "%s: the data of both is one", store);
	munmap(one, size);
	tail_faults(tail, size);
	close(tail);
	b_destroy("tail", 0);
}

/*
 * Most of memory used and given back, so that the buffers get pages which still
 * show what they have been: at an index far beyond the end of any buffer.
 */
static void use_memory(void)
{
	size_t len = meminfo("MemAvailable") * KIB / 4 * 3 & -HUGE_PAGE, i;
	char *at = mmap(NULL, len, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		t_bail("mmap of most of memory");
	madvise(at, len, MADV_HUGEPAGE);
	for (i = 0; i < len; i += HUGE_PAGE)
		at[i] = 1;
	munmap(at, len);
}

int main(void)
{
	const struct store *s;
	char *at;

	use_memory();
	for (s = stores; s->name; s++) {
		store = s->name;
		b_create("huge", SIZE, s->id);
		fd = b_open("huge", O_RDWR);
		at = b_map(fd, SIZE, 0);
		fill(at, SIZE, SEED);
		munmap(at, SIZE);

		few_faults();
		around();
		populated();
		forked();
		protected();
		hole();
		moved();
		dropped();
		unaligned();
		odd_parts();
		shared(s->id);

		at = b_map(fd, SIZE, 0);
		t_ok(filled(at, SIZE, SEED), "%s: every byte as it was", store);
		munmap(at, SIZE);
		close(fd);
		t_ok(!b_destroy("huge", 0), "%s: destroy", store);
	}
	return t_done();
}
