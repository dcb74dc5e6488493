// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ten thousand buffers.  What the first and the last cost is compared where the
 * clock counts instructions ("icount" on the kernel's command line); elsewhere
 * it would tell little, and fewer will do.
 */
#include "t.h"

#define SAMPLE 500

static int count = 10000;

static void name_of(char name[32], int i)
{
	snprintf(name, 32, "many-%d", i);
}

static bool create(int i)
{
	char name[32];

	name_of(name, i);
	return !b_try_create(name, PAGE, MAPBUF_BACKING_VMALLOC);
}

static bool use(int i)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/mapbuf%d", i);
	fd = open(path, O_RDWR);
	return fd >= 0 && !close(fd);
}

static bool destroy(int i)
{
	char name[32];

	name_of(name, i);
	return !b_destroy(name, 0);
}

/* From the last one back, so that the end of each run is the full table. */
static bool destroy_back(int i)
{
	return destroy(count - 1 - i);
}

static void each(bool (*what)(int i), const char *verb, bool counted)
{
	double start = seconds(), first = 0, last = 0, now;
	bool ok = true;
	int i;

	for (i = 0; i < count; i++) {
		if (i == count - SAMPLE)
			start = seconds();
		ok &= what(i);
		now = seconds() - start;
		if (i == SAMPLE - 1)
			first = now;
		if (i == count - 1)
			last = now;
	}
	t_ok(ok, "%s %d buffers", verb, count);
	if (counted)
		t_ok(last < first * 1.2 && first < last * 1.2,
		     "%s: the last %d cost %.2f of the first", verb, SAMPLE,
		     last / first);
	else
		t_note("%s: the last %d took %.2f of the first", verb, SAMPLE,
		       last / first);
}

int main(void)
{
	bool counted = counts_instructions();

	if (!counted)
		count = 2000;
	each(create, "create", counted);
	each(use, "open and close", counted);
	each(destroy_back, "destroy", counted);
	return t_done();
}
