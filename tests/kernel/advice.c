// SPDX-License-Identifier: GPL-2.0-only
/*
 * madvise() with everything it knows, on whole mappings and on a page inside
 * one.  What it returns is the kernel's business; the data must stay.
 */
#include "t.h"

#include <sys/uio.h>

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

/*
 * A compound page of a file, with as many references as if it were in the page
 * cache, looks as if it could be split: the pages of a part are asked for again
 * and again, with more pins each time.
 */
static void pinned(const char *store, char *map)
{
	static struct iovec pieces[520];
	int ends[2], bad = 0;
	size_t i;

	if (pipe(ends) || fcntl(ends[1], F_SETPIPE_SZ, 1024 * PAGE) < 0)
		t_bail("a long pipe");
	for (i = 0; i < ARRAY_LEN(pieces); i++)
		pieces[i] = (struct iovec){ map + 2 * MIB + PAGE, PAGE };
	if (vmsplice(ends[1], pieces, 500, 0) != 500 * (ssize_t)PAGE)
		t_bail("vmsplice");
	fill(map, SIZE, 99);
	for (i = 500; i < ARRAY_LEN(pieces); i++) {
		*(volatile char *)(map + 2 * MIB);
		madvise(map + 2 * MIB + PAGE, PAGE, MADV_COLD);
		*(volatile char *)(map + 2 * MIB);
		madvise(map + 2 * MIB + PAGE, PAGE, MADV_PAGEOUT);
		bad += !filled(map, SIZE, 99);
		bad += vmsplice(ends[1], pieces, 1, 0) != PAGE;
	}
	t_ok(!bad, "%s: nor does it split what has 500 pins and more", store);
	close(ends[0]);
	close(ends[1]);
}

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
		pinned(s->name, map);
		munmap(map, SIZE);
		close(fd);
		t_ok(!b_destroy("advice", 0), "%s: destroy", s->name);
	}
	return t_done();
}
