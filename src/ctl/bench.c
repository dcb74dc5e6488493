// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mapbuf.h>

#include "bench.h"
#include "ctl.h"
#include "progress.h"
#include "size.h"

#define DEFAULT_BYTES (UINT64_C(64) << 20)
#define DEFAULT_SECONDS 20
#define MAX_SECONDS 100000

static void help(void)
{
	puts("      --bars=auto|always|never   draw bars, too; default: auto, on a terminal\n"
	     "  -J, --json              print JSON\n"
	     "      --seconds=SECONDS   approximate run time; default: 20\n"
	     "      --size=SIZE         of the memory that is measured; default: 64M");
}

static int parse_seconds(const char *text, long *seconds)
{
	if (!*text || strlen(text) > 6 ||
	    strspn(text, "0123456789") != strlen(text))
		return -1;
	*seconds = strtol(text, NULL, 10);
	return *seconds < 1 || *seconds > MAX_SECONDS ? -1 : 0;
}

/* Whole 2 MiB, as all rows shall have the same. */
static int parse_size(const char *command, const char *text, uint64_t *bytes)
{
	const char *why;

	if (!size_parse(text, size_of_memory(), bytes, &why)) {
		*bytes = (*bytes + BENCH_HUGE - 1) / BENCH_HUGE * BENCH_HUGE;
		return 0;
	}
	message(LEVEL_ERROR, "%s: --size=%s: %s", command, text, why);
	return -1;
}

static int parse_bars(const char *command, int *has_bars)
{
	if (strcmp(optarg, "auto") == 0) {
		*has_bars = isatty(STDOUT_FILENO);
	} else if (strcmp(optarg, "always") == 0 ||
		   strcmp(optarg, "never") == 0) {
		*has_bars = optarg[0] == 'a';
	} else {
		message(LEVEL_ERROR, "%s: --bars must be auto, always or never",
			command);
		return -1;
	}
	return 0;
}

/* Nobody's buffer shall be taken for one that was left behind. */
static int is_ready(struct bench *bench)
{
	struct mapbuf_list *list = mapbuf_list_read();
	const struct mapbuf_entry *entry;
	const char *name;
	size_t i;

	if (!list) {
		message(LEVEL_ERROR, "mapbufctl bench: %s",
			explain_list(errno));
		return 0;
	}
	for (i = 0; (entry = mapbuf_list_get(list, i)); i++) {
		name = mapbuf_entry_name(entry);
		if (strcmp(name, bench->name) == 0 ||
		    strcmp(name, bench->back) == 0)
			break;
	}
	if (entry)
		message(LEVEL_ERROR, "mapbufctl bench: buffer '%s' exists already",
			mapbuf_entry_name(entry));
	mapbuf_list_free(list);
	return !entry;
}

static int measure(struct bench *bench, int json, int has_bars)
{
	struct bench_row memory[BENCH_SOURCES] = { 0 };
	struct bench_row moves[BENCH_MOVES] = { 0 };
	size_t i;
	int failed;

	bench_fit(bench);
	bench_measure_memory(bench, memory);
	bench_measure_moves(bench, moves);
	bench_hint_machine(bench);
	progress_end();
	failed = bench_print(bench, memory, moves, json, has_bars);
	for (i = 0; i < bench->hint_count; i++) {
		free(bench->hints[i].about);
		free(bench->hints[i].text);
		free(bench->hints[i].command);
	}
	free(bench->hints);
	if (failed)
		message(LEVEL_ERROR, "mapbufctl: the table cannot be printed");
	return failed ? EXIT_FAILED : EXIT_OK;
}

static int bench(uint64_t bytes, long seconds, int json, int has_bars)
{
	struct bench bench = {
		.bytes = bytes, .start_ms = progress_now_ms(),
		.row_ns = seconds * INT64_C(1000000000) / BENCH_SLOTS,
		.processes = bench_count_processes()
	};
	int status;

	snprintf(bench.name, sizeof(bench.name), "bench-%d", getpid());
	snprintf(bench.back, sizeof(bench.back), "%s.back", bench.name);
	if (!is_ready(&bench))
		return EXIT_FAILED;
	bench.control = mapbuf_control_open();
	if (!bench.control) {
		message(LEVEL_ERROR, "mapbufctl bench: no buffer can be made: %s",
			explain_control(errno));
		return EXIT_FAILED;
	}
	status = bench_guard(&bench);
	if (status < 0)
		status = measure(&bench, json, has_bars);
	mapbuf_control_close(bench.control);
	return status;
}

static int run(int argc, char **argv)
{
	static const struct option table[] = {
		{ "bars", required_argument, NULL, 'b' },
		{ "json", no_argument, NULL, 'J' },
		{ "seconds", required_argument, NULL, 't' },
		{ "size", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 }
	};
	uint64_t bytes = DEFAULT_BYTES;
	long seconds = DEFAULT_SECONDS;
	int option, json = 0, has_bars = isatty(STDOUT_FILENO);

	while ((option = getopt_long(argc, argv, "J", table, NULL)) != -1) {
		if (option == '?' ||
		    (option == 'b' && parse_bars(argv[0], &has_bars)) ||
		    (option == 's' && parse_size(argv[0], optarg, &bytes)))
			return usage_error(argv);
		if (option == 't' && parse_seconds(optarg, &seconds)) {
			message(LEVEL_ERROR, "%s: --seconds must be a number of seconds, 1 to %d",
				argv[0], MAX_SECONDS);
			return usage_error(argv);
		}
		json |= option == 'J';
	}
	if (word_is_unexpected(argv, argv[optind]))
		return usage_error(argv);
	if (json)
		message_as_json();
	return bench(bytes, seconds, json, has_bars);
}

const struct verb verb_bench = {
	.name = "bench", .arguments = "[OPTION]...",
	.summary = "compare what memory costs with mapbuf and without",
	.help = help, .run = run
};
