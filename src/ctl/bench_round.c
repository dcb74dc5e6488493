// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <time.h>

#include "bench.h"

int64_t bench_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

void bench_begin(const struct bench *bench, struct bench_time *time)
{
	time->rounds = 0;
	time->end = bench_now_ns() + bench->row_ns;
}

int bench_goes_on(struct bench_time *time)
{
	if (time->rounds >= BENCH_ROUNDS_MIN &&
	    (time->rounds == BENCH_ROUNDS_MAX || bench_now_ns() >= time->end))
		return 0;
	time->rounds++;
	return 1;
}

void bench_add(struct bench_samples *samples, double value)
{
	samples->values[samples->count++] = value;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Between two samples, what lies on the line between them. */
static double quantile(const struct bench_samples *samples, double part)
{
	double place = part * (samples->count - 1);
	size_t below = place;
	double low = samples->values[below];

	if (below + 1 == samples->count)
		return low;
	return low + (place - below) * (samples->values[below + 1] - low);
}

struct bench_value bench_evaluate(struct bench_samples *samples)
{
	struct bench_value value;

	qsort(samples->values, samples->count, sizeof(samples->values[0]),
	      compare);
	value.least = samples->values[0];
	value.most = samples->values[samples->count - 1];
	value.median = quantile(samples, 0.5);
	value.spread = 0;
	if (value.median > 0)
		value.spread = 100 * (quantile(samples, 0.75) -
				      quantile(samples, 0.25)) / value.median;
	return value;
}

double bench_per_mib(int64_t ns, uint64_t bytes)
{
	return (double)ns * (1 << 20) / bytes;
}
