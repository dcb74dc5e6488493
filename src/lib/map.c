// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>

#include "internal.h"

/*
 * Whole buffers, and ranges beyond the end, are settled here: a length of 0
 * never reaches the kernel, which would call it EINVAL.
 */
static int check_range(uint64_t size, uint64_t offset, size_t *length)
{
	uint64_t rest;

	if (offset >= size) {
		errno = ENXIO;
		return -1;
	}
	rest = size - offset;
	if (*length > rest) {
		errno = ENXIO;
		return -1;
	}
	if (*length == 0) {
		if (rest > SIZE_MAX) {
			errno = EOVERFLOW;
			return -1;
		}
		*length = rest;
	}
	return 0;
}

void *mapbuf_map(struct mapbuf *buffer, uint64_t offset, size_t length,
		 unsigned int flags)
{
	int prot = PROT_READ, how = MAP_SHARED;
	void *address;

	if (flags & ~(MAPBUF_MAP_READ_ONLY | MAPBUF_MAP_POPULATE)) {
		errno = EINVAL;
		return NULL;
	}
	if (check_range(mapbuf_size(buffer), offset, &length))
		return NULL;
	if (!(flags & MAPBUF_MAP_READ_ONLY))
		prot |= PROT_WRITE;
	if (flags & MAPBUF_MAP_POPULATE)
		how |= MAP_POPULATE;
	address = mmap(NULL, length, prot, how, mapbuf_fd(buffer), offset);
	return address == MAP_FAILED ? NULL : address;
}

int mapbuf_unmap(void *address, size_t length)
{
	return munmap(address, length);
}
