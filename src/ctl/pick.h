/* SPDX-License-Identifier: GPL-2.0-only */
/* The buffers that a command line names. */
#ifndef MAPBUFCTL_PICK_H
#define MAPBUFCTL_PICK_H

#include <stddef.h>

struct mapbuf_entry;
struct mapbuf_list;

/* Reports why when the buffers cannot be listed, and returns NULL. */
struct mapbuf_list *pick_list(void);
/*
 * Those of @names, in that order, or all if @name_count is 0.  Reports each name
 * that does not exist and leaves it out.  The caller frees the array.
 */
const struct mapbuf_entry **pick(const struct mapbuf_list *list, char **names,
				 size_t name_count, size_t *count);

#endif /* MAPBUFCTL_PICK_H */
