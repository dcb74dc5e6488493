/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Locks of flock(2) and fcntl(2): operations of open nodes and files.
 */
#ifndef MAPBUF_LOCKS_H
#define MAPBUF_LOCKS_H

#include <linux/fs.h>

struct file_lock;

int mapbuf_file_lock(struct file *file, int cmd, struct file_lock *lock);
int mapbuf_file_flock(struct file *file, int cmd, struct file_lock *lock);
int mapbuf_file_flush(struct file *file, fl_owner_t owner);
void mapbuf_file_unlock(struct file *file);

#endif /* MAPBUF_LOCKS_H */
