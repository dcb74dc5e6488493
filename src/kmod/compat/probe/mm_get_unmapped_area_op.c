// SPDX-License-Identifier: GPL-2.0-only
/* Until 6.9, commit 529ce23a764f: mm_struct::get_unmapped_area. */
#include <linux/mm_types.h>
#include <linux/sched.h>

unsigned long mapbuf_probe(struct file *file)
{
	return current->mm->get_unmapped_area(file, 0, 0, 0, 0);
}
