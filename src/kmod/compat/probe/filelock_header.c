// SPDX-License-Identifier: GPL-2.0-only
/* 6.3: locks of files have a header of their own. */
#include <linux/filelock.h>

void mapbuf_probe(struct file_lock *lock)
{
	locks_init_lock(lock);
}
