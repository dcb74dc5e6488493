// SPDX-License-Identifier: LGPL-2.1-or-later
#include "internal.h"

const char *libmapbuf_dev_dir(void)
{
	return "/dev";
}

const char *libmapbuf_class_dir(void)
{
	return "/sys/class/mapbuf";
}

/* Where run-mapbuf.mount has the file system. */
const char *libmapbuf_files_dir(void)
{
	return "/run/mapbuf";
}

/* A file for each of our descriptors */
const char *libmapbuf_fdinfo_dir(void)
{
	return "/proc/self/fdinfo";
}

/* Exists while udev runs. */
const char *libmapbuf_udev_control(void)
{
	return "/run/udev/control";
}
