// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything against everything on all processors, for a bounded number of
 * rounds.  What must hold is checked; for the rest the kernel log is read.
 */
#include "t.h"

#include <pthread.h>
#include <sched.h>

#define ROUNDS 500

static unsigned int backing_of(unsigned int n)
{
	return n % 2 ? MAPBUF_BACKING_VMALLOC : MAPBUF_BACKING_CONTIGUOUS;
}

/* One name, several creators: each success is undone by whoever had it. */
static void create_destroy(unsigned int seed)
{
	int i, err;

	for (i = 0; i < ROUNDS; i++) {
		err = b_try_create("race", (i % 3 + 1) * PAGE,
				   backing_of(seed + i));
		must(!err || err == -EEXIST);
		err = b_destroy("race", i % 2 ? MAPBUF_DESTROY_DEFERRED : 0);
		must(!err || err == -ENOENT || err == -EBUSY);
	}
}

static void open_map(unsigned int seed)
{
	unsigned int i;

	(void)seed;
	for (i = 0; i < ROUNDS; i++) {
		int fd = b_open("race", O_RDWR);
		char *at;

		if (fd < 0) {
			must(errno == ENOENT || errno == ENXIO);
			continue;
		}
		at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			  0);
		close(fd);
		must(at != MAP_FAILED && !at[0]);
		munmap(at, PAGE);
	}
}

/* Buffers of its own: nothing another does may disturb them. */
static void own(unsigned int seed, unsigned int backing, size_t size,
		int rounds)
{
	char name[32];
	int i;

	snprintf(name, sizeof(name), "own%u", seed);
	for (i = 0; i < rounds; i++) {
		char *at;
		int fd;

		must(!b_try_create(name, size, backing));
		fd = b_open(name, O_RDWR);
		must(fd >= 0);
		at = b_map(fd, size, 0);
		must(all_zero(at, size));
		fill(at, size, seed);
		sched_yield();
		must(filled(at, size, seed));
		munmap(at, size);
		close(fd);
		must(!b_destroy(name, 0));
	}
}

static void own_small(unsigned int seed)
{
	own(seed, backing_of(seed), 3 * MIB, 30);
}

static void own_range(unsigned int seed)
{
	own(seed, MAPBUF_BACKING_CONTIGUOUS, 32 * MIB, 5);
}

#define AREA (2 * HUGE_PAGE + 5 * PAGE)
#define AREA_SEED 90

static char *area;
static bool area_stop;

/* One word of some page, which every thread reads as it was written, else NULL. */
static void *area_read(void *seed)
{
	uint64_t n = (uintptr_t)seed;
	size_t at;

	do {
		n = n * 6364136223846793005 + 1442695040888963407;
		at = (n >> 33) % (AREA / PAGE) * PAGE;
		if (!filled(area + at, 8, AREA_SEED + at / 8))
			return NULL;
	} while (!__atomic_load_n(&area_stop, __ATOMIC_RELAXED));
	return seed;
}

/* Readers fault pages in while others take them away again. */
static void faults(unsigned int odd)
{
	pthread_t thread[3];
	size_t i;
	int fd;

	must(!b_try_create("faults", AREA, MAPBUF_BACKING_VMALLOC));
	fd = b_open("faults", O_RDWR);
	area = mmap(NULL, AREA + 2 * HUGE_PAGE, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	area = (char *)(((uintptr_t)area + HUGE_PAGE - 1) & -HUGE_PAGE) +
	       odd * PAGE;
	must(mmap(area, AREA, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		  fd, 0) == area);
	fill(area, AREA, AREA_SEED);

	for (i = 0; i < ARRAY_LEN(thread); i++)
		must(!pthread_create(&thread[i], NULL, area_read,
				     (void *)(i + 1)));
	for (i = 0; i < ROUNDS; i++) {
		char *at = area + i * 37 % (AREA / PAGE) * PAGE;
		size_t len = i % 3 ? PAGE : (size_t)(area + AREA - at);

		must(!madvise(at, len, MADV_DONTNEED));
		must(!mprotect(at, len, i % 2 ? PROT_READ :
			       PROT_READ | PROT_WRITE));
		if (i % 16 == 0)
			must(mmap(area, AREA, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_FIXED, fd, 0) == area);
	}
	__atomic_store_n(&area_stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < ARRAY_LEN(thread); i++) {
		void *good;

		must(!pthread_join(thread[i], &good) && good);
	}
	must(munmap(area, AREA) == 0 && !close(fd));
	must(!b_destroy("faults", 0));
}

int main(void)
{
	unsigned int i;

	for (i = 0; i < 3; i++)
		child(create_destroy, i);
	child(open_map, 0);
	child(open_map, 1);
	t_ok(reap(), "create, destroy, open and map of one name at once");
	b_destroy("race", 0);

	for (i = 0; i < 4; i++)
		child(own_small, i);
	t_ok(reap(), "four processes with a buffer each lose nothing");
	for (i = 0; i < 4; i++)
		child(own_range, i);
	t_ok(reap(), "four processes with a range of 32 MiB each, too");

	child(faults, 0);
	t_ok(reap(), "threads fault while 2 MiB are taken away");
	child(faults, 1);
	t_ok(reap(), "threads fault while single pages are taken away");
	return t_done();
}
