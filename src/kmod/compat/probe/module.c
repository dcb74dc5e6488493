// SPDX-License-Identifier: GPL-2.0-only
/* Any kernel: shows that the probes can compile at all. */
#include <linux/module.h>

int mapbuf_probe(void)
{
	return 0;
}
