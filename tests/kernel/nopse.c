// SPDX-License-Identifier: GPL-2.0-only
/*
 * On a processor without entries of 2 MiB nothing is mapped by one, and
 * everything else works.
 */
#include "use.h"

#define SIZE (8 * MIB + 3 * PAGE)
#define SEED 90

static bool has_pse(void)
{
	FILE *file = fopen("/proc/cpuinfo", "r");
	char line[4096];
	bool has = false;

	while (file && !has && fgets(line, sizeof(line), file))
		has = !strncmp(line, "flags", 5) && strstr(line, " pse ");
	if (file)
		fclose(file);
	return has;
}

int main(void)
{
	const struct store *s;

	t_ok(!has_pse(), "the processor has no entries of 2 MiB");
	/* The first time the kernel fills caches of its own. */
	must(!use_whole_life("once", SIZE, PAGE, MAPBUF_BACKING_VMALLOC, SEED));
	for (s = stores; s->name; s++) {
		long before = all_free(), pmd, after;
		char *at, *part;
		int fd;

		b_create("nopse", SIZE, s->id);
		fd = b_open("nopse", O_RDWR);
		at = b_map(fd, SIZE, 0);
		t_ok(all_zero(at, SIZE), "%s: a read finds zeroes", s->name);
		fill(at, SIZE, SEED);
		pmd = smaps_range(at, SIZE, "FilePmdMapped");
		t_ok(!pmd, "%s: %ld KiB in 2 MiB", s->name, pmd);
		t_ok(!madvise(at, SIZE, MADV_DONTNEED) &&
		     filled(at, SIZE, SEED), "%s: the data stays", s->name);
		part = mmap(NULL, SIZE, PROT_READ, MAP_SHARED | MAP_POPULATE,
			    fd, 0);
		t_ok(part != MAP_FAILED && filled(part, SIZE, SEED) &&
		     !smaps_range(part, SIZE, "FilePmdMapped"),
		     "%s: and populated", s->name);
		munmap(part, SIZE);
		t_ok(!munmap(at + 3 * PAGE, PAGE) &&
		     filled(at + HUGE_PAGE, PAGE, SEED + HUGE_PAGE / 8),
		     "%s: a part can be unmapped", s->name);
		munmap(at, SIZE);
		close(fd);
		t_ok(!b_destroy("nopse", 0), "%s: destroy", s->name);
		after = all_free();
		t_note("%ld KiB were free, then %ld", before, after);
		t_ok(labs(after - before) < (long)(4 * MIB / KIB),
		     "%s: the memory comes back", s->name);
	}
	return t_done();
}
