// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>

#include "fixture.h"
#include "zones.h"

static void one_with_memory_of_two(void **state)
{
	static const char text[] =
		"Node 1, zone    DMA32\n"
		"  pages free     0\n"
		"        spanned  0\n"
		"        present  0\n"
		"Node 1, zone   Normal\n"
		"        spanned  16\n"
		"  pagesets\n"
		"    cpu: 0\n"
		"  node_unreclaimable:  0\n"
		"  start_pfn:           32\n";
	struct zone *zones;
	size_t count;

	(void)state;
	zones = zones_parse(text, 4096, &count);
	assert_int_equal(count, 1);
	assert_int_equal(zones[0].node, 1);
	assert_string_equal(zones[0].name, "Normal");
	assert_int_equal(zones[0].start, 32 * 4096);
	assert_int_equal(zones[0].end, 48 * 4096);
	free(zones);
}

static void no_zones(void **state)
{
	static const char *const texts[] = {
		"", "\n\n", "start_pfn: 1\n", "Node 0, zone DMA",
		"Node 0, zone DMA\n spanned 0\n start_pfn: 1\n",
		"Node x, zone DMA\n spanned many\n start_pfn: first\n"
	};
	size_t i, count;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_null(zones_parse(texts[i], 4096, &count));
		assert_int_equal(count, 0);
	}
}

/* Only what the first zone has must not be taken for the second one's. */
static void long_names_and_missing_lines(void **state)
{
	static const char text[] =
		"Node 0, zone AVeryLongNameOfAZone\n spanned 1\n start_pfn: 1\n"
		"Node 0, zone Normal\n start_pfn: 2\n";
	struct zone *zones;
	size_t count;

	(void)state;
	zones = zones_parse(text, 4096, &count);
	assert_int_equal(count, 1);
	assert_string_equal(zones[0].name, "AVeryLongNameOf");
	free(zones);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_with_memory_of_two),
		cmocka_unit_test(no_zones),
		cmocka_unit_test(long_names_and_missing_lines),
	};

	return cmocka_run_group_tests_name("zones", tests, NULL, NULL);
}
