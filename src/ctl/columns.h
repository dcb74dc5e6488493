/* SPDX-License-Identifier: GPL-2.0-only */
/* What there is to tell of a buffer: for output, help and completion. */
#ifndef MAPBUFCTL_COLUMNS_H
#define MAPBUFCTL_COLUMNS_H

#include <stddef.h>

struct mapbuf_entry;

#define CELL_SIZE 256

/**
 * struct column - one of the table
 * @title: its heading, in capitals; in JSON in small letters
 * @summary: one line
 * @is_number: aligned to the right; a bare number in JSON
 * @is_default: shown in lists unless columns are asked for
 * @print: fills in the cell of CELL_SIZE bytes; an empty one is unknown.
 *         @exact: sizes in bytes
 */
struct column {
	const char *title;
	const char *summary;
	int is_number;
	int is_default;
	void (*print)(char *cell, const struct mapbuf_entry *entry, int exact);
};

#define COLUMN_COUNT 21
extern const struct column column_table[COLUMN_COUNT];

/* -1 if there is none; capitals do not matter */
int column_find(const char *title, size_t length);

#endif /* MAPBUFCTL_COLUMNS_H */
