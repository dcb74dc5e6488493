// SPDX-License-Identifier: GPL-2.0-only
#include "bench.h"
#include "fixture.h"

static void is_about(double value, double expected)
{
	if (value < expected - 0.001 || value > expected + 0.001)
		fail_msg("%f, not %f", value, expected);
}

static struct bench_value evaluate(const double *values, size_t count)
{
	struct bench_samples samples = { .count = 0 };
	size_t i;

	for (i = 0; i < count; i++)
		bench_add(&samples, values[i]);
	return bench_evaluate(&samples);
}

static void of_five(void **state)
{
	static const double values[] = { 50, 10, 1000, 20, 40 };
	struct bench_value value = evaluate(values, 5);

	(void)state;
	is_about(value.median, 40);
	is_about(value.spread, 75);
	is_about(value.least, 10);
	is_about(value.most, 1000);
}

/* What lies between two of them. */
static void of_six(void **state)
{
	static const double values[] = { 6, 5, 4, 3, 2, 1 };
	struct bench_value value = evaluate(values, 6);

	(void)state;
	is_about(value.median, 3.5);
	is_about(value.spread, 100 * (4.75 - 2.25) / 3.5);
}

static void all_the_same(void **state)
{
	static const double values[] = { 7, 7, 7, 7, 7 };
	struct bench_value value = evaluate(values, 5);

	(void)state;
	is_about(value.median, 7);
	is_about(value.spread, 0);
}

static void per_mib(void **state)
{
	(void)state;
	is_about(bench_per_mib(64000, 64 << 20), 1000);
	is_about(bench_per_mib(1, 4096), 256);
}

/* However little time there is, and however much. */
static void rounds(void **state)
{
	struct bench none = { .row_ns = 0 }, much = { .row_ns = 1LL << 50 };
	struct bench_time time;
	size_t count = 0;

	(void)state;
	bench_begin(&none, &time);
	while (bench_goes_on(&time))
		count++;
	assert_int_equal(count, BENCH_ROUNDS_MIN);
	assert_int_equal(time.rounds, BENCH_ROUNDS_MIN);
	count = 0;
	bench_begin(&much, &time);
	while (bench_goes_on(&time))
		count++;
	assert_int_equal(count, BENCH_ROUNDS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_five),
		cmocka_unit_test(of_six),
		cmocka_unit_test(all_the_same),
		cmocka_unit_test(per_mib),
		cmocka_unit_test(rounds),
	};

	return cmocka_run_group_tests_name("bench", tests, NULL, NULL);
}
