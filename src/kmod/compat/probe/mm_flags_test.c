// SPDX-License-Identifier: GPL-2.0-only
/* 6.18: the flags of an address space are behind functions. */
#include <linux/mm.h>
#include <linux/sched/coredump.h>

bool mapbuf_probe(struct mm_struct *mm)
{
	return mm_flags_test(MMF_DUMP_MAPPED_SHARED, mm);
}
