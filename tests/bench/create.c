// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: create MIB...
 *
 * What it costs to create and to destroy a buffer of 4 KiB, 64 KiB, 1 MiB and
 * these sizes, beside clearing so many pages.  Prints lines
 *
 *	create SIZE ROW WHOSE LATE CREATE DESTROY
 *		in instructions
 *
 * Rows of the kernel: the pages alone, allocated and cleared, in pieces of up
 * to 2 MiB; and clear_page() alone, which frees nothing.
 */
#include "line.h"

#include "kmod/mapcost.h"

enum { CREATE, DESTROY, STEPS };

/* Little comes in between of what is over soon, much of it is needed. */
static int rounds(size_t bytes)
{
	return bytes <= MIB ? 16 : bytes <= 64 * MIB ? 5 : 2;
}

static void measure_store(const struct store *store, size_t bytes)
{
	uint64_t best[STEPS] = { 0 }, steps[STEPS], at[STEPS + 1];
	char row[64];
	int i, err;

	snprintf(row, sizeof(row), "mapbuf %s", store->name);
	for (i = 0; i < rounds(bytes); i++) {
		at[CREATE] = now();
		err = b_try_create("one", bytes, store->id);
		if (err) {
			line_error(bytes, row, -err);
			return;
		}
		at[DESTROY] = now();
		if (b_destroy("one", 0))
			t_bail("destroy");
		at[STEPS] = now();
		steps[CREATE] = at[DESTROY] - at[CREATE];
		steps[DESTROY] = at[STEPS] - at[DESTROY];
		least(best, steps, STEPS, !i);
	}
	line_counts("create", bytes, row, "mapbuf", best, STEPS);
}

static void measure_kernel(int fd, size_t bytes)
{
	uint64_t best[STEPS] = { 0 }, clear = 0, cleared, steps[STEPS];
	struct mapcost_pages request = { .pages = bytes / PAGE };
	int i;

	for (i = 0; i < rounds(bytes); i++) {
		if (ioctl(fd, MAPCOST_PAGES, &request))
			t_bail("clear %zu bytes", bytes);
		steps[CREATE] = request.get;
		steps[DESTROY] = request.put;
		least(best, steps, STEPS, !i);
		cleared = request.clear;
		least(&clear, &cleared, 1, !i);
	}
	line_counts("create", bytes, "alloc_pages, cleared", "driver", best,
		    STEPS);
	line_counts("create", bytes, "clear_page", "driver", &clear, 1);
}

static void measure(int fd, size_t bytes)
{
	const struct store *s;

	for (s = stores; s->name; s++)
		measure_store(s, bytes);
	measure_kernel(fd, bytes);
}

int main(int argc, char **argv)
{
	int i, fd = open("/dev/mapcost", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		t_bail("open /dev/mapcost");
	measure(fd, 4 * KIB);
	measure(fd, 64 * KIB);
	measure(fd, MIB);
	for (i = 1; i < argc; i++)
		measure(fd, atol(argv[i]) * MIB);
	return 0;
}
