// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <string.h>

#include "internal.h"

/* In the order of the numbers, which start at 1. */
static const char *const backings[] = {
	[MAPBUF_BACKING_VMALLOC - 1] = "vmalloc",
	[MAPBUF_BACKING_CONTIGUOUS - 1] = "contiguous",
	[MAPBUF_BACKING_RESERVED - 1] = "reserved",
	[MAPBUF_BACKING_COHERENT - 1] = "coherent",
	NULL
};

/* In the order of the numbers, which start at 0. */
static const char *const caches[] = {
	[MAPBUF_CACHE_CACHED] = "wb",
	[MAPBUF_CACHE_WRITE_COMBINED] = "wc",
	[MAPBUF_CACHE_UNCACHED] = "uc",
	NULL
};

const char *const *mapbuf_backings(void)
{
	return backings;
}

const char *const *mapbuf_caches(void)
{
	return caches;
}

/* A module newer than the library may have a backing without a name here. */
const char *libmapbuf_backing_name(uint32_t number)
{
	size_t count = sizeof(backings) / sizeof(backings[0]) - 1;

	if (number == 0 || number > count)
		return "unknown";
	return backings[number - 1];
}

static int find(const char *const *names, const char *name, uint32_t *index)
{
	for (*index = 0; names[*index]; (*index)++) {
		if (strcmp(names[*index], name) == 0)
			return 0;
	}
	errno = EINVAL;
	return -1;
}

int libmapbuf_backing_number(const char *name, uint32_t *number)
{
	if (find(backings, name, number))
		return -1;
	(*number)++;
	return 0;
}

int libmapbuf_cache_number(const char *name, uint32_t *number)
{
	return find(caches, name, number);
}
