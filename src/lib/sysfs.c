// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reads /sys/class/mapbuf. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

/* mapbufN, and nothing else; without leading zeroes. */
int libmapbuf_parse_node(const char *node, unsigned int *id)
{
	char again[32];

	if (sscanf(node, "mapbuf%9u", id) != 1)
		return -1;
	snprintf(again, sizeof(again), "mapbuf%u", *id);
	return strcmp(node, again) == 0 ? 0 : -1;
}

int libmapbuf_read_text(int dir, const char *attribute, char *text,
			size_t size)
{
	ssize_t length;
	int fd, error;

	fd = openat(dir, attribute, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	length = read(fd, text, size - 1);
	error = errno;
	close(fd);
	if (length < 0) {
		errno = error;
		return -1;
	}
	if (length > 0 && text[length - 1] == '\n')
		length--;
	text[length] = '\0';
	return 0;
}

/* Also hexadecimal, which addresses are */
int libmapbuf_parse_int64(const char *text, int64_t *value)
{
	char end;

	if (sscanf(text, "%" SCNi64 " %c", value, &end) == 1)
		return 0;
	errno = EPROTO;
	return -1;
}

int libmapbuf_read_int64(int dir, const char *attribute, int64_t *value)
{
	char text[32];

	if (libmapbuf_read_text(dir, attribute, text, sizeof(text)))
		return -1;
	return libmapbuf_parse_int64(text, value);
}

/* Whether the buffer with this entry in the directory is called so. */
static int has_name(int dir, const char *node, const char *name)
{
	char path[300], text[MAPBUF_NAME_SIZE + 1];

	snprintf(path, sizeof(path), "%s/name", node);
	return !libmapbuf_read_text(dir, path, text, sizeof(text)) &&
	       strcmp(text, name) == 0;
}

int libmapbuf_find(const char *name, unsigned int *id)
{
	struct dirent *entry;
	DIR *dir;

	dir = opendir(libmapbuf_class_dir());
	if (!dir)
		return -1;
	while ((entry = readdir(dir))) {
		if (!libmapbuf_parse_node(entry->d_name, id) &&
		    has_name(dirfd(dir), entry->d_name, name)) {
			closedir(dir);
			return 0;
		}
	}
	closedir(dir);
	errno = ENOENT;
	return -1;
}
