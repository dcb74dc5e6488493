// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reads /sys/class/mapbuf. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

/* One reading of the directory. */
static int read_nodes(struct libmapbuf_nodes *nodes)
{
	struct dirent *entry;
	size_t room = 0;
	unsigned int id;

	nodes->count = 0;
	nodes->node = NULL;
	while ((errno = 0, entry = readdir(nodes->dir))) {
		struct libmapbuf_node *grown = nodes->node;

		if (libmapbuf_parse_node(entry->d_name, &id))
			continue;
		if (nodes->count == room) {
			room = room ? 2 * room : 16;
			grown = reallocarray(grown, room, sizeof(*grown));
			if (!grown)
				break;
			nodes->node = grown;
		}
		grown[nodes->count].id = id;
		grown[nodes->count++].inode = entry->d_ino;
	}
	return errno ? -1 : 0;
}

/* Whether each is still the one that was read. */
static int are_there(const struct libmapbuf_nodes *nodes)
{
	struct stat status;
	char name[32];
	size_t i;

	for (i = 0; i < nodes->count; i++) {
		snprintf(name, sizeof(name), "mapbuf%u", nodes->node[i].id);
		if (fstatat(dirfd(nodes->dir), name, &status,
			    AT_SYMLINK_NOFOLLOW) ||
		    status.st_ino != nodes->node[i].inode)
			return 0;
	}
	return 1;
}

/*
 * When the entry that readdir() has come to is removed, the kernel may go on
 * behind the next one (kernfs_dir_next_pos(), seen on 6.12), and a buffer
 * that is there would be missing.  A reading all of whose entries still exist
 * has passed over none.  Where buffers come and go all the time, the last
 * reading has to do.
 */
#define READINGS 100

int libmapbuf_nodes_read(struct libmapbuf_nodes *nodes)
{
	int i, error;

	nodes->dir = opendir(libmapbuf_class_dir());
	if (!nodes->dir)
		return -1;
	for (i = 1; !read_nodes(nodes); i++) {
		if (are_there(nodes) || i == READINGS)
			return 0;
		free(nodes->node);
		rewinddir(nodes->dir);
	}
	error = errno;
	libmapbuf_nodes_free(nodes);
	errno = error;
	return -1;
}

void libmapbuf_nodes_free(struct libmapbuf_nodes *nodes)
{
	closedir(nodes->dir);
	free(nodes->node);
}

/* Whether that buffer is called so.  @dir: of the class */
int libmapbuf_has_name(int dir, unsigned int id, const char *name)
{
	char path[32], text[MAPBUF_NAME_SIZE + 1];

	snprintf(path, sizeof(path), "mapbuf%u/name", id);
	return !libmapbuf_read_text(dir, path, text, sizeof(text)) &&
	       strcmp(text, name) == 0;
}

int libmapbuf_find(const char *name, unsigned int *id)
{
	struct libmapbuf_nodes nodes;
	int is_found = 0;
	size_t i;

	if (libmapbuf_nodes_read(&nodes))
		return -1;
	for (i = 0; i < nodes.count && !is_found; i++) {
		*id = nodes.node[i].id;
		is_found = libmapbuf_has_name(dirfd(nodes.dir), *id, name);
	}
	libmapbuf_nodes_free(&nodes);
	if (is_found)
		return 0;
	errno = ENOENT;
	return -1;
}
