// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <libsmartcols.h>
#include <stdio.h>

#include "bench.h"
#include "json.h"
#include "size.h"
#include "table.h"
#include "xalloc.h"

#define NUMBER(title) { title, 1, SCOLS_FL_RIGHT }
#define IN_JSON(title) { title, 1, SCOLS_FL_HIDDEN }

enum {
	MEMORY_NAME,
	MEMORY_SIZE,
	MEMORY_STEPS,
	MEMORY_SPREAD = MEMORY_STEPS + BENCH_STEPS,
	MEMORY_MIN,
	MEMORY_MAX,
	MEMORY_HUGE,
	MEMORY_ROUNDS,
	MEMORY_USES,
	MEMORY_PROCESSES = MEMORY_USES + BENCH_VALUES - BENCH_STEPS,
	MEMORY_COLUMNS
};

#define USE(value) (MEMORY_USES + (value) - BENCH_STEPS)

static const struct table_column memory_columns[MEMORY_COLUMNS] = {
	[MEMORY_NAME] = { "MEMORY", 0, 0 },
	[MEMORY_SIZE] = IN_JSON("SIZE"),
	[MEMORY_STEPS + BENCH_MMAP] = NUMBER("MMAP"),
	[MEMORY_STEPS + BENCH_TOUCH] = NUMBER("TOUCH"),
	[MEMORY_STEPS + BENCH_MUNMAP] = NUMBER("MUNMAP"),
	[MEMORY_STEPS + BENCH_SUM] = NUMBER("SUM"),
	[MEMORY_SPREAD] = NUMBER("SPREAD"),
	[MEMORY_MIN] = IN_JSON("MIN"),
	[MEMORY_MAX] = IN_JSON("MAX"),
	[MEMORY_HUGE] = NUMBER("HUGE"),
	[MEMORY_ROUNDS] = NUMBER("ROUNDS"),
	[USE(BENCH_CREATE)] = IN_JSON("CREATE"),
	[USE(BENCH_DESTROY)] = IN_JSON("DESTROY"),
	[USE(BENCH_RANDOM)] = IN_JSON("RANDOM"),
	[USE(BENCH_PARALLEL)] = IN_JSON("PARALLEL"),
	[MEMORY_PROCESSES] = IN_JSON("PROCESSES"),
};

enum {
	MOVE_WHAT,
	MOVE_BY,
	MOVE_MEDIAN,
	MOVE_UNIT,
	MOVE_SPREAD,
	MOVE_MIN,
	MOVE_MAX,
	MOVE_ROUNDS,
	MOVE_COLUMNS
};

static const struct table_column move_columns[MOVE_COLUMNS] = {
	[MOVE_WHAT] = { "WHAT", 0, 0 },
	[MOVE_BY] = { "BY", 0, 0 },
	[MOVE_MEDIAN] = NUMBER("MEDIAN"),
	[MOVE_UNIT] = { "UNIT", 0, 0 },
	[MOVE_SPREAD] = NUMBER("SPREAD"),
	[MOVE_MIN] = IN_JSON("MIN"),
	[MOVE_MAX] = IN_JSON("MAX"),
	[MOVE_ROUNDS] = NUMBER("ROUNDS"),
};

static const struct table_column hint_columns[] = {
	{ "ABOUT", 0, 0 }, { "HINT", 0, 0 }, { "COMMAND", 0, 0 },
};

/* The table frees what xprintf() gave. */
static int put(struct libscols_line *line, size_t column, char *text)
{
	return scols_line_refer_data(line, column, text);
}

/* More digits than a round can tell help nobody. */
static int put_number(struct libscols_line *line, size_t column, double number)
{
	return put(line, column, xprintf("%.*f", number < 100, number));
}

/* Only in JSON a number has to be a bare one. */
static int put_percent(struct libscols_line *line, size_t column,
		       double number, int json)
{
	return put(line, column, xprintf(json ? "%.1f" : "%.0f%%", number));
}

static int add_memory(struct libscols_table *table, const struct bench *bench,
		      const struct bench_row *row, int json)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	const struct bench_value *sum = &row->values[BENCH_SUM];
	int i, failed;

	if (!line)
		return -1;
	failed = scols_line_set_data(line, MEMORY_NAME, row->name) ||
		 put(line, MEMORY_SIZE, xprintf("%" PRIu64, bench->bytes)) ||
		 put(line, MEMORY_ROUNDS, xprintf("%zu", row->rounds)) ||
		 put(line, MEMORY_PROCESSES, xprintf("%d", bench->processes));
	if (failed || !row->rounds)
		return failed;
	for (i = 0; !failed && i < BENCH_STEPS; i++)
		failed = put_number(line, MEMORY_STEPS + i,
				    row->values[i].median);
	for (i = BENCH_STEPS; !failed && i < BENCH_VALUES; i++) {
		if (row->values[i].median > 0)
			failed = put_number(line, USE(i),
					    row->values[i].median);
	}
	return failed ||
	       put_percent(line, MEMORY_SPREAD, sum->spread, json) ||
	       put_number(line, MEMORY_MIN, sum->least) ||
	       put_number(line, MEMORY_MAX, sum->most) ||
	       put_percent(line, MEMORY_HUGE, row->huge, json);
}

static int add_move(struct libscols_table *table, const struct bench_row *row,
		    int json)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	const struct bench_value *value = &row->values[BENCH_SUM];
	int failed;

	if (!line)
		return -1;
	failed = scols_line_set_data(line, MOVE_WHAT, row->name) ||
		 scols_line_set_data(line, MOVE_BY, row->by) ||
		 scols_line_set_data(line, MOVE_UNIT, row->unit) ||
		 put(line, MOVE_ROUNDS, xprintf("%zu", row->rounds));
	if (failed || !row->rounds)
		return failed;
	return put_number(line, MOVE_MEDIAN, value->median) ||
	       put_percent(line, MOVE_SPREAD, value->spread, json) ||
	       put_number(line, MOVE_MIN, value->least) ||
	       put_number(line, MOVE_MAX, value->most);
}

static int add_hint(struct libscols_table *table, const struct bench_hint *hint)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);

	return !line || scols_line_set_data(line, 0, hint->about) ||
	       scols_line_set_data(line, 1, hint->text) ||
	       (hint->command && scols_line_set_data(line, 2, hint->command));
}

/* The same table, but with what bench_use.c has measured */
static void show_uses(struct libscols_table *table, const struct bench *bench)
{
	struct libscols_column *column;
	int i, is_shown;

	for (i = MEMORY_NAME + 1; i < MEMORY_COLUMNS; i++) {
		is_shown = i >= MEMORY_USES && i < MEMORY_PROCESSES &&
			   (i != USE(BENCH_PARALLEL) || bench->processes > 1);
		column = scols_table_get_column(table, i);
		scols_column_set_flags(column, SCOLS_FL_RIGHT |
				       (is_shown ? 0 : SCOLS_FL_HIDDEN));
	}
}

static void print_notes(const struct bench *bench)
{
	const struct bench_hint *hint;
	const char *command = NULL;
	size_t i;

	if (bench->hint_count)
		putchar('\n');
	for (i = 0; i < bench->hint_count; i++) {
		hint = &bench->hints[i];
		printf("note: %s: %s\n", hint->about, hint->text);
		if (hint->command)
			command = hint->command;
	}
	if (!command)
		return;
	puts("\nTo fill these rows, until the next reboot, run as root, and measure again:");
	for (i = 0; i < bench->hint_count; i++) {
		if (bench->hints[i].command)
			printf("  %s\n", bench->hints[i].command);
	}
}

static int print_text(const struct bench *bench,
		      struct libscols_table *const tables[2])
{
	char size[SIZE_TEXT];

	size_format(size, bench->bytes);
	printf("Mapping %s, ns per MiB\n", size);
	if (scols_print_table(tables[0]))
		return -1;
	printf("\nCreating and destroying %s", size);
	if (bench->processes > 1)
		printf(", mapping by %d processes", bench->processes);
	puts(", ns per MiB; random reads, ns");
	show_uses(tables[0], bench);
	if (scols_print_table(tables[0]))
		return -1;
	puts("\nMoving data, notifying, and opening");
	return scols_print_table(tables[1]) ? -1 : 0;
}

static int print_json(struct libscols_table *const tables[3])
{
	struct json_object *all = json_object_new_object();

	table_add_json(all, "memory", tables[0]);
	table_add_json(all, "moves", tables[1]);
	table_add_json(all, "hints", tables[2]);
	json_print(all);
	return 0;
}

int bench_print(const struct bench *bench,
		const struct bench_row memory[BENCH_SOURCES],
		const struct bench_row moves[BENCH_MOVES], int json,
		int has_bars)
{
	struct libscols_table *tables[3] = {
		table_build(memory_columns, MEMORY_COLUMNS),
		table_build(move_columns, MOVE_COLUMNS),
		table_build(hint_columns, 3)
	};
	int failed = !tables[0] || !tables[1] || !tables[2];
	size_t i;

	for (i = 0; !failed && i < BENCH_SOURCES; i++)
		failed = add_memory(tables[0], bench, &memory[i], json);
	for (i = 0; !failed && i < BENCH_MOVES; i++)
		failed = add_move(tables[1], &moves[i], json);
	for (i = 0; !failed && i < bench->hint_count; i++)
		failed = add_hint(tables[2], &bench->hints[i]);
	if (!failed)
		failed = json ? print_json(tables) : print_text(bench, tables);
	if (!failed && !json) {
		if (has_bars)
			bench_bars(bench, memory, moves);
		print_notes(bench);
	}
	for (i = 0; i < 3; i++)
		scols_unref_table(tables[i]);
	return failed ? -1 : 0;
}
