/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables of buffers, by libsmartcols. */
#ifndef MAPBUFCTL_TABLE_H
#define MAPBUFCTL_TABLE_H

#include <stddef.h>

struct libscols_table;
struct mapbuf_entry;

struct table_options {
	int json, raw, no_headings, bytes;
	int columns[32];	/* of column_table */
	size_t column_count;
};

/* NULL when out of memory */
struct libscols_table *table_new(const struct table_options *options);
int table_add(struct libscols_table *table, const struct mapbuf_entry *entry,
	      const struct table_options *options);

#endif /* MAPBUFCTL_TABLE_H */
