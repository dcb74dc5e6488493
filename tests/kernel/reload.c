// SPDX-License-Identifier: GPL-2.0-only
/* Loading and unloading against users; begins and ends with it loaded. */
#include "t.h"

static void load_unload(unsigned int seed)
{
	int i;

	(void)seed;
	for (i = 0; i < 100; i++) {
		int err = module_load("buffers=2 size=64K backing=contiguous");

		must(!err || err == -EEXIST || err == -EBUSY);
		err = module_unload();
		must(!err || err == -EAGAIN || err == -ENOENT || err == -EBUSY);
	}
}

static void open_any(unsigned int seed)
{
	int i;

	for (i = 0; i < 20000; i++) {
		int fd = open(seed % 2 ? "/dev/mapbuf0" : "/dev/mapbuf-control",
			      O_RDWR);

		if (fd >= 0)
			close(fd);
	}
}

/* 1000 times where there is time for it. */
static void again_and_again(void)
{
	int i, bad = 0, times = setting("SOAK_SECONDS", 20) > 60 ? 1000 : 30;
	long before = 0, after;

	for (i = 0; i < times && !bad; i++) {
		/* The first ones fill caches of the kernel. */
		if (i == times / 10)
			before = all_free();
		bad += module_load("buffers=2 size=64K") || module_unload();
	}
	after = all_free();
	t_ok(!bad, "load and unload %d times", i);
	t_ok(before - after < 4 * 1024,
	     "they take no memory (%ld KiB before, %ld after)", before, after);
}

int main(void)
{
	t_ok(!module_unload(), "unload");
	child(load_unload, 0);
	child(load_unload, 1);
	child(open_any, 0);
	child(open_any, 1);
	t_ok(reap(), "load and unload against open");
	module_unload();
	again_and_again();
	t_ok(!module_load("") && !module_unload() && !module_load(""),
	     "the module loads and unloads afterwards");
	return t_done();
}
