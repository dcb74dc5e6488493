// SPDX-License-Identifier: GPL-2.0-only
#include <sys/vfs.h>

#include <linux/mapbuf.h>

#include "fake_files.h"

bool files_are_mounted;

int __wrap_statfs64(const char *path, struct statfs *fs);

int __wrap_statfs64(const char *path, struct statfs *fs)
{
	(void)path;
	fs->f_type = files_are_mounted ? MAPBUF_FS_MAGIC : 0x01021994;
	return 0;
}
