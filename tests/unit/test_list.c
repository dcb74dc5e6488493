// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mapbuf.h>

#include "fake_files.h"
#include "fixture.h"

static unsigned int removals;

struct dirent *__real_readdir64(DIR *dir);
struct dirent *__wrap_readdir64(DIR *dir);

/* What the kernel does when the buffer that it has come to is destroyed. */
struct dirent *__wrap_readdir64(DIR *dir)
{
	static struct dirent removed;
	struct dirent *entry = __real_readdir64(dir);
	char from[300], to[100];

	if (!removals || !entry || strncmp(entry->d_name, "mapbuf", 6))
		return entry;
	removals--;
	removed = *entry;
	snprintf(from, sizeof(from), "%s/sys/class/mapbuf/%s", fixture_root(),
		 removed.d_name);
	snprintf(to, sizeof(to), "%s/destroyed", fixture_root());
	assert_int_equal(rename(from, to), 0);
	do
		entry = __real_readdir64(dir);
	while (entry && strncmp(entry->d_name, "mapbuf", 6));
	return &removed;
}

static void passed_over_by_kernel(void **state)
{
	struct mapbuf_list *list;

	(void)state;
	fixture_buffer(1, "a", "4096", "vmalloc");
	fixture_buffer(2, "b", "4096", "vmalloc");
	removals = 1;
	list = mapbuf_list_read();
	assert_non_null(list);
	assert_int_equal(removals, 0);
	assert_int_equal(mapbuf_list_count(list), 1);
	mapbuf_list_free(list);
}

static void sorted_and_complete(void **state)
{
	const struct mapbuf_entry *entry;
	struct mapbuf_list *list;

	(void)state;
	fixture_buffer(10, "b", "8192", "contiguous");
	fixture_buffer(9, "a.1", "4096", "vmalloc");
	fixture_write("/sys/class/mapbuf/mapbuf9/numa_node", "1\n");
	fixture_write("/sys/class/mapbuf/mapbuf9/opens", "2\n");
	fixture_write("/sys/class/mapbuf/mapbuf9/exports", "3\n");
	fixture_write("/sys/class/mapbuf/mapbuf9/errors", "4\n");
	fixture_write("/sys/class/mapbuf/mapbuf9/notifications",
		      "8589934592\n");
	fixture_write("/sys/class/mapbuf/mapbuf9/mappings", "3\n");
	fixture_write("/sys/class/mapbuf/mapbuf9/pinned", "8192\n");
	fixture_write("/sys/class/mapbuf/mapbuf9/dma_bits", "32\n");
	fixture_write("/sys/class/mapbuf/mapbuf9/phys_addr",
		      "0x0000000123456000\n");
	fixture_write("/sys/class/mapbuf/mapbuf9/dma_addr", "0xf0000000\n");
	fixture_write("/sys/class/mapbuf/mapbuf9/cache", "wc\n");
	fixture_write("/sys/class/mapbuf/mapbuf9/on_last_close", "zero\n");
	fixture_write("/sys/class/mapbuf/mapbuf10/on_last_close", "keep\n");
	list = mapbuf_list_read();
	assert_non_null(list);
	assert_int_equal(mapbuf_list_count(list), 2);
	entry = mapbuf_list_get(list, 0);
	assert_string_equal(mapbuf_entry_name(entry), "a.1");
	assert_string_equal(mapbuf_entry_backing(entry), "vmalloc");
	assert_int_equal(mapbuf_entry_size(entry), 4096);
	assert_int_equal(mapbuf_entry_id(entry), 9);
	assert_int_equal(mapbuf_entry_numa_node(entry), 1);
	assert_int_equal(mapbuf_entry_opens(entry), 2);
	assert_int_equal(mapbuf_entry_exports(entry), 3);
	assert_int_equal(mapbuf_entry_pinned(entry), 8192);
	assert_int_equal(mapbuf_entry_errors(entry), 4);
	assert_int_equal(mapbuf_entry_notifications(entry), 8589934592);
	assert_int_equal(mapbuf_entry_mappings(entry), 3);
	assert_int_equal(mapbuf_entry_dma_bits(entry), 32);
	assert_int_equal(mapbuf_entry_phys_addr(entry), 0x123456000);
	assert_int_equal(mapbuf_entry_dma_address(entry), 0xf0000000);
	assert_null(mapbuf_entry_device(entry));
	assert_string_equal(mapbuf_entry_cache(entry), "wc");
	assert_int_equal(mapbuf_entry_zero_on_last_close(entry), 1);
	entry = mapbuf_list_get(list, 1);
	assert_string_equal(mapbuf_entry_name(entry), "b");
	assert_int_equal(mapbuf_entry_numa_node(entry), -1);
	assert_int_equal(mapbuf_entry_opens(entry), -1);
	assert_int_equal(mapbuf_entry_errors(entry), -1);
	assert_int_equal(mapbuf_entry_notifications(entry), -1);
	assert_int_equal(mapbuf_entry_mappings(entry), -1);
	assert_int_equal(mapbuf_entry_pinned(entry), -1);
	assert_int_equal(mapbuf_entry_dma_bits(entry), -1);
	assert_int_equal(mapbuf_entry_phys_addr(entry), -1);
	assert_int_equal(mapbuf_entry_dma_address(entry), -1);
	assert_string_equal(mapbuf_entry_cache(entry), "");
	assert_int_equal(mapbuf_entry_zero_on_last_close(entry), 0);
	assert_null(mapbuf_list_get(list, 2));
	mapbuf_list_free(list);
}

static void found_by_name(void **state)
{
	const struct mapbuf_entry *entry;
	struct mapbuf_list *list;
	char path[300];

	(void)state;
	fixture_buffer(1, "a", "4096", "vmalloc");
	fixture_buffer(2, "b", "4096", "vmalloc");
	fixture_write("/run/mapbuf/b", "");
	list = mapbuf_list_read();
	assert_non_null(list);
	errno = 0;
	assert_null(mapbuf_list_find(list, "c"));
	assert_int_equal(errno, ENOENT);
	entry = mapbuf_list_find(list, "a");
	assert_int_equal(mapbuf_entry_id(entry), 1);
	snprintf(path, sizeof(path), "%s/dev/mapbuf1", fixture_root());
	assert_string_equal(mapbuf_entry_path(entry), path);
	entry = mapbuf_list_find(list, "b");
	snprintf(path, sizeof(path), "%s/run/mapbuf/b", fixture_root());
	assert_string_equal(mapbuf_entry_path(entry), path);
	assert_int_equal(chmod(path, 0604), 0);
	assert_int_equal(mapbuf_entry_mode(entry), 0604);
	assert_int_equal(mapbuf_entry_uid(entry), geteuid());
	assert_int_equal(mapbuf_entry_gid(entry), getegid());
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mapbuf_entry_mode(entry), -1);
	assert_int_equal(mapbuf_entry_uid(entry), -1);
	assert_int_equal(mapbuf_entry_gid(entry), -1);
	mapbuf_list_free(list);
}

/* Where the file system is mounted each has a file: none is looked for. */
static void files(void **state)
{
	struct mapbuf_list *list;
	char path[300];

	(void)state;
	fixture_buffer(1, "a", "4096", "vmalloc");
	files_are_mounted = true;
	list = mapbuf_list_read();
	files_are_mounted = false;
	assert_non_null(list);
	snprintf(path, sizeof(path), "%s/run/mapbuf/a", fixture_root());
	assert_string_equal(mapbuf_entry_path(mapbuf_list_get(list, 0)), path);
	mapbuf_list_free(list);
}

static void many(void **state)
{
	struct mapbuf_list *list;
	char name[32];
	unsigned int i;

	(void)state;
	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "1234567890123456789012345678%03u",
			 i);
		fixture_buffer(i, name, "4096", "vmalloc");
	}
	list = mapbuf_list_read();
	assert_non_null(list);
	assert_int_equal(mapbuf_list_count(list), 100);
	assert_string_equal(mapbuf_entry_name(mapbuf_list_get(list, 99)), name);
	mapbuf_list_free(list);
}

/* Neither what is no buffer nor what goes away meanwhile is an error. */
static void passes_over(void **state)
{
	struct mapbuf_list *list;

	(void)state;
	fixture_write("/sys/class/mapbuf/mapbuf1/name", "going\n");
	fixture_write("/sys/class/mapbuf/mapbuf/name", "x\n");
	fixture_write("/sys/class/mapbuf/mapbuf02/name", "x\n");
	fixture_write("/sys/class/mapbuf/mapbuf2x/name", "x\n");
	fixture_write("/sys/class/mapbuf/version", "x\n");
	fixture_buffer(3, "adc0", "4096", "vmalloc");
	list = mapbuf_list_read();
	assert_non_null(list);
	assert_int_equal(mapbuf_list_count(list), 1);
	assert_int_equal(mapbuf_entry_id(mapbuf_list_get(list, 0)), 3);
	assert_int_equal(mapbuf_entry_zero_on_last_close(mapbuf_list_get(list,
									 0)),
			 -1);
	mapbuf_list_free(list);
}

static void broken_size(void **state)
{
	(void)state;
	fixture_buffer(3, "adc0", "big", "vmalloc");
	assert_null(mapbuf_list_read());
	assert_int_equal(errno, EPROTO);
}

static void empty_and_missing(void **state)
{
	struct mapbuf_list *list;

	(void)state;
	assert_null(mapbuf_list_read());
	assert_int_equal(errno, ENOENT);
	fixture_write("/sys/class/mapbuf/version", "x\n");
	list = mapbuf_list_read();
	assert_non_null(list);
	assert_int_equal(mapbuf_list_count(list), 0);
	mapbuf_list_free(list);
	mapbuf_list_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(sorted_and_complete),
		fixture_test(found_by_name),
		fixture_test(files),
		fixture_test(many),
		fixture_test(passes_over),
		fixture_test(passed_over_by_kernel),
		fixture_test(broken_size),
		fixture_test(empty_and_missing),
	};

	return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
