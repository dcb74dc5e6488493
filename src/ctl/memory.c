// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system.h"
#include "xalloc.h"

#define HUGE_SIZE (2ULL << 20)

static struct free_memory *find_node(struct free_memory **nodes, size_t *count,
				     int number)
{
	size_t i;

	for (i = 0; i < *count; i++) {
		if ((*nodes)[i].node == number)
			return &(*nodes)[i];
	}
	*nodes = xgrow(*nodes, *count, sizeof(**nodes));
	(*nodes)[*count] = (struct free_memory){ .node = number };
	return &(*nodes)[(*count)++];
}

/* The numbers of free pieces of 1, 2, 4... pages */
static void add_pieces(struct free_memory *to, const char *text,
		       uint64_t page_size)
{
	unsigned long long pieces;
	uint64_t size = page_size;
	int used;

	for (; sscanf(text, "%llu%n", &pieces, &used) == 1; text += used) {
		to->bytes += pieces * size;
		if (size >= HUGE_SIZE)
			to->huge_bytes += pieces * size;
		if (pieces && size > to->largest)
			to->largest = size;
		size *= 2;
	}
}

struct free_memory *memory_parse(const char *text, uint64_t page_size,
				 size_t *count)
{
	struct free_memory *nodes = NULL;
	char *copy = xstrdup(text), *rest = copy, *line;
	int number, used;
	size_t n = 0;

	while ((line = strsep(&rest, "\n"))) {
		used = 0;
		if (sscanf(line, "Node %d, zone %*s%n", &number, &used) == 1 &&
		    used)
			add_pieces(find_node(&nodes, &n, number),
				   line + used, page_size);
	}
	free(copy);
	*count = n;
	return nodes;
}
