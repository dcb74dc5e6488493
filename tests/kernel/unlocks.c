// SPDX-License-Identifier: GPL-2.0-only
/* Locks of flock() and fcntl() while threads close, and buffers come and go. */
#include "locking.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mount.h>
#include <sys/syscall.h>

/* A thread closes what another one locks. */
static int locked_fd, locked;
static atomic_int locker, turn;

static void *lock_waiting(void *unused)
{
	atomic_store(&locker, syscall(SYS_gettid));
	locked = lock_range(locked_fd, POSIX, F_WRLCK, true, 0, 0);
	return unused;
}

static void closed_while_waiting(enum way way)
{
	int copy, held = open_as("a", !way);
	pthread_t thread;

	must(!lock(held, OFD, F_WRLCK));
	locked_fd = open_as("a", way);
	copy = dup(locked_fd);
	atomic_store(&locker, 0);
	must(!pthread_create(&thread, NULL, lock_waiting, NULL));
	while (!atomic_load(&locker))
		sched_yield();
	wait_asleep(locker);
	close(locked_fd);
	must(!lock(held, OFD, F_UNLCK));
	pthread_join(thread, NULL);
	t_ok(locked == -EBADF && free_for_all(POSIX),
	     "%s: closed while it waits it is EBADF, and not locked",
	     way_names[way]);
	close(copy);
	close(held);
}

#define CLOSES 500

static void *lock_often(void *unused)
{
	int i;

	for (i = 1; i <= CLOSES; i++) {
		while (atomic_load(&turn) != 2 * i - 1)
			sched_yield();
		locked = lock(locked_fd, POSIX, F_WRLCK);
		atomic_store(&turn, 2 * i);
	}
	return unused;
}

static void closed_meanwhile(enum way way)
{
	int i, copy, second = open_as("a", !way), bad = 0, late = 0, spin;
	int delay = 0;
	pthread_t thread;

	atomic_store(&turn, 0);
	must(!pthread_create(&thread, NULL, lock_often, NULL));
	for (i = 1; i <= CLOSES; i++) {
		locked_fd = open_as("a", way);
		copy = dup(locked_fd);
		atomic_store(&turn, 2 * i - 1);
		for (spin = delay; spin > 0; spin--)
			atomic_load(&turn);
		close(locked_fd);
		while (atomic_load(&turn) != 2 * i)
			sched_yield();
		/* Both at once is where each is the faster one at times. */
		late += locked == -EBADF;
		delay += locked == -EBADF ? 50 : -50;
		bad += (locked && locked != -EBADF) ||
		       lock(second, OFD, F_WRLCK) || lock(second, OFD, F_UNLCK);
		close(copy);
	}
	pthread_join(thread, NULL);
	t_note("the thread was late %d times of %d", late, CLOSES);
	t_ok(!bad, "%s: a closed descriptor leaves no lock", way_names[way]);
	close(second);
}

/* All at once: the holder of a lock alone counts in the buffer that it is of. */
#define ROUNDS 150

static void counts(unsigned int seed)
{
	int i, fd = open_as("sum", seed % 2), kind;
	volatile uint64_t *sum = (void *)b_map(fd, PAGE, 0);
	uint64_t was;

	/* The mapping keeps that file open, and with it what it had locked. */
	close(fd);
	fd = open_as("sum", (seed + 1) % 2);
	for (i = 0; i < ROUNDS; i++) {
		kind = (seed + i) % KINDS;
		must(!lock_range(fd, kind, F_WRLCK, true, kind, 1));
		was = sum[kind];
		if (i % 4 == 0)
			sched_yield();
		sum[kind] = was + 1;
		if (i % 3) {
			must(!lock_range(fd, kind, F_UNLCK, true, kind, 1));
			continue;
		}
		close(fd);
		fd = open_as("sum", (seed + i) % WAYS);
	}
}

static void comes_and_goes(unsigned int seed)
{
	char name[8];
	int i;

	for (i = 0; i < ROUNDS; i++) {
		snprintf(name, sizeof(name), "r%u", (seed + i) % 2);
		b_try_create(name, PAGE, MAPBUF_BACKING_VMALLOC);
		sched_yield();
		b_destroy(name, MAPBUF_DESTROY_DEFERRED);
	}
}

static void uses(unsigned int seed)
{
	char name[8];
	int i, fd;

	for (i = 0; i < ROUNDS; i++) {
		snprintf(name, sizeof(name), "r%u", (seed + i) % 2);
		fd = try_open(name, (seed + i / 2) % WAYS);
		if (fd < 0)
			continue;
		lock_range(fd, (seed + i) % KINDS, i % 5 ? F_WRLCK : F_RDLCK,
			   i % 2, i % 7, 2);
		if (i % 3)
			lock_range(fd, (seed + i) % KINDS, F_UNLCK, false, 0, 0);
		close(fd);
	}
}

static void races(void)
{
	uint64_t sum[KINDS];
	unsigned int i;
	int fd;

	b_create("sum", PAGE, MAPBUF_BACKING_VMALLOC);
	for (i = 0; i < 4; i++) {
		child(counts, i);
		child(uses, i);
	}
	child(comes_and_goes, 0);
	child(comes_and_goes, 1);
	t_ok(reap(), "all at once");
	fd = open_as("sum", NODE);
	must(pread(fd, sum, sizeof(sum), 0) == sizeof(sum));
	t_ok(sum[FLOCK] + sum[OFD] + sum[POSIX] == 4 * ROUNDS,
	     "one at a time had each lock");
	close(fd);
	b_destroy("sum", 0);
	b_destroy("r0", 0);
	b_destroy("r1", 0);
}

int main(void)
{
	int way;

	must(!mount_files(FILES, ""));
	b_create("a", PAGE, MAPBUF_BACKING_VMALLOC);
	for (way = 0; way < WAYS; way++) {
		closed_while_waiting(way);
		closed_meanwhile(way);
	}
	b_destroy("a", 0);
	races();
	t_ok(!umount(FILES), "umount");
	return t_done();
}
