// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "internal.h"

struct mapbuf {
	int fd;
	struct mapbuf_info info;
};

struct mapbuf *mapbuf_open_fd(int fd)
{
	struct mapbuf *buffer;

	buffer = calloc(1, sizeof(*buffer));
	if (!buffer)
		return NULL;
	buffer->fd = fd;
	buffer->info.size = sizeof(buffer->info);
	if (ioctl(fd, MAPBUF_IOC_INFO, &buffer->info)) {
		int error = errno;

		free(buffer);
		errno = error;
		return NULL;
	}
	buffer->info.name[MAPBUF_NAME_SIZE - 1] = '\0';
	return buffer;
}

/* ESTALE: the node belongs to another buffer by now. */
static struct mapbuf *open_node(const char *path, const char *name, int flags)
{
	struct mapbuf *buffer;
	int fd, error;

	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	buffer = mapbuf_open_fd(fd);
	if (!buffer) {
		error = errno;
		close(fd);
		errno = error;
	} else if (strcmp(buffer->info.name, name) != 0) {
		mapbuf_close(buffer);
		buffer = NULL;
		errno = ESTALE;
	}
	return buffer;
}

int libmapbuf_files_are_mounted(void)
{
	struct statfs fs;

	return !statfs(libmapbuf_files_dir(), &fs) &&
	       fs.f_type == MAPBUF_FS_MAGIC;
}

/* Whether the path, rather than the access to it, was wrong. */
static int is_stale(int error)
{
	return error == ENOENT || error == ENOTDIR || error == ENXIO ||
	       error == ENODEV || error == ENOTTY || error == ESTALE;
}

struct mapbuf *mapbuf_open(const char *name, int flags)
{
	struct mapbuf *buffer;
	char path[PATH_MAX];
	unsigned int id;

	flags &= ~O_CLOEXEC; /* as it is anyway */
	if (!mapbuf_name_is_valid(name) ||
	    (flags != O_RDONLY && flags != O_RDWR)) {
		errno = EINVAL;
		return NULL;
	}
	snprintf(path, sizeof(path), "%s/mapbuf/%s", libmapbuf_dev_dir(), name);
	buffer = open_node(path, name, flags);
	if (buffer || !is_stale(errno))
		return buffer;

	/* There is no link where udev does not run, or has not run yet. */
	snprintf(path, sizeof(path), "%s/%s", libmapbuf_files_dir(), name);
	buffer = open_node(path, name, flags);
	if (buffer || (errno == ENOENT && libmapbuf_files_are_mounted()))
		return buffer;

	/* Nor are there files everywhere, or for everybody. */
	if (libmapbuf_find(name, &id))
		return NULL;
	snprintf(path, sizeof(path), "%s/mapbuf%u", libmapbuf_dev_dir(), id);
	buffer = open_node(path, name, flags);
	/* The module says ENODEV where the device of the range has gone. */
	if (!buffer && errno != ENODEV && is_stale(errno))
		errno = ENOENT;
	return buffer;
}

/*
 * What a buffer is that is open for reading only the kernel says in two ways:
 * EACCES of a mapping, EBADF of a call that writes, which is EACCES here, too.
 */
int libmapbuf_refused(const struct mapbuf *buffer)
{
	int flags;

	if (errno == EBADF) {
		flags = fcntl(buffer->fd, F_GETFL);
		errno = flags >= 0 && (flags & O_ACCMODE) == O_RDONLY ? EACCES :
									EBADF;
	}
	return -1;
}

void mapbuf_close(struct mapbuf *buffer)
{
	if (!buffer)
		return;
	close(buffer->fd);
	free(buffer);
}

int mapbuf_fd(const struct mapbuf *buffer)
{
	return buffer->fd;
}

const char *mapbuf_name(const struct mapbuf *buffer)
{
	return buffer->info.name;
}

uint64_t mapbuf_size(const struct mapbuf *buffer)
{
	return buffer->info.bytes;
}

const char *mapbuf_backing(const struct mapbuf *buffer)
{
	return libmapbuf_backing_name(buffer->info.backing);
}

unsigned int mapbuf_id(const struct mapbuf *buffer)
{
	return buffer->info.id;
}

int mapbuf_numa_node(const struct mapbuf *buffer)
{
	return buffer->info.numa_node;
}
