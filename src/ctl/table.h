/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables, by libsmartcols; and the same as JSON, by json-c. */
#ifndef MAPBUFCTL_TABLE_H
#define MAPBUFCTL_TABLE_H

#include <stddef.h>

struct json_object;
struct libscols_table;
struct mapbuf_entry;

/*
 * @raw: an empty cell is "-", as fields are separated by a blank
 * @pairs: KEY="value"
 */
struct table_options {
	int json, raw, pairs, no_headings, bytes;
	int columns[32];	/* of column_table */
	size_t column_count;
};

/* NULL when out of memory */
struct libscols_table *table_new(const struct table_options *options);
int table_add(struct libscols_table *table, const struct mapbuf_entry *entry,
	      const struct table_options *options);

/**
 * struct table_column - of a table of something else
 * @title: its heading
 * @is_number: a bare number in JSON
 * @flags: of libsmartcols; JSON has the hidden ones, too
 */
struct table_column {
	const char *title;
	int is_number;
	int flags;
};

/* NULL when out of memory */
struct libscols_table *table_build(const struct table_column *columns,
				   size_t count);
/*
 * Adds an array with an object for each line.  Its keys are the headings, in small
 * letters.
 */
void table_add_json(struct json_object *to, const char *key,
		    struct libscols_table *table);

#endif /* MAPBUFCTL_TABLE_H */
