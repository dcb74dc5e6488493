// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything against everything on all processors, for a bounded number of
 * rounds.  What must hold is checked; for the rest the kernel log is read.
 */
#include "t.h"

#include <sched.h>

#define ROUNDS 2000

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

	for (i = 0; i < ROUNDS; i++) {
		int fd = open((i + seed) % 2 ? "/dev/mapbuf0" : "/dev/mapbuf1",
			      O_RDWR);
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
	own(seed, backing_of(seed), 3 * MIB, 60);
}

static void own_range(unsigned int seed)
{
	own(seed, MAPBUF_BACKING_CONTIGUOUS, 32 * MIB, 10);
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
	return t_done();
}
