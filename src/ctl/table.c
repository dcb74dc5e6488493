// SPDX-License-Identifier: GPL-2.0-only
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "table.h"

static int add_column(struct libscols_table *table, const char *title,
		      int flags, int is_number)
{
	struct libscols_column *added;

	added = scols_table_new_column(table, title, 0, flags);
	if (!added)
		return -1;
	if (is_number)
		scols_column_set_json_type(added, SCOLS_JSON_NUMBER);
	return 0;
}

static int add_columns(struct libscols_table *table,
		       const struct table_options *options)
{
	const struct column *column;
	size_t i;

	for (i = 0; i < options->column_count; i++) {
		column = &column_table[options->columns[i]];
		/* Where the terminal is narrow, texts are cut. */
		if (add_column(table, column->title, column->is_number ?
			       SCOLS_FL_RIGHT : SCOLS_FL_TRUNC,
			       column->is_number))
			return -1;
	}
	return 0;
}

struct libscols_table *table_new(const struct table_options *options)
{
	struct libscols_table *table = scols_new_table();

	if (!table)
		return NULL;
	scols_table_set_name(table, "buffers");
	scols_table_enable_json(table, options->json);
	scols_table_enable_raw(table, options->raw);
	scols_table_enable_export(table, options->pairs);
	scols_table_enable_noheadings(table, options->no_headings);
	if (add_columns(table, options)) {
		scols_unref_table(table);
		return NULL;
	}
	return table;
}

int table_add(struct libscols_table *table, const struct mapbuf_entry *entry,
	      const struct table_options *options)
{
	struct libscols_line *line;
	char cell[CELL_SIZE];
	size_t i;

	line = scols_table_new_line(table, NULL);
	if (!line)
		return -1;
	for (i = 0; i < options->column_count; i++) {
		cell[0] = '\0';
		/* Programs want the exact size. */
		column_table[options->columns[i]].print(cell, entry,
							options->bytes ||
							options->json);
		if (!cell[0] && options->raw)
			strcpy(cell, "-");
		if (cell[0] && scols_line_set_data(line, i, cell))
			return -1;
	}
	return 0;
}

struct libscols_table *table_build(const char *name,
				   const struct table_column *columns,
				   size_t count, int is_json)
{
	struct libscols_table *table = scols_new_table();
	size_t i;
	int flags;

	if (!table)
		return NULL;
	scols_table_set_name(table, name);
	scols_table_enable_json(table, is_json);
	for (i = 0; i < count; i++) {
		flags = columns[i].flags;
		if (is_json)
			flags &= ~SCOLS_FL_HIDDEN;
		if (add_column(table, columns[i].title, flags,
			       columns[i].is_number)) {
			scols_unref_table(table);
			return NULL;
		}
	}
	return table;
}

/* The library prints each as an object of its own: only the first opens one. */
static int print_part(struct libscols_table *table, int is_first)
{
	char *text = NULL, *begin, *end = NULL;

	if (!scols_print_table_to_string(table, &text)) {
		begin = is_first ? text : strchr(text, '{') + 1;
		end = strrchr(text, ']');
		if (end)
			printf("%s%.*s", is_first ? "" : ",",
			       (int)(end + 1 - begin), begin);
	}
	free(text);
	return end ? 0 : -1;
}

int table_print_json(struct libscols_table *const *tables, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (print_part(tables[i], i == 0))
			return -1;
	}
	puts("\n}");
	return 0;
}
