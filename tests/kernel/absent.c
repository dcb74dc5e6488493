// SPDX-License-Identifier: GPL-2.0-only
/* A module built for a kernel without CONFIG_CONTIG_ALLOC: one store is absent. */
#include "t.h"

#define PARAMETER "/sys/module/mapbuf/parameters/backing"

int main(void)
{
	/* Before the control node is open. */
	if (module_unload())
		t_bail("unload");
	t_ok(module_load("backing=contiguous buffers=1") == -EOPNOTSUPP,
	     "the module does not load with it as the default");
	t_ok(!module_load(""), "without that it does");
	t_ok(b_try_create("absent", 8 * MIB, MAPBUF_BACKING_CONTIGUOUS) ==
	     -EOPNOTSUPP, "no contiguous buffer");
	t_ok(b_try_create("absent", PAGE, MAPBUF_BACKING_CONTIGUOUS) ==
	     -EOPNOTSUPP, "nor a small one");
	t_ok(b_try_create("-absent", PAGE, MAPBUF_BACKING_CONTIGUOUS) ==
	     -EINVAL, "what is invalid is so all the same");
	t_ok(write_file(PARAMETER, "contiguous") == -EOPNOTSUPP,
	     "it cannot be the default");
	t_ok(!write_file(PARAMETER, "vmalloc"), "vmalloc can");
	t_ok(!b_try_create("absent", 8 * MIB, MAPBUF_BACKING_DEFAULT),
	     "a buffer that is not contiguous");
	t_ok(!strcmp(b_sysfs("absent", "backing"), "vmalloc"), "it is vmalloc");
	b_destroy("absent", 0);
	return t_done();
}
