// SPDX-License-Identifier: GPL-2.0-only
#include "line.h"

#include <time.h>

uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

void line_begin(const char *what, uint64_t size, const char *row,
		const char *whose, bool late)
{
	printf("%s\t%llu\t%s\t%s\t%s", what, (unsigned long long)size, row,
	       whose, late ? "late" : "there");
}

void line(const char *what, uint64_t size, const char *row, const char *whose,
	  const double *values, int n)
{
	int i;

	line_begin(what, size, row, whose, false);
	for (i = 0; i < n; i++)
		printf("\t%.0f", values[i]);
	putchar('\n');
	fflush(stdout);
}

void line_counts(const char *what, uint64_t size, const char *row,
		 const char *whose, const uint64_t *counts, int n)
{
	int i;

	line_begin(what, size, row, whose, false);
	for (i = 0; i < n; i++)
		printf("\t%llu", (unsigned long long)counts[i]);
	putchar('\n');
	fflush(stdout);
}

void line_error(uint64_t size, const char *row, int err)
{
	printf("error\t%llu\t%s\t%s\n", (unsigned long long)size, row,
	       strerrorname_np(err));
	fflush(stdout);
}

void least(uint64_t *best, const uint64_t *round, int n, bool first)
{
	int i;

	for (i = 0; i < n; i++) {
		if (first || round[i] < best[i])
			best[i] = round[i];
	}
}
