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

int main(void)
{
	t_ok(!module_unload(), "unload");
	child(load_unload, 0);
	child(load_unload, 1);
	child(open_any, 0);
	child(open_any, 1);
	t_ok(reap(), "load and unload against open");
	module_unload();
	t_ok(!module_load("") && !module_unload() && !module_load(""),
	     "the module loads and unloads afterwards");
	return t_done();
}
