// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whatever memory held, a new buffer is zero.  Runs where the kernel does not
 * clear memory by itself.
 */
#include "t.h"

#define DIRTY (1024 * MIB)

static const size_t sizes[] = {
	PAGE, 3 * PAGE, MIB, 2 * MIB, 2 * MIB + PAGE, 9 * MIB, 96 * MIB,
};

static void dirty(unsigned int byte)
{
	void *map = mmap(NULL, DIRTY, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(map != MAP_FAILED);
	memset(map, byte, DIRTY);
}

/* Also what an earlier buffer held must not be seen in a later one. */
static void zeroed(const struct store *store, size_t size)
{
	bool zero = true;
	size_t i;

	for (i = 0; i < 2 && zero; i++) {
		char *map;
		int fd;

		b_create("zero", size, store->id);
		fd = b_open("zero", O_RDWR);
		map = b_map(fd, size, 0);
		zero = all_zero(map, size);
		memset(map, 0xa5, size);
		munmap(map, size);
		close(fd);
		b_destroy("zero", 0);
	}
	t_ok(zero, "%s: %zu KiB are zero, and after they were used", store->name,
	     size / KIB);
}

int main(void)
{
	const struct store *s;
	char *dirtied;
	size_t i;

	child(dirty, 0xa5);
	if (!reap())
		t_bail("to fill memory");
	dirtied = mmap(NULL, MIB, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	t_ok(all_zero(dirtied, MIB), "a process gets zeroes all the same");
	for (s = stores; s->name; s++) {
		for (i = 0; i < ARRAY_LEN(sizes); i++)
			zeroed(s, sizes[i]);
	}
	return t_done();
}
