// SPDX-License-Identifier: GPL-2.0-only
/* The comparison as bars, the cheapest first; those of mapbuf are solid. */
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench.h"
#include "size.h"

#define OURS "mapbuf"
#define BARS_MAX (BENCH_SOURCES + BENCH_MOVES)
/* Two blanks before the name, and after it; the number, and a blank */
#define WIDTH_OF_OTHERS (2 + 2 + 8 + 1)
#define BAR_MIN 8

struct bar {
	const char *name;
	double value;
};

struct group {
	struct bar bars[BARS_MAX];
	size_t count;
};

/* What a bar consists of */
struct look {
	int width, name_width;
	const char *ours, *other;
};

static int compare(const void *a, const void *b)
{
	const struct bar *x = a, *y = b;

	return (x->value > y->value) - (x->value < y->value);
}

static void add(struct group *group, const char *name, double value)
{
	if (value > 0)
		group->bars[group->count++] = (struct bar){ name, value };
}

static void print_bar(const struct bar *bar, double most,
		      const struct look *look)
{
	const char *cell = strncmp(bar->name, OURS, strlen(OURS)) == 0 ?
			   look->ours : look->other;
	/* What is measured has one. */
	int cells = bar->value / most * look->width + 0.5;

	printf("  %-*s  %8.*f ", look->name_width, bar->name,
	       bar->value < 100, bar->value);
	do {
		fputs(cell, stdout);
	} while (--cells > 0);
	putchar('\n');
}

static void print_group(struct group *group, const char *title,
			const char *unit, const struct look *look)
{
	size_t i;

	if (!group->count)
		return;
	qsort(group->bars, group->count, sizeof(group->bars[0]), compare);
	printf("\n%s, %s\n", title, unit);
	for (i = 0; i < group->count; i++)
		print_bar(&group->bars[i], group->bars[group->count - 1].value,
			  look);
	group->count = 0;
}

static void print_memory(const struct bench_row rows[BENCH_SOURCES], int value,
			 const char *title, const char *unit,
			 const struct look *look)
{
	struct group group = { .count = 0 };
	int i;

	for (i = 0; i < BENCH_SOURCES; i++)
		add(&group, rows[i].name, rows[i].values[value].median);
	print_group(&group, title, unit, look);
}

/* A group for all that is done by several. */
static void print_moves(const struct bench_row rows[BENCH_MOVES],
			const struct look *look)
{
	struct group group = { .count = 0 };
	int i;

	for (i = 0; i < BENCH_MOVES; i++) {
		add(&group, rows[i].by, rows[i].values[BENCH_SUM].median);
		if (i + 1 == BENCH_MOVES ||
		    strcmp(rows[i].name, rows[i + 1].name) != 0)
			print_group(&group, rows[i].name, rows[i].unit, look);
	}
}

static int longest(const struct bench_row memory[BENCH_SOURCES],
		   const struct bench_row moves[BENCH_MOVES])
{
	size_t most = 0, length;
	int i;

	for (i = 0; i < BENCH_SOURCES + BENCH_MOVES; i++) {
		length = strlen(i < BENCH_SOURCES ? memory[i].name :
						    moves[i - BENCH_SOURCES].by);
		most = length > most ? length : most;
	}
	return most;
}

static int columns_of_output(void)
{
	struct winsize window;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) || !window.ws_col)
		return 80;
	return window.ws_col;
}

void bench_bars(const struct bench *bench,
		const struct bench_row memory[BENCH_SOURCES],
		const struct bench_row moves[BENCH_MOVES])
{
	int has_blocks = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	struct look look = {
		.name_width = longest(memory, moves),
		.ours = has_blocks ? "█" : "#",
		.other = has_blocks ? "░" : "-",
	};
	char size[SIZE_TEXT], title[64];

	look.width = columns_of_output() - look.name_width - WIDTH_OF_OTHERS;
	if (look.width < BAR_MIN)
		look.width = BAR_MIN;
	size_format(size, bench->bytes);
	snprintf(title, sizeof(title), "Mapping %s", size);
	print_memory(memory, BENCH_SUM, title, "ns per MiB", &look);
	snprintf(title, sizeof(title), "Mapping %s by %d processes at once",
		 size, bench->processes);
	print_memory(memory, BENCH_PARALLEL, title, "ns per MiB", &look);
	snprintf(title, sizeof(title), "Creating %s", size);
	print_memory(memory, BENCH_CREATE, title, "ns per MiB", &look);
	snprintf(title, sizeof(title), "Random reads of %s", size);
	print_memory(memory, BENCH_RANDOM, title, "ns each", &look);
	print_moves(moves, &look);
}
