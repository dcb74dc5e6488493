// SPDX-License-Identifier: GPL-2.0-only
/* 5.12, commit f9ce0be71d1f: vm_operations_struct::map_pages returns a value. */
#include <linux/mm.h>

static vm_fault_t map_pages(struct vm_fault *vmf, pgoff_t start, pgoff_t end)
{
	return 0;
}

const struct vm_operations_struct mapbuf_probe = { .map_pages = map_pages };
