// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <string.h>

#include "internal.h"

/*
 * In the order of the numbers, which start at 1.  A reserved range cannot be
 * had by its size alone, so it is no choice for those who create.
 */
static const char *const backings[] = {
	[MAPBUF_BACKING_VMALLOC - 1] = "vmalloc",
	[MAPBUF_BACKING_CONTIGUOUS - 1] = "contiguous",
	NULL
};

const char *const *mapbuf_backings(void)
{
	return backings;
}

/* A module newer than the library may have a backing without a name here. */
const char *libmapbuf_backing_name(uint32_t number)
{
	size_t count = sizeof(backings) / sizeof(backings[0]) - 1;

	if (number == MAPBUF_BACKING_RESERVED)
		return "reserved";
	if (number == 0 || number > count)
		return "unknown";
	return backings[number - 1];
}

int libmapbuf_backing_number(const char *name, uint32_t *number)
{
	uint32_t i;

	for (i = 0; backings[i]; i++) {
		if (strcmp(backings[i], name) == 0) {
			*number = i + 1;
			return 0;
		}
	}
	errno = EINVAL;
	return -1;
}
