// SPDX-License-Identifier: GPL-2.0-only
/*
 * madvise() with everything it knows, on whole mappings and on a page inside
 * one.  What it returns is the kernel's business; the data must stay.
 */
#include "t.h"

#define SIZE (6 * MIB)

#ifndef MADV_COLD
#define MADV_COLD 20
#define MADV_PAGEOUT 21
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif
#define ADVICE(name) { MADV_##name, #name }

static const struct {
	int advice;
	const char *name;
} advices[] = {
	ADVICE(NORMAL), ADVICE(RANDOM), ADVICE(SEQUENTIAL), ADVICE(WILLNEED),
	ADVICE(DONTNEED), ADVICE(FREE), ADVICE(REMOVE), ADVICE(MERGEABLE),
	ADVICE(UNMERGEABLE), ADVICE(HUGEPAGE), ADVICE(NOHUGEPAGE),
	ADVICE(DONTDUMP), ADVICE(DODUMP), ADVICE(COLD), ADVICE(PAGEOUT),
	ADVICE(POPULATE_READ), ADVICE(POPULATE_WRITE), { 24, "DONTNEED_LOCKED" },
	{ 25, "COLLAPSE" }, ADVICE(DONTFORK), ADVICE(DOFORK),
	ADVICE(WIPEONFORK), ADVICE(KEEPONFORK),
};

int main(void)
{
	const struct store *s;
	size_t i;

	for (s = stores; s->name; s++) {
		char *map;
		int fd;

		b_create("advice", SIZE, s->id);
		fd = b_open("advice", O_RDWR);
		map = b_map(fd, SIZE, 0);
		for (i = 0; i < ARRAY_LEN(advices); i++) {
			int whole, part;

			fill(map, SIZE, i);
			part = madvise(map + 2 * MIB + PAGE, PAGE,
				       advices[i].advice) ? errno : 0;
			whole = madvise(map, SIZE, advices[i].advice) ?
				errno : 0;
			t_ok(filled(map, SIZE, i),
			     "%s: MADV_%s keeps the data (part: %d, whole: %d)",
			     s->name, advices[i].name, part, whole);
		}
		munmap(map, SIZE);
		close(fd);
		t_ok(!b_destroy("advice", 0), "%s: destroy", s->name);
	}
	return t_done();
}
