// SPDX-License-Identifier: GPL-2.0-only
/* 6.9: what locks and leases have in common is struct file_lock_core. */
#include <linux/filelock.h>

void mapbuf_probe(struct file_lock *lock)
{
	lock->c.flc_type = F_UNLCK;
}
