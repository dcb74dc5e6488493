// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mapbuf.h>

#include "columns.h"
#include "ctl.h"
#include "holders.h"
#include "json.h"
#include "pick.h"
#include "table.h"
#include "xalloc.h"

/* Those of the processes that hold buffers */
enum {
	HOLDER_NAME,
	HOLDER_PID,
	HOLDER_PROCESS,
	HOLDER_UNIT,
	HOLDER_OPENS,
	HOLDER_MAPPINGS,
	HOLDER_COLUMNS
};

static const struct table_column holder_columns[HOLDER_COLUMNS] = {
	[HOLDER_NAME] = { "NAME", 0, SCOLS_FL_HIDDEN },
	[HOLDER_PID] = { "PID", 1, SCOLS_FL_RIGHT },
	[HOLDER_PROCESS] = { "PROCESS", 0, 0 },
	[HOLDER_UNIT] = { "UNIT", 0, SCOLS_FL_TRUNC },
	[HOLDER_OPENS] = { "OPENS", 1, SCOLS_FL_RIGHT },
	[HOLDER_MAPPINGS] = { "MAPPINGS", 1, SCOLS_FL_RIGHT },
};

static void help(void)
{
	puts("  -b, --bytes   print sizes in bytes\n"
	     "  -J, --json    print JSON, sizes in bytes");
}

static struct libscols_table *new_holders(void)
{
	return table_build(holder_columns, HOLDER_COLUMNS);
}

static int add_holder(struct libscols_table *table, const char *name,
		      const struct holder *holder)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);

	if (!line)
		return -1;
	return scols_line_set_data(line, HOLDER_NAME, name) ||
	       scols_line_refer_data(line, HOLDER_PID,
				     xprintf("%d", holder->pid)) ||
	       scols_line_set_data(line, HOLDER_PROCESS, holder->process) ||
	       scols_line_set_data(line, HOLDER_UNIT, holder->unit) ||
	       scols_line_refer_data(line, HOLDER_OPENS,
				     xprintf("%u", holder->opens)) ||
	       scols_line_refer_data(line, HOLDER_MAPPINGS,
				     xprintf("%u", holder->mappings));
}

/* How many there were, -1 on failure */
static int add_holders(struct libscols_table *table,
		       const struct mapbuf_entry *entry)
{
	struct holder *holders;
	size_t count, i;
	int failed = 0;
	char *node;

	node = xprintf("/dev/mapbuf%u", mapbuf_entry_id(entry));
	holders = holders_find(node, &count);
	free(node);
	for (i = 0; !failed && i < count; i++)
		failed = add_holder(table, mapbuf_entry_name(entry),
				    &holders[i]);
	holders_free(holders, count);
	return failed ? -1 : (int)count;
}

static int show_holders(const struct mapbuf_entry *entry)
{
	struct libscols_table *table = new_holders();
	int count = table ? add_holders(table, entry) : -1;

	if (count > 0) {
		printf("%10s:\n", "HELD BY");
		count = scols_print_table(table) ? -1 : count;
	} else if (count == 0) {
		printf("%10s: no process%s\n", "HELD BY",
		       geteuid() ? " that you may see (root sees all)" : "");
	}
	scols_unref_table(table);
	return count < 0 ? -1 : 0;
}

static int show(const struct mapbuf_entry *entry, int exact)
{
	char cell[CELL_SIZE];
	size_t i;

	for (i = 0; i < COLUMN_COUNT; i++) {
		cell[0] = '\0';
		column_table[i].print(cell, entry, exact);
		printf("%10s: %s\n", column_table[i].title,
		       cell[0] ? cell : "-");
	}
	return show_holders(entry);
}

static int show_text(const struct mapbuf_entry **entries, size_t count,
		     int exact)
{
	int failed = 0;
	size_t i;

	for (i = 0; !failed && i < count; i++) {
		if (i > 0)
			putchar('\n');
		failed = show(entries[i], exact);
	}
	return failed;
}

static int show_json(const struct mapbuf_entry **entries, size_t count)
{
	struct table_options options = { .json = 1 };
	struct libscols_table *buffers, *holders = new_holders();
	struct json_object *all;
	int failed;
	size_t i;

	while (options.column_count < COLUMN_COUNT) {
		options.columns[options.column_count] = options.column_count;
		options.column_count++;
	}
	buffers = table_new(&options);
	failed = !buffers || !holders;
	for (i = 0; !failed && i < count; i++)
		failed = table_add(buffers, entries[i], &options) ||
			 add_holders(holders, entries[i]) < 0;
	if (!failed) {
		all = json_object_new_object();
		table_add_json(all, "buffers", buffers);
		table_add_json(all, "holders", holders);
		json_print(all);
	}
	scols_unref_table(buffers);
	scols_unref_table(holders);
	return failed;
}

/* @count: of the names; those that are not there are told of. */
static int show_all(char **names, size_t count, int exact, int json)
{
	const struct mapbuf_entry **entries;
	struct mapbuf_list *list = pick_list();
	size_t found;
	int failed;

	if (!list)
		return EXIT_FAILED;
	entries = pick(list, names, count, &found);
	failed = json ? show_json(entries, found) :
			show_text(entries, found, exact);
	if (failed)
		message(LEVEL_ERROR, "mapbufctl: the table cannot be printed");
	free(entries);
	mapbuf_list_free(list);
	return failed || found < count ? EXIT_FAILED : EXIT_OK;
}

static int run(int argc, char **argv)
{
	static const struct option table[] = {
		{ "bytes", no_argument, NULL, 'b' },
		{ "json", no_argument, NULL, 'J' },
		{ NULL, 0, NULL, 0 }
	};
	int option, exact = 0, json = 0;

	while ((option = getopt_long(argc, argv, "bJ", table, NULL)) != -1) {
		if (option == '?')
			return usage_error(argv);
		exact |= option == 'b';
		json |= option == 'J';
	}
	if (optind == argc) {
		message(LEVEL_ERROR, "%s: give at least one NAME", argv[0]);
		return usage_error(argv);
	}
	if (json)
		message_as_json();
	return show_all(argv + optind, argc - optind, exact, json);
}

const struct verb verb_show = {
	.name = "show", .arguments = "[OPTION]... NAME...",
	.summary = "show all properties of buffers, and which processes use them",
	.help = help, .run = run
};
