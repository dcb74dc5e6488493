// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>

#include "fixture.h"
#include "plan.h"

static struct section buffers[] = {
	{ .name = "adc0", .properties = { .size = 5000, .numa_node = -1,
					  .mode = 0660, .gid = 5 } },
	{ .name = "adc1", .properties = { .size = 8192, .numa_node = 1,
					  .backing = "contiguous",
					  .dma_bits = 32, .mode = 0600,
					  .zero_on_last_close = 1 } },
	{ .name = "adc2", .is_broken = 1 },
};

static const struct config config = { .buffers = buffers, .buffer_count = 3 };

static void plans(const struct present *present, size_t count,
		  const char *expected)
{
	struct plan plan;
	size_t size;
	char *text;
	FILE *file;

	file = open_memstream(&text, &size);
	assert_non_null(file);
	plan_make(&plan, &config, present, count, 4096);
	plan_print(&plan, file);
	plan_free(&plan);
	fclose(file);
	assert_string_equal(text, expected);
	free(text);
}

static void creates_what_is_missing(void **state)
{
	(void)state;
	plans(NULL, 0,
	      "create adc0 Size=5000 User=0 Group=5 Mode=0660 OnLastClose=keep\n"
	      "create adc1 Size=8192 Backing=contiguous NUMANode=1 DMABits=32 User=0 Group=0 Mode=0600 OnLastClose=zero\n");
}

static void keeps_what_is_there(void **state)
{
	const struct present present[] = {
		{ "other", 4096, "vmalloc", -1 },
		{ "adc1", 8192, "contiguous", 1 },
		{ "adc0", 8192, "vmalloc", 0 },
	};

	(void)state;
	plans(present, 3, "keep adc0\nkeep adc1\n");
}

static void leaves_what_differs(void **state)
{
	struct present present[] = {
		{ "adc0", 4096, "vmalloc", -1 },
		{ "adc1", 8192, "vmalloc", 1 },
	};

	(void)state;
	plans(present, 2,
	      "leave adc0: its size is 4096, not 8192\n"
	      "leave adc1: its backing is vmalloc, not contiguous\n");
	present[1].backing = "contiguous";
	present[1].numa_node = -1;
	plans(present, 2,
	      "leave adc0: its size is 4096, not 8192\n"
	      "leave adc1: its NUMA node is -1, not 1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(creates_what_is_missing),
		cmocka_unit_test(keeps_what_is_there),
		cmocka_unit_test(leaves_what_differs),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
