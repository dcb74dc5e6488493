// SPDX-License-Identifier: GPL-2.0-only
/* What it costs to map memory, to touch it first, and to unmap it. */
#include <stdio.h>

#include "bench.h"
#include "progress.h"

/* Those of smaps that tell of mappings in 2 MiB pages, in KiB */
static const char *const huge_fields[] = {
	"FilePmdMapped: %lu", "ShmemPmdMapped: %lu", "AnonHugePages: %lu",
};

/* A file of hugetlbfs has nothing else. */
static unsigned long huge_kib(const char *line, unsigned long area_kib)
{
	unsigned long kib;
	size_t i;

	if (sscanf(line, "KernelPageSize: %lu", &kib) == 1)
		return kib >= BENCH_HUGE >> 10 ? area_kib : 0;
	for (i = 0; i < sizeof(huge_fields) / sizeof(huge_fields[0]); i++) {
		if (sscanf(line, huge_fields[i], &kib) == 1)
			return kib;
	}
	return 0;
}

/* In % of the mapping, which may be several areas, or part of one. */
static double huge_share(const char *at, size_t bytes)
{
	FILE *file = fopen("/proc/self/smaps", "re");
	unsigned long start, end, total = 0;
	int is_inside = 0;
	char line[512];
	double share;

	if (!file)
		bench_die("/proc/self/smaps");
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			is_inside = start < (unsigned long)at + bytes &&
				    end > (unsigned long)at;
		else if (is_inside)
			total += huge_kib(line, (end - start) >> 10);
	}
	fclose(file);
	share = 100.0 * total * 1024 / bytes;
	return share > 100 ? 100 : share;
}

static void run_round(const struct bench *bench,
		      const struct bench_source *source,
		      const struct bench_memory *memory,
		      struct bench_samples samples[BENCH_STEPS])
{
	int64_t times[BENCH_SUM + 1];
	void *at;
	int i;

	times[BENCH_MMAP] = bench_now_ns();
	at = bench_map(bench, source, memory);
	times[BENCH_TOUCH] = bench_now_ns();
	bench_touch(at, bench->bytes);
	times[BENCH_MUNMAP] = bench_now_ns();
	bench_unmap(bench, at);
	times[BENCH_SUM] = bench_now_ns();
	for (i = 0; i < BENCH_SUM; i++)
		bench_add(&samples[i], bench_per_mib(times[i + 1] - times[i],
						     bench->bytes));
	bench_add(&samples[BENCH_SUM],
		  bench_per_mib(times[BENCH_SUM] - times[BENCH_MMAP],
				bench->bytes));
}

/* Once without a clock, for all that only the first time costs. */
static double warm_up(struct bench *bench, const struct bench_source *source,
		      const struct bench_memory *memory)
{
	char *at = bench_map(bench, source, memory);
	double huge;

	bench_touch(at, bench->bytes);
	huge = huge_share(at, bench->bytes);
	if (source->backing)
		bench_hint_mapping(bench, source, at, huge);
	bench_unmap(bench, at);
	return huge;
}

static void measure(struct bench *bench, const struct bench_source *source,
		    const struct bench_memory *memory, struct bench_row *row)
{
	struct bench_samples samples[BENCH_STEPS] = { 0 };
	struct bench_time time;
	int i;

	row->huge = warm_up(bench, source, memory);
	bench_begin(bench, &time);
	while (bench_goes_on(&time))
		run_round(bench, source, memory, samples);
	row->rounds = time.rounds;
	for (i = 0; i < BENCH_STEPS; i++)
		row->values[i] = bench_evaluate(&samples[i]);
	bench_measure_random(bench, source, memory, row);
	bench_measure_parallel(bench, source, memory, row);
}

void bench_measure_memory(struct bench *bench,
			  struct bench_row rows[BENCH_SOURCES])
{
	const struct bench_source *source;
	struct bench_memory memory;
	int i;

	for (i = 0; i < BENCH_SOURCES; i++) {
		source = &bench_sources[i];
		memory = (struct bench_memory){ .fd = -1 };
		rows[i].name = source->name;
		progress_tell("measuring", source->name,
			      (progress_now_ms() - bench->start_ms) / 1000, "");
		if (source->get(bench, source, &memory)) {
			bench_hint_lack(bench, source->name);
			continue;
		}
		measure(bench, source, &memory, &rows[i]);
		bench_put(bench, &memory);
		bench_measure_creation(bench, source, &rows[i]);
	}
}
