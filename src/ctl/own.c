// SPDX-License-Identifier: GPL-2.0-only
/* Owner, group and mode of a buffer that exists. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "own.h"
#include "system.h"

/* At no time may anybody open it who could do so neither before nor after. */
static int change(const char *path, const struct properties *to)
{
	struct stat status;

	if (stat(path, &status))
		return -1;
	if (chmod(path, status.st_mode & to->mode) ||
	    chown(path, to->uid, to->gid) || chmod(path, to->mode))
		return -1;
	return 0;
}

int own_buffer(const char *name, unsigned int id, const struct properties *to)
{
	char *file = system_path("/run/mapbuf/%s", name);
	char *node = system_path("/dev/mapbuf%u", id);
	int error = 0;

	/* With the file it is the module that knows, and tells udev. */
	if ((change(file, to) && errno != ENOENT) || change(node, to))
		error = errno;
	free(node);
	free(file);
	return error;
}
