// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xalloc.h"
#include "zones.h"

struct zone *zones_parse(const char *text, uint64_t page_size, size_t *count)
{
	char *copy = xstrdup(text), *rest = copy, *line;
	unsigned long long pages, spanned = 0;
	struct zone *zones = NULL, zone = { 0 };
	size_t n = 0;

	while ((line = strsep(&rest, "\n"))) {
		if (sscanf(line, "Node %d, zone %15s", &zone.node,
			   zone.name) == 2)
			spanned = 0;
		else if (sscanf(line, " spanned %llu", &pages) == 1)
			spanned = pages;
		/* The last line of a zone; one without memory has none. */
		if (sscanf(line, " start_pfn: %llu", &pages) != 1 || !spanned)
			continue;
		zone.start = pages * page_size;
		zone.end = zone.start + spanned * page_size;
		zones = xgrow(zones, n, sizeof(*zones));
		zones[n++] = zone;
	}
	free(copy);
	*count = n;
	return zones;
}
