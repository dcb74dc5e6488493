// SPDX-License-Identifier: GPL-2.0-only
/* 6.3, commit bc292ab00f6c; backported to 6.1.y without the const flags. */
#include <linux/mm.h>

void mapbuf_probe(struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_DONTEXPAND);
}
