// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
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
#include "xalloc.h"

static void help(void)
{
	puts("  -b, --bytes   print sizes in bytes");
}

static int add_holder(struct libscols_table *table, const struct holder *holder)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);

	if (!line)
		return -1;
	return scols_line_refer_data(line, 0, xprintf("%d", holder->pid)) ||
	       scols_line_set_data(line, 1, holder->process) ||
	       scols_line_set_data(line, 2, holder->unit) ||
	       scols_line_refer_data(line, 3, xprintf("%u", holder->opens)) ||
	       scols_line_refer_data(line, 4, xprintf("%u", holder->mappings));
}

static int print_holders(const struct holder *holders, size_t count)
{
	struct libscols_table *table = scols_new_table();
	int failed;
	size_t i;

	if (!table)
		return -1;
	failed = !scols_table_new_column(table, "PID", 0, SCOLS_FL_RIGHT) ||
		 !scols_table_new_column(table, "PROCESS", 0, 0) ||
		 !scols_table_new_column(table, "UNIT", 0, SCOLS_FL_TRUNC) ||
		 !scols_table_new_column(table, "OPENS", 0, SCOLS_FL_RIGHT) ||
		 !scols_table_new_column(table, "MAPPINGS", 0, SCOLS_FL_RIGHT);
	for (i = 0; !failed && i < count; i++)
		failed = add_holder(table, &holders[i]);
	if (!failed)
		failed = scols_print_table(table);
	scols_unref_table(table);
	return failed;
}

static int show_holders(const struct mapbuf_entry *entry)
{
	struct holder *holders;
	size_t count;
	char *node;
	int failed = 0;

	node = xprintf("/dev/mapbuf%u", mapbuf_entry_id(entry));
	holders = holders_find(node, &count);
	free(node);
	printf("%10s: ", "HELD BY");
	if (count)
		printf("\n");
	else
		printf("no process%s\n",
		       geteuid() ? " that you may see (root sees all)" : "");
	if (count)
		failed = print_holders(holders, count);
	holders_free(holders, count);
	return failed;
}

static int show(const struct mapbuf_list *list, const char *name, int exact)
{
	const struct mapbuf_entry *entry;
	char cell[CELL_SIZE];
	size_t i;

	for (i = 0; (entry = mapbuf_list_get(list, i)); i++) {
		if (strcmp(mapbuf_entry_name(entry), name) == 0)
			break;
	}
	if (!entry) {
		message(LEVEL_ERROR, "mapbufctl: buffer '%s': %s", name,
			explain_destroy(ENOENT));
		return -1;
	}
	for (i = 0; i < COLUMN_COUNT; i++) {
		cell[0] = '\0';
		column_table[i].print(cell, entry, exact);
		printf("%10s: %s\n", column_table[i].title,
		       cell[0] ? cell : "-");
	}
	return show_holders(entry);
}

static int show_all(char **names, int count, int exact)
{
	struct mapbuf_list *list;
	int i, status = EXIT_OK;

	list = mapbuf_list_read();
	if (!list) {
		message(LEVEL_ERROR, "mapbufctl: the buffers cannot be listed: %s",
			explain_list(errno));
		return EXIT_FAILED;
	}
	for (i = 0; i < count; i++) {
		if (i > 0)
			putchar('\n');
		if (show(list, names[i], exact))
			status = EXIT_FAILED;
	}
	mapbuf_list_free(list);
	return status;
}

static int run(int argc, char **argv)
{
	static const struct option table[] = {
		{ "bytes", no_argument, NULL, 'b' },
		{ NULL, 0, NULL, 0 }
	};
	int option, exact = 0;

	while ((option = getopt_long(argc, argv, "b", table, NULL)) != -1) {
		if (option != 'b')
			return usage_error(argv);
		exact = 1;
	}
	if (optind == argc) {
		message(LEVEL_ERROR, "%s: give at least one NAME", argv[0]);
		return usage_error(argv);
	}
	return show_all(argv + optind, argc - optind, exact);
}

const struct verb verb_show = {
	.name = "show", .arguments = "[--bytes] NAME...",
	.summary = "show all about buffers, and which processes hold them",
	.help = help, .run = run
};
