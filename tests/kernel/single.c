// SPDX-License-Identifier: GPL-2.0-only
/*
 * On kernels that give ranges as single pages, the module makes 2 MiB pages of
 * them, but of those 2 MiB where somebody else refers to a page.
 */
#include "t.h"

#include <sys/syscall.h>

#define SIZE (4 * HUGE_PAGE + 3 * PAGE)
#define SEED 30

/* The page of a range that somebody refers to: the first, one, and the last. */
static const char *const referred[] = { "index=0", "index=700", "index=2047" };

static void load_refer(const char *which)
{
	int fd = open("/t/refer.ko", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || syscall(SYS_finit_module, fd, which, 0))
		t_bail("load /t/refer.ko");
	close(fd);
}

/* Makes a buffer, uses and destroys it; how much was mapped in 2 MiB. */
static long whole_life(const char *which)
{
	char *map;
	long pmd;
	int fd;

	if (*which)
		load_refer(which);
	b_create("single", SIZE, MAPBUF_BACKING_CONTIGUOUS);
	fd = b_open("single", O_RDWR);
	map = b_map(fd, SIZE, 0);
	t_ok(all_zero(map, SIZE), "%s: a read finds zeroes", which);
	fill(map, SIZE, SEED);
	pmd = smaps_range(map, SIZE, "FilePmdMapped");
	t_ok(smaps_range(map, SIZE, "Rss") == SIZE / KIB,
	     "%s: all of it is mapped", which);
	munmap(map, SIZE);
	map = b_map(fd, SIZE, 0);
	t_ok(filled(map, SIZE, SEED), "%s: the data stays", which);
	munmap(map, SIZE);
	close(fd);
	if (*which) {
		t_ok(b_destroy("single", 0) == -EBUSY,
		     "%s: the page is in use", which);
		if (syscall(SYS_delete_module, "refer", O_NONBLOCK))
			t_bail("unload refer");
	}
	t_ok(!b_destroy("single", 0), "%s: destroy", which);
	return pmd;
}

int main(void)
{
	long before, after, pmd;
	size_t i;

	/* The first time the kernel fills caches of its own. */
	whole_life("");
	before = all_free();
	for (i = 0; i < ARRAY_LEN(referred); i++) {
		pmd = whole_life(referred[i]);
		t_ok(pmd == (long)(3 * HUGE_PAGE / KIB),
		     "%s: the others are mapped in 2 MiB: %ld KiB",
		     referred[i], pmd);
		pmd = whole_life("");
		t_ok(pmd == (long)(4 * HUGE_PAGE / KIB),
		     "nobody refers to one: %ld KiB are mapped in 2 MiB", pmd);
	}
	after = all_free();
	t_ok(labs(after - before) < (long)(4 * MIB / KIB),
	     "the memory comes back (%ld KiB were free, then %ld)", before,
	     after);
	return t_done();
}
