// SPDX-License-Identifier: LGPL-2.1-or-later
/* The number of open files of a buffer, and when it changes. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

struct mapbuf_watch {
	int fd;
};

struct mapbuf_watch *mapbuf_watch_open(unsigned int id)
{
	struct mapbuf_watch *watch;
	char path[PATH_MAX];
	int error;

	watch = malloc(sizeof(*watch));
	if (!watch)
		return NULL;
	snprintf(path, sizeof(path), "%s/mapbuf%u/opens", libmapbuf_class_dir(),
		 id);
	watch->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (watch->fd < 0) {
		error = errno;
		free(watch);
		errno = error;
		return NULL;
	}
	return watch;
}

void mapbuf_watch_close(struct mapbuf_watch *watch)
{
	if (!watch)
		return;
	close(watch->fd);
	free(watch);
}

int mapbuf_watch_fd(const struct mapbuf_watch *watch)
{
	return watch->fd;
}

/* To read it is what makes the kernel tell of the next change. */
int64_t mapbuf_watch_opens(struct mapbuf_watch *watch)
{
	char text[32];
	int64_t opens;
	ssize_t length;

	length = pread(watch->fd, text, sizeof(text) - 1, 0);
	if (length < 0)
		return -1;
	text[length] = '\0';
	if (libmapbuf_parse_int64(text, &opens))
		return -1;
	return opens;
}
