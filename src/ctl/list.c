// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mapbuf.h>

#include "columns.h"
#include "ctl.h"
#include "json.h"
#include "pick.h"
#include "table.h"

#define COLUMN_ROOM (sizeof(((struct table_options *)0)->columns) / sizeof(int))

static void help(void)
{
	size_t i;

	puts("  -b, --bytes         print sizes in bytes\n"
	     "  -J, --json          print JSON, sizes in bytes\n"
	     "  -n, --noheadings    leave the headings out\n"
	     "  -o, --output=COLS   print these columns, separated by commas;\n"
	     "                      +COLS: these after the default ones\n"
	     "  -O, --output-all    print all columns\n"
	     "  -P, --pairs         print NAME=\"value\" pairs\n"
	     "  -r, --raw           separate columns by one blank, empty ones are '-'\n"
	     "\n"
	     "Columns:");
	for (i = 0; i < COLUMN_COUNT; i++)
		printf("  %-10s %s\n", column_table[i].title,
		       column_table[i].summary);
}

static int add_column(struct table_options *options, int column)
{
	if (options->column_count == COLUMN_ROOM) {
		message(LEVEL_ERROR, "mapbufctl list: too many columns");
		return -1;
	}
	options->columns[options->column_count++] = column;
	return 0;
}

/* @all: those too that are not shown unless asked for */
static int add_columns(struct table_options *options, int all)
{
	size_t i;

	for (i = 0; i < COLUMN_COUNT; i++) {
		if ((all || column_table[i].is_default) &&
		    add_column(options, i))
			return -1;
	}
	return 0;
}

/* @names: as of --output= */
static int choose_columns(struct table_options *options, const char *names)
{
	size_t length;
	int column;

	options->column_count = 0;
	if (*names == '+') {
		names++;
		if (add_columns(options, 0))
			return -1;
	}
	for (;; names += length + 1) {
		length = strcspn(names, ",");
		column = column_find(names, length);
		if (column < 0) {
			message(LEVEL_ERROR, "mapbufctl list: there is no column '%.*s'",
				(int)length, names);
			return -1;
		}
		if (add_column(options, column))
			return -1;
		if (!names[length])
			return 0;
	}
}

static int print_list(const struct mapbuf_entry **entries, size_t count,
		      const struct table_options *options)
{
	struct libscols_table *table;
	struct json_object *object;
	int failed = 0;
	size_t i;

	table = table_new(options);
	if (!table)
		return -1;
	for (i = 0; !failed && i < count; i++)
		failed = table_add(table, entries[i], options);
	if (!failed && options->json) {
		object = json_object_new_object();
		table_add_json(object, "buffers", table);
		json_print(object);
	} else if (!failed) {
		failed = scols_print_table(table);
	}
	scols_unref_table(table);
	return failed;
}

static int list(const struct table_options *options, char **names, size_t count)
{
	struct mapbuf_list *list = pick_list();
	const struct mapbuf_entry **entries;
	size_t found;
	int failed;

	if (!list)
		return EXIT_FAILED;
	entries = pick(list, names, count, &found);
	failed = print_list(entries, found, options);
	free(entries);
	mapbuf_list_free(list);
	if (failed)
		message(LEVEL_ERROR, "mapbufctl: the table cannot be printed");
	return failed || found < count ? EXIT_FAILED : EXIT_OK;
}

/* 1 if it is wrong, which has been reported */
static int take_option(struct table_options *options, int option)
{
	options->bytes |= option == 'b';
	options->json |= option == 'J';
	options->no_headings |= option == 'n';
	options->pairs |= option == 'P';
	options->raw |= option == 'r';
	if (option == 'o')
		return choose_columns(options, optarg) != 0;
	if (option == 'O') {
		options->column_count = 0;
		return add_columns(options, 1) != 0;
	}
	return option == '?';
}

static int run(int argc, char **argv)
{
	static const struct option table[] = {
		{ "bytes", no_argument, NULL, 'b' },
		{ "json", no_argument, NULL, 'J' },
		{ "noheadings", no_argument, NULL, 'n' },
		{ "output", required_argument, NULL, 'o' },
		{ "output-all", no_argument, NULL, 'O' },
		{ "pairs", no_argument, NULL, 'P' },
		{ "raw", no_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 }
	};
	struct table_options options = { 0 };
	int option, wrong = 0;

	while ((option = getopt_long(argc, argv, "bJno:OPr", table, NULL)) != -1)
		wrong |= take_option(&options, option);
	if (!wrong && options.json + options.pairs + options.raw > 1) {
		message(LEVEL_ERROR, "%s: give one of --json, --pairs and --raw, not several",
			argv[0]);
		wrong = 1;
	}
	if (wrong)
		return usage_error(argv);
	if (!options.column_count)
		add_columns(&options, 0);
	if (options.json)
		message_as_json();
	return list(&options, argv + optind, argc - optind);
}

const struct verb verb_list = {
	.name = "list", .arguments = "[OPTION]... [NAME]...",
	.summary = "list buffers, all unless some are named",
	.help = help, .run = run
};
