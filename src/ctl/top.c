// SPDX-License-Identifier: GPL-2.0-only
/* The buffers and their users, again and again. */
#include <getopt.h>
#include <inttypes.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <mapbuf.h>

#include "ctl.h"
#include "holders.h"
#include "overview.h"
#include "pick.h"
#include "progress.h"
#include "size.h"
#include "table.h"
#include "xalloc.h"

/* What the sum, the headings and the cursor need */
#define LINES_OF_OTHERS 3

enum {
	TOP_NAME, TOP_SIZE, TOP_BACKING, TOP_OPENS, TOP_MAPPINGS, TOP_PINNED,
	TOP_NOTIFIED, TOP_USERS, TOP_PROCESSES, TOP_COLUMNS
};

/**
 * struct sample - the buffers at one time
 * @list: NULL before there is any
 * @ms: when they were read, as of progress_now_ms()
 */
struct sample {
	struct mapbuf_list *list;
	long long ms;
};

static const struct table_column columns[TOP_COLUMNS] = {
	[TOP_NAME] = { "NAME", 0, 0 },
	[TOP_SIZE] = { "SIZE", 1, SCOLS_FL_RIGHT },
	[TOP_BACKING] = { "BACKING", 0, 0 },
	[TOP_OPENS] = { "OPENS", 1, SCOLS_FL_RIGHT },
	[TOP_MAPPINGS] = { "MAPPINGS", 1, SCOLS_FL_RIGHT },
	[TOP_PINNED] = { "PINNED", 1, SCOLS_FL_RIGHT },
	[TOP_NOTIFIED] = { "NOTIFIED/S", 1, SCOLS_FL_RIGHT },
	[TOP_USERS] = { "USERS", 1, SCOLS_FL_RIGHT },
	[TOP_PROCESSES] = { "PROCESSES", 0, SCOLS_FL_TRUNC },
};

static void help(void)
{
	puts("  -n, --iterations=N   print N tables, one a second; default: no end\n"
	     "      --once           the same as -n 1");
}

/* Its open files and mappings */
static int64_t count_use(const struct mapbuf_entry *entry)
{
	int64_t opens = mapbuf_entry_opens(entry);
	int64_t mappings = mapbuf_entry_mappings(entry);

	return (opens > 0 ? opens : 0) + (mappings > 0 ? mappings : 0);
}

/* Those with the most users first */
static int compare(const void *left, const void *right)
{
	const struct mapbuf_entry *const *a = left, *const *b = right;
	int64_t of_a = count_use(*a), of_b = count_use(*b);

	if (of_a != of_b)
		return of_a > of_b ? -1 : 1;
	return (mapbuf_entry_id(*a) > mapbuf_entry_id(*b)) -
	       (mapbuf_entry_id(*a) < mapbuf_entry_id(*b));
}

/* As "recorder(123) viewer(45)"; to look through all processes takes long. */
static int set_users(struct libscols_line *line,
		     const struct mapbuf_entry *entry)
{
	struct holder *holders = NULL;
	char *text = xstrdup(""), *longer, *node;
	size_t count = 0, i;

	node = xprintf("/dev/mapbuf%u", mapbuf_entry_id(entry));
	if (count_use(entry))
		holders = holders_find(node, &count);
	free(node);
	for (i = 0; i < count; i++) {
		longer = xprintf("%s%s%s(%d)", text, i ? " " : "",
				 holders[i].process ? holders[i].process : "",
				 holders[i].pid);
		free(text);
		text = longer;
	}
	holders_free(holders, count);
	return scols_line_refer_data(line, TOP_USERS, xprintf("%zu", count)) ||
	       scols_line_refer_data(line, TOP_PROCESSES, text);
}

static int set_count(struct libscols_line *line, int column, int64_t count)
{
	if (count < 0)
		return 0;
	return scols_line_refer_data(line, column, xprintf("%" PRId64, count));
}

/* Lists are sorted by id. */
static const struct mapbuf_entry *find(const struct mapbuf_list *list,
				       unsigned int id)
{
	size_t low = 0, high = mapbuf_list_count(list), middle;
	const struct mapbuf_entry *entry;

	while (low < high) {
		middle = low + (high - low) / 2;
		entry = mapbuf_list_get(list, middle);
		if (mapbuf_entry_id(entry) == id)
			return entry;
		if (mapbuf_entry_id(entry) < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* A second, since the last table; -1 if that is unknown */
static int64_t rate_of_notifications(const struct mapbuf_entry *entry,
				     const struct sample *before,
				     const struct sample *now)
{
	const struct mapbuf_entry *then = NULL;
	int64_t ms = now->ms - before->ms, count;

	if (before->list)
		then = find(before->list, mapbuf_entry_id(entry));
	if (!then || mapbuf_entry_notifications(then) < 0 || ms <= 0)
		return -1;
	count = mapbuf_entry_notifications(entry) -
		mapbuf_entry_notifications(then);
	return count < 0 ? -1 : (count * 1000 + ms / 2) / ms;
}

static int set_size(struct libscols_line *line, int column, int64_t bytes)
{
	char text[SIZE_TEXT];

	if (bytes < 0)
		return 0;
	size_format(text, bytes);
	return scols_line_set_data(line, column, text);
}

static int add_line(struct libscols_table *table,
		    const struct mapbuf_entry *entry,
		    const struct sample *before, const struct sample *now)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);

	if (!line)
		return -1;
	return scols_line_set_data(line, TOP_NAME, mapbuf_entry_name(entry)) ||
	       set_size(line, TOP_SIZE, mapbuf_entry_size(entry)) ||
	       scols_line_set_data(line, TOP_BACKING,
				   mapbuf_entry_backing(entry)) ||
	       set_count(line, TOP_OPENS, mapbuf_entry_opens(entry)) ||
	       set_count(line, TOP_MAPPINGS, mapbuf_entry_mappings(entry)) ||
	       set_size(line, TOP_PINNED, mapbuf_entry_pinned(entry)) ||
	       set_count(line, TOP_NOTIFIED,
			 rate_of_notifications(entry, before, now)) ||
	       set_users(line, entry);
}

static void put_line(const char *text, size_t length, int is_screen)
{
	/* What was there before goes away. */
	printf("%.*s%s\n", (int)length, text, is_screen ? "\033[K" : "");
}

static void print_sum(const struct mapbuf_list *list, int is_screen)
{
	char used[SIZE_TEXT], limit[SIZE_TEXT], pinned[SIZE_TEXT], *text;
	struct usage usage;

	usage_read(&usage, list);
	size_format(used, usage.used);
	size_format(limit, usage.limit);
	size_format(pinned, usage.pinned);
	text = xprintf("%zu buffers, %s%s%s used, %s of destroyed ones pinned",
		       mapbuf_list_count(list), used,
		       usage.limit ? " of " : "", usage.limit ? limit : "",
		       pinned);
	put_line(text, strlen(text), is_screen);
	free(text);
	usage_free(&usage);
}

static int print_table(const struct mapbuf_entry **entries, size_t count,
		       const struct sample *before, const struct sample *now,
		       int is_screen)
{
	struct libscols_table *table;
	char *text = NULL, *line;
	int failed;
	size_t i;

	table = table_build(columns, TOP_COLUMNS);
	failed = !table;
	for (i = 0; !failed && i < count; i++)
		failed = add_line(table, entries[i], before, now);
	if (!failed)
		failed = scols_print_table_to_string(table, &text);
	for (line = text; line && *line; line += strspn(line, "\n")) {
		put_line(line, strcspn(line, "\n"), is_screen);
		line += strcspn(line, "\n");
	}
	free(text);
	scols_unref_table(table);
	return failed;
}

/* How many buffers fit; 0 if there is no screen */
static size_t lines_of_screen(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row)
		size.ws_row = 24;
	return size.ws_row > LINES_OF_OTHERS + 1 ?
	       size.ws_row - LINES_OF_OTHERS : 1;
}

/* Leaves in @last what was read. */
static int print(struct sample *last, size_t lines)
{
	const struct mapbuf_entry **entries;
	int failed, is_screen = lines > 0;
	struct sample now;
	size_t count;

	now.list = pick_list();
	now.ms = progress_now_ms();
	if (!now.list)
		return -1;
	entries = pick(now.list, NULL, 0, &count);
	if (count)
		qsort(entries, count, sizeof(*entries), compare);
	if (is_screen)
		fputs("\033[H", stdout);
	print_sum(now.list, is_screen);
	failed = print_table(entries, is_screen && count > lines ?
				      lines : count, last, &now, is_screen);
	if (is_screen)
		fputs("\033[J", stdout);
	if (failed)
		message(LEVEL_ERROR, "mapbufctl: the table cannot be printed");
	free(entries);
	mapbuf_list_free(last->list);
	*last = now;
	return failed;
}

/* @iterations: 0 for no end; a screen is for more than one. */
static int top(long iterations)
{
	size_t lines = iterations == 1 ? 0 : lines_of_screen();
	struct sample last = { 0 };
	int failed = 0;
	long i;

	if (lines)
		fputs("\033[2J", stdout);
	for (i = 0; !failed && (!iterations || i < iterations); i++) {
		if (i > 0)
			sleep(1);
		if (i > 0 && !lines)
			putchar('\n');
		/* main() reports output that fails. */
		failed = print(&last, lines) || fflush(stdout);
	}
	mapbuf_list_free(last.list);
	return failed ? EXIT_FAILED : EXIT_OK;
}

static int run(int argc, char **argv)
{
	static const struct option table[] = {
		{ "iterations", required_argument, NULL, 'n' },
		{ "once", no_argument, NULL, '1' },
		{ NULL, 0, NULL, 0 }
	};
	long iterations = 0;
	int option;
	char *end;

	while ((option = getopt_long(argc, argv, "n:", table, NULL)) != -1) {
		if (option == '?')
			return usage_error(argv);
		iterations = 1;
		if (option == '1')
			continue;
		iterations = strtol(optarg, &end, 10);
		if (iterations < 1 || *end) {
			message(LEVEL_ERROR, "%s: --iterations must be a number of tables, 1 or more",
				argv[0]);
			return usage_error(argv);
		}
	}
	if (word_is_unexpected(argv, argv[optind]))
		return usage_error(argv);
	return top(iterations);
}

const struct verb verb_top = {
	.name = "top", .arguments = "[OPTION]...",
	.summary = "show buffers and their users, each second anew",
	.help = help, .run = run
};
