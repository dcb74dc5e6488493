// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that touch an area while others drop what is mapped in it, and with it
 * the page table.  The kernel accounts for what is mapped, and nothing stays
 * mapped or referred to.
 */
#include "t.h"

#include <pthread.h>

#define SIZE (2 * HUGE_PAGE)
#define RW (PROT_READ | PROT_WRITE)
#define TOUCHERS 3
#define DROPS 400

static volatile char *area;
static size_t length;
static volatile bool over;

static void *touch(void *offset)
{
	size_t at = (uintptr_t)offset * PAGE;

	while (!over) {
		at = (at + 37 * PAGE) % length;
		area[at] |= 0;
	}
	return NULL;
}

static char *range(size_t len)
{
	char *at = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);

	if (at == MAP_FAILED)
		t_bail("mmap of addresses");
	munmap(at, len);
	return at;
}

static char *aligned(void)
{
	char *at = range(SIZE + 2 * HUGE_PAGE);

	return (char *)(((uintptr_t)at + HUGE_PAGE - 1) & -HUGE_PAGE);
}

/* In the end with a hole in each 2 MiB, so that their entries are split. */
static void contend(const char *store, const char *what, char *at, size_t len)
{
	pthread_t thread[TOUCHERS];
	unsigned int failed = 0, i;
	long rss;

	area = at;
	length = len;
	over = false;
	for (i = 0; i < TOUCHERS; i++) {
		if (pthread_create(&thread[i], NULL, touch,
				   (void *)(uintptr_t)(11 * i)))
			t_bail("a thread");
	}
	for (i = 0; i < DROPS; i++)
		failed += !!madvise(at, i % 2 ? len : HUGE_PAGE, MADV_DONTNEED);
	over = true;
	for (i = 0; i < TOUCHERS; i++)
		pthread_join(thread[i], NULL);
	t_ok(!failed, "%s: %s: drops while threads touch", store, what);
	for (i = 0; i < len / HUGE_PAGE; i++)
		munmap(at + i * HUGE_PAGE + 5 * PAGE, PAGE);
	madvise(at, 5 * PAGE, MADV_DONTNEED);
	rss = smaps_range(at, 5 * PAGE, "Rss");
	t_ok(!rss, "%s: %s: %ld KiB stay mapped", store, what, rss);
	munmap(at, len);
}

/* What is mapped of files, by the kernel's count, after it is brought up to date. */
static long rss_file(void)
{
	long value = -1;
	char line[256];
	FILE *file;

	munmap(mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
		    -1, 0), PAGE);
	file = fopen("/proc/self/status", "r");
	while (file && value < 0 && fgets(line, sizeof(line), file))
		sscanf(line, "RssFile: %ld", &value);
	if (file)
		fclose(file);
	return value;
}

static void whole_life(const struct store *s)
{
	char *at, *to;
	int fd;

	b_create("drop", SIZE, s->id);
	fd = b_open("drop", O_RDWR);
	contend(s->name, "2 MiB", b_map(fd, SIZE, 0), SIZE);

	at = mmap(aligned() + PAGE, SIZE, RW, MAP_SHARED | MAP_FIXED, fd, 0);
	contend(s->name, "single pages", at, SIZE);

	/* Not aligned, and then it is. */
	at = mmap(aligned() + PAGE, SIZE, RW, MAP_SHARED | MAP_FIXED, fd, 0);
	to = aligned();
	at = mremap(at, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	if (at != to)
		t_bail("mremap");
	contend(s->name, "moved to where 2 MiB fit", at, SIZE);
	close(fd);
	t_ok(!b_destroy("drop", 0), "%s: destroy", s->name);
}

int main(void)
{
	const struct store *s;

	for (s = stores; s->name; s++) {
		long rss = rss_file(), free, after;

		/* The first time the kernel fills caches of its own. */
		whole_life(s);
		free = mem_free();
		whole_life(s);
		after = mem_free();
		t_ok(free - after < (long)(HUGE_PAGE / KIB / 2),
		     "%s: %ld KiB are free, then %ld", s->name, free, after);
		after = rss_file();
		t_ok(labs(after - rss) < 1024, "%s: RssFile %ld, then %ld",
		     s->name, rss, after);
	}
	return t_done();
}
