// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>

#include "fixture.h"
#include "plan.h"

static struct section buffers[] = {
	{ .name = "adc0", .properties = { .size = 5000, .numa_node = -1, .cache = "wb",
					  .mode = 0660, .gid = 5 } },
	{ .name = "adc1", .properties = { .size = 8192, .numa_node = 1, .cache = "wb",
					  .backing = "contiguous",
					  .dma_bits = 32, .mode = 0600,
					  .zero_on_last_close = 1 } },
	{ .name = "adc2", .is_broken = 1 },
};

static struct section hole = {
	.name = "hole",
	.properties = { .size = 8192, .numa_node = -1, .mode = 0660,
			.backing = "reserved", .has_start = 1,
			.start = 0x30000000, .cache = "wc",
			.zero_on_create = 1 }
};

static struct config config = { .buffers = buffers, .buffer_count = 3 };

static unsigned int flags;

static void plans(const struct present *present, size_t count,
		  const char *expected)
{
	struct plan plan;
	size_t size;
	char *text;
	FILE *file;

	file = open_memstream(&text, &size);
	assert_non_null(file);
	plan_make(&plan, &config, present, count, 4096, flags);
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
	      "create adc1 Size=8192 Backing=contiguous NUMANode=1 DMABits=32 User=0 Group=0 Mode=0600 OnLastClose=zero\n"
	      "create adc0 Size=5000 User=0 Group=5 Mode=0660 OnLastClose=keep\n");
}

#define PRESENT(name_, size_, backing_, node) { \
	.name = name_, .size = size_, .backing = backing_, .numa_node = node, \
	.dma_bits = -1, .phys_addr = -1, .cache = "", .zero_on_last_close = -1 }

static void keeps_what_is_there(void **state)
{
	struct present present[] = {
		PRESENT("other", 4096, "vmalloc", -1),
		PRESENT("adc1", 8192, "contiguous", 1),
		PRESENT("adc0", 8192, "vmalloc", 0),
	};

	(void)state;
	plans(present, 3, "keep adc0\nkeep adc1\n");
	present[1].dma_bits = 32;
	present[1].has_node = 1;
	present[1].mode = 0600;
	plans(present, 3, "keep adc0\nkeep adc1\n");
}

#define ANEW " (give --replace to create it again)\n"

static void leaves_what_differs(void **state)
{
	struct present present[] = {
		PRESENT("adc0", 4096, "vmalloc", -1),
		PRESENT("adc1", 8192, "vmalloc", 1),
	};

	(void)state;
	plans(present, 2,
	      "leave adc0: its size is 4096, not 8192" ANEW
	      "leave adc1: its backing is vmalloc, not contiguous" ANEW);
	present[0].size = 8192;
	present[1].backing = "contiguous";
	present[1].numa_node = -1;
	plans(present, 2,
	      "keep adc0\n"
	      "leave adc1: its NUMA node is -1, not 1" ANEW);
	present[1].numa_node = 1;
	present[1].dma_bits = 0;
	plans(present, 2,
	      "keep adc0\n"
	      "leave adc1: its DMA bits are 0, not 32" ANEW);
}

static void looks_at_the_last_close(void **state)
{
	struct present present[] = {
		PRESENT("adc0", 8192, "vmalloc", -1),
		PRESENT("adc1", 8192, "contiguous", 1),
	};

	(void)state;
	present[0].zero_on_last_close = 0;
	present[1].zero_on_last_close = 1;
	plans(present, 2, "keep adc0\nkeep adc1\n");
	present[0].zero_on_last_close = 1;
	present[1].zero_on_last_close = 0;
	plans(present, 2,
	      "leave adc0: its OnLastClose is zero, not keep" ANEW
	      "leave adc1: its OnLastClose is keep, not zero" ANEW);
}

static void looks_at_the_range(void **state)
{
	struct config before = config;
	struct present present = PRESENT("hole", 8192, "reserved", -1);

	(void)state;
	config.buffers = &hole;
	config.buffer_count = 1;
	plans(NULL, 0,
	      "create hole Size=8192 Backing=reserved Start=0x30000000 Cache=wc OnCreate=zero User=0 Group=0 Mode=0660 OnLastClose=keep\n");
	/* Ordinary users cannot see where it is. */
	plans(&present, 1, "keep hole\n");
	present.phys_addr = 0x30000000;
	present.cache = "wc";
	plans(&present, 1, "keep hole\n");
	present.cache = "wb";
	plans(&present, 1, "leave hole: its cache is wb, not wc" ANEW);
	present.phys_addr = 0x30001000;
	plans(&present, 1,
	      "leave hole: its start is 0x30001000, not 0x30000000" ANEW);
	config = before;
}

static void looks_at_the_node(void **state)
{
	struct present present = PRESENT("adc0", 8192, "vmalloc", -1);

	(void)state;
	present.has_node = 1;
	present.gid = 5;
	present.mode = 0640;
	plans(&present, 1,
	      "create adc1 Size=8192 Backing=contiguous NUMANode=1 DMABits=32 User=0 Group=0 Mode=0600 OnLastClose=zero\n"
	      "change adc0: its mode is 0640, not 0660\n");
	present.gid = 6;
	plans(&present, 1,
	      "create adc1 Size=8192 Backing=contiguous NUMANode=1 DMABits=32 User=0 Group=0 Mode=0600 OnLastClose=zero\n"
	      "change adc0: its group is 6, not 5\n");
	present.uid = 7;
	plans(&present, 1,
	      "create adc1 Size=8192 Backing=contiguous NUMANode=1 DMABits=32 User=0 Group=0 Mode=0600 OnLastClose=zero\n"
	      "change adc0: its owner is 7, not 0\n");
}

static void replaces_what_is_idle(void **state)
{
	struct present present[] = {
		PRESENT("adc0", 4096, "vmalloc", -1),
		PRESENT("adc1", 4096, "contiguous", 1),
	};

	(void)state;
	flags = PLAN_REPLACE;
	present[1].opens = 1;
	plans(present, 2,
	      "replace adc0: its size is 4096, not 8192\n"
	      "leave adc1: its size is 4096, not 8192, but it is in use (see mapbufctl show)\n");
	present[1].opens = 0;
	present[1].mappings = 1;
	present[0].opens = -1;
	plans(present, 2,
	      "replace adc0: its size is 4096, not 8192\n"
	      "leave adc1: its size is 4096, not 8192, but it is in use (see mapbufctl show)\n");
	flags = 0;
}

static void prunes_what_is_idle(void **state)
{
	struct present present[] = {
		PRESENT("adc0", 8192, "vmalloc", -1),
		PRESENT("old0", 4096, "vmalloc", -1),
		PRESENT("old1", 4096, "vmalloc", -1),
		PRESENT("adc1", 8192, "contiguous", 1),
		/* Its section is broken, but it is there. */
		PRESENT("adc2", 8192, "contiguous", 1),
	};

	(void)state;
	flags = PLAN_PRUNE;
	present[2].opens = 2;
	plans(present, 5,
	      "remove old0\n"
	      "leave old1: it is not configured, but in use (see mapbufctl show)\n"
	      "keep adc0\nkeep adc1\n");
	config.error_count = 1;
	plans(present, 5, "keep adc0\nkeep adc1\n");
	config.error_count = 0;
	flags = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(creates_what_is_missing),
		cmocka_unit_test(keeps_what_is_there),
		cmocka_unit_test(leaves_what_differs),
		cmocka_unit_test(looks_at_the_last_close),
		cmocka_unit_test(looks_at_the_range),
		cmocka_unit_test(looks_at_the_node),
		cmocka_unit_test(replaces_what_is_idle),
		cmocka_unit_test(prunes_what_is_idle),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
