// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: threads MIB...
 *
 * How long two processors take to create a buffer of these sizes, as a percentage
 * of what one takes: medians of rounds in turn.  By the clock, so not where that
 * counts instructions.  Prints lines
 *
 *	threads SIZE ROW WHOSE LATE PERCENT
 */
#include "line.h"

#define PARAMETER "/sys/module/mapbuf/parameters/threads"
#define ROUNDS 9

static double create(const struct store *store, size_t bytes,
		     const char *threads)
{
	double start;
	int err;

	if (write_file(PARAMETER, threads))
		t_bail("threads=%s", threads);
	start = seconds();
	err = b_try_create("one", bytes, store->id);
	start = seconds() - start;
	if (err)
		t_bail("create: %s", strerror(-err));
	if (b_destroy("one", 0))
		t_bail("destroy");
	return start;
}

static int longer(const void *a, const void *b)
{
	double first = *(const double *)a, second = *(const double *)b;

	return (first > second) - (first < second);
}

static double median(double *times)
{
	qsort(times, ROUNDS, sizeof(*times), longer);
	return times[ROUNDS / 2];
}

static void measure(const struct store *store, size_t bytes)
{
	double one[ROUNDS], two[ROUNDS];
	uint64_t percent;
	char row[64];
	int i;

	for (i = 0; i < ROUNDS; i++) {
		one[i] = create(store, bytes, "1");
		two[i] = create(store, bytes, "2");
	}
	snprintf(row, sizeof(row), "mapbuf %s", store->name);
	percent = median(two) * 100 / median(one) + 0.5;
	line_counts("threads", bytes, row, "mapbuf", &percent, 1);
}

int main(int argc, char **argv)
{
	const struct store *s;
	int i;

	for (i = 1; i < argc; i++) {
		for (s = stores; s->name; s++)
			measure(s, atol(argv[i]) * MIB);
	}
	return 0;
}
