// SPDX-License-Identifier: GPL-2.0-only
/* A picture of physical memory: a character for each block of it. */
#include <getopt.h>
#include <inttypes.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mapbuf.h>

#include "ctl.h"
#include "pick.h"
#include "size.h"
#include "system.h"
#include "table.h"
#include "xalloc.h"
#include "zones.h"

#define BLOCK_MIN (2ULL << 20)
/* Of a zone */
#define BLOCKS_MAX 256
#define BLOCKS_PER_LINE 64

/* A buffer whose memory is in one piece; its end is behind its last byte. */
struct piece {
	const struct mapbuf_entry *entry;
	uint64_t start;
	uint64_t end;
	char sign;
};

/* Buffers that have no place in the picture */
struct sum {
	size_t count;
	uint64_t bytes;
};

struct picture {
	struct zone *zones;
	size_t zone_count;
	struct piece *pieces;
	size_t count;
	struct sum scattered;
	struct sum unknown;
};

static void add_to(struct sum *sum, const struct mapbuf_entry *entry)
{
	sum->count++;
	sum->bytes += mapbuf_entry_size(entry);
}

static void add(struct picture *picture, const struct mapbuf_entry *entry)
{
	int64_t start = mapbuf_entry_phys_addr(entry);

	if (strcmp(mapbuf_entry_backing(entry), "vmalloc") == 0) {
		add_to(&picture->scattered, entry);
	} else if (start < 0) {
		add_to(&picture->unknown, entry);
	} else {
		picture->pieces = xgrow(picture->pieces, picture->count,
					sizeof(*picture->pieces));
		picture->pieces[picture->count++] = (struct piece){
			.entry = entry, .start = start,
			.end = start + mapbuf_entry_size(entry)
		};
	}
}

static int compare(const void *left, const void *right)
{
	const struct piece *a = left, *b = right;

	return (a->start > b->start) - (a->start < b->start);
}

/* Those for which no letter is left are #. */
static char choose_sign(size_t number)
{
	if (number < 26)
		return 'A' + number;
	return number < 52 ? 'a' + number - 26 : '#';
}

/* By their order in memory */
static void give_signs(struct picture *picture)
{
	size_t i;

	if (picture->count > 1)
		qsort(picture->pieces, picture->count,
		      sizeof(*picture->pieces), compare);
	for (i = 0; i < picture->count; i++)
		picture->pieces[i].sign = choose_sign(i);
}

static void make_picture(struct picture *picture,
			 const struct mapbuf_list *list)
{
	const struct mapbuf_entry *entry;
	char *text;
	size_t i;

	memset(picture, 0, sizeof(*picture));
	text = system_read("/proc/zoneinfo");
	if (text)
		picture->zones = zones_parse(text, sysconf(_SC_PAGESIZE),
					     &picture->zone_count);
	free(text);
	for (i = 0; (entry = mapbuf_list_get(list, i)); i++)
		add(picture, entry);
	give_signs(picture);
}

/* The sign of what is between the two addresses */
static char look(const struct picture *picture, uint64_t start, uint64_t end)
{
	const struct piece *piece;
	char sign = '.';
	size_t i;

	for (i = 0; i < picture->count; i++) {
		piece = &picture->pieces[i];
		if (piece->start >= end || piece->end <= start)
			continue;
		if (sign != '.')
			return '*';
		sign = piece->sign;
	}
	return sign;
}

static void draw_zone(const struct picture *picture, const struct zone *zone)
{
	uint64_t block = BLOCK_MIN, at;
	char size[SIZE_TEXT];
	uint64_t line;

	while (zone->end / block - zone->start / block >= BLOCKS_MAX)
		block *= 2;
	size_format(size, block);
	printf("Node %d, zone %s, %#" PRIx64 " to %#" PRIx64 ", a character is %s:\n",
	       zone->node, zone->name, zone->start, zone->end - 1, size);
	line = block * BLOCKS_PER_LINE;
	for (at = zone->start / line * line; at < zone->end; at += block) {
		if (at % line == 0)
			printf("  0x%012" PRIx64 " ", at);
		putchar(at + block <= zone->start ? ' ' :
			look(picture, at, at + block));
		if ((at + block) % line == 0 || at + block >= zone->end)
			putchar('\n');
	}
	putchar('\n');
}

/* Where its first byte is */
static char *describe_place(const struct picture *picture,
			    const struct piece *piece)
{
	const struct zone *zone;
	size_t i;

	for (i = 0; i < picture->zone_count; i++) {
		zone = &picture->zones[i];
		if (piece->start >= zone->start && piece->start < zone->end)
			return xprintf("node %d, %s", zone->node, zone->name);
	}
	return xstrdup("outside of all zones");
}

static int add_line(struct libscols_table *table, const struct picture *picture,
		    const struct piece *piece)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	const struct mapbuf_entry *entry = piece->entry;
	char size[SIZE_TEXT];

	if (!line)
		return -1;
	size_format(size, mapbuf_entry_size(entry));
	return scols_line_refer_data(line, 0, xprintf("%c", piece->sign)) ||
	       scols_line_set_data(line, 1, mapbuf_entry_name(entry)) ||
	       scols_line_set_data(line, 2, size) ||
	       scols_line_set_data(line, 3, mapbuf_entry_backing(entry)) ||
	       scols_line_refer_data(line, 4, xprintf("%#" PRIx64,
						      piece->start)) ||
	       scols_line_refer_data(line, 5, xprintf("%#" PRIx64,
						      piece->end - 1)) ||
	       scols_line_refer_data(line, 6, describe_place(picture, piece));
}

static int print_pieces(const struct picture *picture)
{
	static const struct table_column columns[] = {
		{ "SIGN", 0, 0 }, { "NAME", 0, 0 }, { "SIZE", 1, SCOLS_FL_RIGHT },
		{ "BACKING", 0, 0 }, { "FIRST", 0, SCOLS_FL_RIGHT },
		{ "LAST", 0, SCOLS_FL_RIGHT }, { "WHERE", 0, 0 },
	};
	struct libscols_table *table = table_build(columns, 7);
	int failed = !table;
	size_t i;

	for (i = 0; !failed && i < picture->count; i++)
		failed = add_line(table, picture, &picture->pieces[i]);
	if (!failed)
		failed = scols_print_table(table);
	scols_unref_table(table);
	return failed;
}

static void print_sum(const struct sum *sum, const char *what)
{
	char size[SIZE_TEXT];

	if (!sum->count)
		return;
	size_format(size, sum->bytes);
	printf("%s: %zu, %s in all\n", what, sum->count, size);
}

static int map(void)
{
	struct mapbuf_list *list = pick_list();
	struct picture picture;
	int failed = 0;
	size_t i;

	if (!list)
		return EXIT_FAILED;
	make_picture(&picture, list);
	for (i = 0; i < picture.zone_count; i++)
		draw_zone(&picture, &picture.zones[i]);
	if (picture.count)
		failed = print_pieces(&picture);
	if (failed)
		message(LEVEL_ERROR, "mapbufctl: the table cannot be printed");
	print_sum(&picture.scattered, "Buffers in pages from anywhere (vmalloc)");
	print_sum(&picture.unknown,
		  "Buffers in one piece whose address you may not see (root may)");
	free(picture.zones);
	free(picture.pieces);
	mapbuf_list_free(list);
	return failed ? EXIT_FAILED : EXIT_OK;
}

static int run(int argc, char **argv)
{
	static const struct option table[] = {
		{ NULL, 0, NULL, 0 }
	};

	if (getopt_long(argc, argv, "", table, NULL) != -1)
		return usage_error(argv);
	if (word_is_unexpected(argv, argv[optind]))
		return usage_error(argv);
	return map();
}

const struct verb verb_map = {
	.name = "map", .arguments = "",
	.summary = "draw where in physical memory buffers lie",
	.run = run
};
