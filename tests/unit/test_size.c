// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "fixture.h"
#include "size.h"

#define MEMORY (8ULL << 30)

static void good(const char *text, uint64_t expected)
{
	uint64_t bytes = 0;
	const char *why;

	if (size_parse(text, MEMORY, &bytes, &why))
		fail_msg("%s is refused: %s", text, why);
	if (bytes != expected)
		fail_msg("%s gives %llu, not %llu", text,
			 (unsigned long long)bytes,
			 (unsigned long long)expected);
}

static void bad(const char *text, const char *expected)
{
	uint64_t bytes = 4711;
	const char *why = "";

	if (!size_parse(text, MEMORY, &bytes, &why))
		fail_msg("%s gives %llu", text, (unsigned long long)bytes);
	assert_string_equal(why, expected);
	assert_int_equal(bytes, 4711);
}

static void bytes_and_units(void **state)
{
	(void)state;
	good("1", 1);
	good("4096", 4096);
	good("0010", 10);
	good("64K", 64 << 10);
	good("64M", 64 << 20);
	good("3G", 3ULL << 30);
	good("2T", 2ULL << 40);
	good("64m", 64 << 20);
	good("64k", 64 << 10);
	good("64KiB", 64 << 10);
	good("64MiB", 64 << 20);
	good("2tib", 2ULL << 40);
	good("64kB", 64000);
	good("64MB", 64000000);
	good("1.5GB", 1500000000);
	good("2Tb", 2000000000000);
	good("9223372036854775807", INT64_MAX);
	good("8388607T", 8388607ULL << 40);
	good("9223372TB", 9223372000000000000);
}

static void fractions(void **state)
{
	(void)state;
	good("1.5G", 3ULL << 29);
	good("0.5K", 512);
	good("1.0M", 1 << 20);
	good("1.3K", 1332);
	good("0.000000000001T", 2);
}

static void percentages(void **state)
{
	(void)state;
	good("100%", MEMORY);
	good("50%", MEMORY / 2);
	good("12.5%", MEMORY / 8);
	good("0.001%", 85899);
}

static void huge_memory(void **state)
{
	uint64_t bytes;
	const char *why;

	(void)state;
	assert_int_equal(size_parse("99.999999999999%", INT64_MAX, &bytes,
				    &why), 0);
	assert_true(bytes > INT64_MAX / 100 * 99 && bytes < INT64_MAX);
}

static void refused(void **state)
{
	(void)state;
	bad("", "it is not a number");
	bad("M", "it is not a number");
	bad(" 1", "it is not a number");
	bad("+1", "it is not a number");
	bad(".5M", "it is not a number");
	bad("-1", "it is negative");
	bad("0", "it is 0");
	bad("0M", "it is 0");
	bad("0%", "it is 0");
	bad("1x", "the unit is none of K M G T %");
	bad("1 M", "the unit is none of K M G T %");
	bad("1B", "the unit is none of K M G T %");
	bad("1MBs", "the unit is none of K M G T %");
	bad("1Ki", "the unit is none of K M G T %");
	bad("1MIB", "the unit is none of K M G T %");
	bad("1.5iB", "the unit is none of K M G T %");
	bad("0x10", "the unit is none of K M G T %");
	bad("1.M", "digits are missing after the point");
	bad("1.5", "a fraction needs a unit, K M G T or %");
	bad("1.0000000000001M", "it has too many digits");
	bad("100.1%", "it is more than 100%");
	bad("18446744073709551615%", "it is more than 100%");
}

static void overflows(void **state)
{
	(void)state;
	bad("9223372036854775808", "it is too large");
	bad("18446744073709551615", "it is too large");
	bad("18446744073709551616", "it is too large");
	bad("99999999999999999999999", "it is too large");
	bad("8388608T", "it is too large");
	bad("9223373TB", "it is too large");
	bad("8388607.9999999999999T", "it has too many digits");
	bad("18014398509481984K", "it is too large");
	bad("17592186044416M", "it is too large");
	/* In 128 bits this would wrap to a size that is fine. */
	bad("16490908748330371987.000000000000T", "it is too large");
}

static void shown(uint64_t bytes, const char *expected)
{
	char text[SIZE_TEXT];

	size_format(text, bytes);
	assert_string_equal(text, expected);
}

static void formats(void **state)
{
	(void)state;
	shown(0, "0B");
	shown(1023, "1023B");
	shown(4096, "4K");
	shown(1536, "1.5K");
	shown(64 << 20, "64M");
	shown((64 << 20) + 4096, "64M");
	shown(3ULL << 29, "1.5G");
	shown(INT64_MAX, "8E");
	shown(UINT64_MAX, "16E");
}

static void memory_is_known(void **state)
{
	(void)state;
	assert_true(size_of_memory() > 1 << 20);
}

static void is_address(const char *text, uint64_t expected)
{
	uint64_t address = 0;
	const char *why;

	if (address_parse(text, &address, &why))
		fail_msg("%s is refused: %s", text, why);
	if (address != expected)
		fail_msg("%s gives %#llx", text, (unsigned long long)address);
}

static void no_address(const char *text, const char *expected)
{
	uint64_t address = 4711;
	const char *why = "";

	if (!address_parse(text, &address, &why))
		fail_msg("%s gives %#llx", text, (unsigned long long)address);
	assert_string_equal(why, expected);
	assert_int_equal(address, 4711);
}

static void addresses(void **state)
{
	(void)state;
	is_address("0", 0);
	is_address("0x0", 0);
	is_address("010", 10);
	is_address("0x30000000", 0x30000000);
	is_address("0X1f", 0x1f);
	is_address("768M", 0x30000000);
	is_address("0x4g", 1ULL << 32);
	is_address("768MiB", 0x30000000);
	is_address("0x7fffffffffffffff", INT64_MAX);
	no_address("", "it is not an address");
	no_address("0x", "it is not an address");
	no_address("0xx", "it is not an address");
	no_address("-1", "it is not an address");
	no_address("+1", "it is not an address");
	no_address(" 1", "it is not an address");
	no_address("0x-1", "it is not an address");
	no_address("1.5G", "it is not an address");
	no_address("1MBs", "it is not an address");
	no_address("10%", "it is not an address");
	no_address("f000", "it is not an address");
	no_address("0x8000000000000000", "it is too large");
	no_address("0x10000000000000000", "it is too large");
	no_address("8388608T", "it is too large");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_and_units),
		cmocka_unit_test(fractions),
		cmocka_unit_test(percentages),
		cmocka_unit_test(huge_memory),
		cmocka_unit_test(refused),
		cmocka_unit_test(overflows),
		cmocka_unit_test(formats),
		cmocka_unit_test(memory_is_known),
		cmocka_unit_test(addresses),
	};

	return cmocka_run_group_tests_name("size", tests, NULL, NULL);
}
