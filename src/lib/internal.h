/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the objects of libmapbuf share; none of it is exported. */
#ifndef LIBMAPBUF_INTERNAL_H
#define LIBMAPBUF_INTERNAL_H

#include <dirent.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/mapbuf.h>

#include "mapbuf.h"

/* paths.c, which the tests replace when they link. */
const char *libmapbuf_dev_dir(void);
const char *libmapbuf_class_dir(void);
const char *libmapbuf_files_dir(void);
const char *libmapbuf_fdinfo_dir(void);
const char *libmapbuf_udev_control(void);

/* buffer.c: -1, with the errno of a call that was refused */
int libmapbuf_refused(const struct mapbuf *buffer);
/* Whether each buffer has a file in libmapbuf_files_dir(). */
int libmapbuf_files_are_mounted(void);

/* backing.c */
const char *libmapbuf_backing_name(uint32_t number);
int libmapbuf_backing_number(const char *name, uint32_t *number);
int libmapbuf_cache_number(const char *name, uint32_t *number);

/* sysfs.c: the buffers in /sys/class/mapbuf, in no order */
struct libmapbuf_node {
	unsigned int id;
	ino_t inode;
};

struct libmapbuf_nodes {
	DIR *dir;
	struct libmapbuf_node *node;
	size_t count;
};

int libmapbuf_nodes_read(struct libmapbuf_nodes *nodes);
void libmapbuf_nodes_free(struct libmapbuf_nodes *nodes);
int libmapbuf_parse_node(const char *node, unsigned int *id);
int libmapbuf_read_text(int dir, const char *attribute, char *text,
			size_t size);
int libmapbuf_parse_int64(const char *text, int64_t *value);
int libmapbuf_read_int64(int dir, const char *attribute, int64_t *value);
int libmapbuf_has_name(int dir, unsigned int id, const char *name);
int libmapbuf_find(const char *name, unsigned int *id);

/* clock.c: CLOCK_MONOTONIC */
int64_t libmapbuf_now_ms(void);

/* options.c */
int libmapbuf_options_fill(const struct mapbuf_options *options,
			   struct mapbuf_create *request);

#endif /* LIBMAPBUF_INTERNAL_H */
