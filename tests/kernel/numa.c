// SPDX-License-Identifier: GPL-2.0-only
/*
 * A machine with several nodes that moves memory to where it is used takes pages
 * away from processes to see who wants them.  It cannot move those of a buffer, so
 * it does not ask for them.
 */
#include "t.h"

#include <pthread.h>
#include <sys/resource.h>

#define SIZE (8 * MIB)
#define BUFFER (128 * MIB)
#define RW (PROT_READ | PROT_WRITE)
#define TUNING "/sys/kernel/debug/sched/"

/* Faults that a touch of each piece takes, and one or two of the stack's. */
static long touch(volatile char *at, size_t len, size_t piece)
{
	struct rusage before, after;
	size_t i;

	getrusage(RUSAGE_SELF, &before);
	for (i = 0; i < len; i += piece)
		at[i] |= 0;
	getrusage(RUSAGE_SELF, &after);
	return after.ru_minflt - before.ru_minflt;
}

/* Of a process with one thread the kernel leaves what is local alone. */
static void *idle(void *unused)
{
	for (;;)
		pause();
	return unused;
}

/* As often as it can. */
static void tune(void)
{
	static const char *const files[] = {
		TUNING "numa_balancing/scan_delay_ms",
		TUNING "numa_balancing/scan_period_min_ms",
		TUNING "numa_balancing/scan_period_max_ms",
		"/proc/sys/kernel/numa_balancing_scan_delay_ms",
		"/proc/sys/kernel/numa_balancing_scan_period_min_ms",
		"/proc/sys/kernel/numa_balancing_scan_period_max_ms",
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(files); i++)
		write_file(files[i], "100");
}

int main(void)
{
	const struct store *s;
	pthread_t thread;

	if (write_file("/proc/sys/kernel/numa_balancing", "1")) {
		t_skip("the kernel does not balance", "areas are left alone");
		return t_done();
	}
	tune();
	if (pthread_create(&thread, NULL, idle, NULL))
		t_bail("a thread");
	for (s = stores; s->name; s++) {
		/* Areas are visited by address: all of them in turn. */
		char *plain = mmap(NULL, SIZE, RW,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		long asked = 0, taken = 0;
		unsigned int rounds = 0;
		double end;
		char *at;
		int fd;

		b_create("numa", BUFFER, s->id);
		fd = b_open("numa", O_RDWR);
		at = b_map(fd, BUFFER, 0);
		madvise(plain, SIZE, MADV_NOHUGEPAGE);
		touch(plain, SIZE, PAGE);
		touch(at, BUFFER, HUGE_PAGE);
		end = seconds() + patience(600);
		while (rounds < 3 && seconds() < end) {
			long faults = touch(plain, SIZE, PAGE);

			asked += faults;
			rounds += faults >= 512;
			taken += touch(at, BUFFER, HUGE_PAGE);
		}
		t_ok(rounds == 3, "%s: ordinary memory: %ld faults", s->name,
		     asked);
		t_ok(taken < (long)(BUFFER / HUGE_PAGE) / 2,
		     "%s: a buffer: %ld faults", s->name, taken);
		munmap(at, BUFFER);
		munmap(plain, SIZE);
		close(fd);
		b_destroy("numa", 0);
	}
	return t_done();
}
