// SPDX-License-Identifier: GPL-2.0-only
/*
 * What memory costs beside mapping it: to create it, to read it in no order,
 * and to map it on all processors at once.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "ctl.h"

/* More say nothing else, and systemd and udev handle each buffer. */
#define CREATIONS_MAX 20
#define READS 65536
#define CACHE_LINE 64
#define PROCESSES_MAX 16

/* Until all of it is there, and cleared */
static int create(struct bench *bench, const struct bench_source *source,
		  struct bench_memory *memory, void **at)
{
	*at = NULL;
	if (source->get(bench, source, memory))
		return -1;
	if (memory->fd < 0) {
		*at = bench_map(bench, source, memory);
		bench_touch(*at, bench->bytes);
	}
	return 0;
}

void bench_measure_creation(struct bench *bench,
			    const struct bench_source *source,
			    struct bench_row *row)
{
	struct bench_samples creations = { .count = 0 };
	struct bench_samples destructions = { .count = 0 };
	struct bench_memory memory;
	struct bench_time time;
	int64_t begun, there;
	void *at;

	bench_begin(bench, &time);
	while (creations.count < CREATIONS_MAX && bench_goes_on(&time)) {
		memory = (struct bench_memory){ .fd = -1 };
		begun = bench_now_ns();
		if (create(bench, source, &memory, &at)) {
			bench_hint_lack(bench, source->name);
			return;
		}
		there = bench_now_ns();
		bench_add(&creations, bench_per_mib(there - begun,
						    bench->bytes));
		if (at)
			bench_unmap(bench, at);
		bench_put(bench, &memory);
		bench_add(&destructions, bench_per_mib(bench_now_ns() - there,
						       bench->bytes));
	}
	row->values[BENCH_CREATE] = bench_evaluate(&creations);
	row->values[BENCH_DESTROY] = bench_evaluate(&destructions);
}

/* Each place depends on what was read before: none is read ahead. */
static uint64_t read_random(const char *at, uint64_t bytes, uint64_t place)
{
	uint64_t lines = bytes / CACHE_LINE;
	int i;

	for (i = 0; i < READS; i++) {
		place = place * UINT64_C(6364136223846793005) +
			UINT64_C(1442695040888963407);
		place += *(volatile const char *)
			(at + (place >> 32) * lines / (UINT64_C(1) << 32) *
			 CACHE_LINE);
	}
	return place;
}

void bench_measure_random(struct bench *bench,
			  const struct bench_source *source,
			  const struct bench_memory *memory,
			  struct bench_row *row)
{
	struct bench_samples samples = { .count = 0 };
	char *at = bench_map(bench, source, memory);
	struct bench_time time;
	uint64_t place;
	int64_t begun;

	bench_touch(at, bench->bytes);
	place = read_random(at, bench->bytes, 1);
	bench_begin(bench, &time);
	while (bench_goes_on(&time)) {
		begun = bench_now_ns();
		place = read_random(at, bench->bytes, place);
		bench_add(&samples, (double)(bench_now_ns() - begun) / READS);
	}
	bench_unmap(bench, at);
	row->values[BENCH_RANDOM] = bench_evaluate(&samples);
}

int bench_count_processes(void)
{
	cpu_set_t set;
	int count;

	/* Fails where there are more than the set can hold. */
	count = sched_getaffinity(0, sizeof(set), &set) ?
		PROCESSES_MAX : CPU_COUNT(&set);
	return count < PROCESSES_MAX ? count : PROCESSES_MAX;
}

/* On a processor of its own; the kernel may refuse, and chooses then. */
static void take_processor(int number)
{
	cpu_set_t all, one;
	int cpu;

	if (sched_getaffinity(0, sizeof(all), &all))
		return;
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &all) && number-- == 0)
			break;
	}
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

/* The median of the rounds of a process */
static double map_again(struct bench *bench, const struct bench_source *source,
			const struct bench_memory *memory)
{
	struct bench_samples samples = { .count = 0 };
	struct bench_time time;
	int64_t begun;
	void *at;

	bench_begin(bench, &time);
	while (bench_goes_on(&time)) {
		begun = bench_now_ns();
		at = bench_map(bench, source, memory);
		bench_touch(at, bench->bytes);
		bench_unmap(bench, at);
		bench_add(&samples, bench_per_mib(bench_now_ns() - begun,
						  bench->bytes));
	}
	return bench_evaluate(&samples).median;
}

static void reap(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			bench_die("waitpid");
	}
	if (!status)
		return;
	errno = ECHILD;
	bench_die("a process that maps has failed");
}

void bench_measure_parallel(struct bench *bench,
			    const struct bench_source *source,
			    const struct bench_memory *memory,
			    struct bench_row *row)
{
	struct bench_samples samples = { .count = 0 };
	pid_t parent = getpid(), children[PROCESSES_MAX];
	double *medians;
	int i;

	/* Anonymous memory is not of several processes. */
	if (bench->processes < 2 || memory->fd < 0)
		return;
	medians = mmap(NULL, PROCESSES_MAX * sizeof(*medians),
		       PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		       0);
	if (medians == MAP_FAILED)
		bench_die("mmap");
	for (i = 0; i < bench->processes; i++) {
		children[i] = fork();
		if (children[i] < 0)
			bench_die("fork");
		if (children[i])
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(EXIT_FAILED);
		take_processor(i);
		medians[i] = map_again(bench, source, memory);
		_exit(EXIT_OK);
	}
	for (i = 0; i < bench->processes; i++)
		reap(children[i]);
	for (i = 0; i < bench->processes; i++)
		bench_add(&samples, medians[i]);
	munmap(medians, PROCESSES_MAX * sizeof(*medians));
	row->values[BENCH_PARALLEL] = bench_evaluate(&samples);
}
