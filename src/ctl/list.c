// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <string.h>

#include <mapbuf.h>

#include "columns.h"
#include "ctl.h"
#include "table.h"

static void help(void)
{
	size_t i;

	puts("  -b, --bytes         print sizes in bytes\n"
	     "  -J, --json          print JSON, sizes in bytes\n"
	     "  -n, --noheadings    leave the headings out\n"
	     "  -o, --output=COLS   print these columns, separated by commas\n"
	     "  -r, --raw           do not align the columns\n"
	     "\n"
	     "Columns:");
	for (i = 0; i < COLUMN_COUNT; i++)
		printf("  %-10s %s\n", column_table[i].title,
		       column_table[i].summary);
}

static int choose_columns(struct table_options *options, const char *names)
{
	size_t length, room = sizeof(options->columns) /
			      sizeof(options->columns[0]);
	int column;

	options->column_count = 0;
	for (;; names += length + 1) {
		length = strcspn(names, ",");
		column = column_find(names, length);
		if (column < 0) {
			message(LEVEL_ERROR, "mapbufctl list: there is no column '%.*s'",
				(int)length, names);
			return -1;
		}
		if (options->column_count == room) {
			message(LEVEL_ERROR, "mapbufctl list: too many columns");
			return -1;
		}
		options->columns[options->column_count++] = column;
		if (!names[length])
			return 0;
	}
}

static void choose_default_columns(struct table_options *options)
{
	size_t i;

	for (i = 0; i < COLUMN_COUNT; i++) {
		if (column_table[i].is_default)
			options->columns[options->column_count++] = i;
	}
}

static int print_list(const struct mapbuf_list *list,
		      const struct table_options *options)
{
	const struct mapbuf_entry *entry;
	struct libscols_table *table;
	int failed = 0;
	size_t i;

	table = table_new(options);
	if (!table)
		return -1;
	for (i = 0; !failed && (entry = mapbuf_list_get(list, i)); i++)
		failed = table_add(table, entry, options);
	if (!failed)
		failed = scols_print_table(table);
	scols_unref_table(table);
	return failed;
}

static int list(const struct table_options *options)
{
	struct mapbuf_list *list;
	int failed;

	list = mapbuf_list_read();
	if (!list) {
		message(LEVEL_ERROR, "mapbufctl: the buffers cannot be listed: %s",
			explain_list(errno));
		return EXIT_FAILED;
	}
	failed = print_list(list, options);
	mapbuf_list_free(list);
	if (failed)
		message(LEVEL_ERROR, "mapbufctl: the table cannot be printed");
	return failed ? EXIT_FAILED : EXIT_OK;
}

static int run(int argc, char **argv)
{
	static const struct option table[] = {
		{ "bytes", no_argument, NULL, 'b' },
		{ "json", no_argument, NULL, 'J' },
		{ "noheadings", no_argument, NULL, 'n' },
		{ "output", required_argument, NULL, 'o' },
		{ "raw", no_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 }
	};
	struct table_options options = { 0 };
	int option, wrong = 0;

	while ((option = getopt_long(argc, argv, "bJno:r", table, NULL)) != -1) {
		options.bytes |= option == 'b';
		options.json |= option == 'J';
		options.no_headings |= option == 'n';
		options.raw |= option == 'r';
		wrong |= option == '?' ||
			 (option == 'o' && choose_columns(&options, optarg));
	}
	if (!wrong && optind < argc) {
		message(LEVEL_ERROR, "%s: '%s' is not expected", argv[0],
			argv[optind]);
		wrong = 1;
	}
	if (!wrong && options.json && options.raw) {
		message(LEVEL_ERROR, "%s: give --json or --raw, not both",
			argv[0]);
		wrong = 1;
	}
	if (wrong)
		return usage_error(argv);
	if (!options.column_count)
		choose_default_columns(&options);
	return list(&options);
}

const struct verb verb_list = {
	.name = "list", .arguments = "[OPTION]...",
	.summary = "list the buffers",
	.help = help, .run = run
};
