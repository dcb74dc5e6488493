// SPDX-License-Identifier: GPL-2.0-only
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "json.h"
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

struct libscols_table *table_build(const struct table_column *columns,
				   size_t count)
{
	struct libscols_table *table = scols_new_table();
	size_t i;

	for (i = 0; table && i < count; i++) {
		if (add_column(table, columns[i].title, columns[i].flags,
			       columns[i].is_number)) {
			scols_unref_table(table);
			table = NULL;
		}
	}
	return table;
}

static void add_cell(struct json_object *to, struct libscols_column *column,
		     const char *text)
{
	char key[CELL_SIZE];
	size_t i;

	snprintf(key, sizeof(key), "%s", scols_column_get_name(column));
	for (i = 0; key[i]; i++)
		key[i] |= 0x20;
	if (text && scols_column_get_json_type(column) == SCOLS_JSON_NUMBER)
		json_object_object_add(to, key, json_tokener_parse(text));
	else
		json_add_text(to, key, text);
}

void table_add_json(struct json_object *to, const char *key,
		    struct libscols_table *table)
{
	struct json_object *rows = json_object_new_array(), *row;
	struct libscols_line *line;
	size_t i, j;

	for (i = 0; i < scols_table_get_nlines(table); i++) {
		line = scols_table_get_line(table, i);
		row = json_object_new_object();
		for (j = 0; j < scols_table_get_ncols(table); j++)
			add_cell(row, scols_table_get_column(table, j),
				 scols_cell_get_data(scols_line_get_cell(line,
									 j)));
		json_object_array_add(rows, row);
	}
	json_object_object_add(to, key, rows);
}
