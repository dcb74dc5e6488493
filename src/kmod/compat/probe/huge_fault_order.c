// SPDX-License-Identifier: GPL-2.0-only
/* 6.6, commit 1d024e7a8dab: vm_operations_struct::huge_fault takes an order;
 * before, an enum, which is an unsigned int to the compiler, but cannot be
 * defined twice.
 */
#include <linux/mm.h>

enum page_entry_size { MAPBUF_PROBE };

static vm_fault_t huge_fault(struct vm_fault *vmf, unsigned int order)
{
	return VM_FAULT_FALLBACK;
}

const struct vm_operations_struct mapbuf_probe = { .huge_fault = huge_fault };
