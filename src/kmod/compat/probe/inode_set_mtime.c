// SPDX-License-Identifier: GPL-2.0-only
/* 6.7: the times of an inode are set by functions. */
#include <linux/fs.h>

void mapbuf_probe(struct inode *inode, struct timespec64 when)
{
	inode_set_mtime_to_ts(inode, when);
}
