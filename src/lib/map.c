// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

/* What one entry of a page table maps at most */
#define PIECE ((size_t)2 << 20)

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

/* What all check; 0, and *prot, *how and *length for mmap(). */
static int prepare(uint64_t size, uint64_t offset, size_t *length,
		   unsigned int flags, int *prot, int *how)
{
	if (flags & ~(MAPBUF_MAP_READ_ONLY | MAPBUF_MAP_POPULATE)) {
		errno = EINVAL;
		return -1;
	}
	*prot = PROT_READ;
	if (!(flags & MAPBUF_MAP_READ_ONLY))
		*prot |= PROT_WRITE;
	*how = MAP_SHARED;
	if (flags & MAPBUF_MAP_POPULATE)
		*how |= MAP_POPULATE;
	return check_range(size, offset, length);
}

void *mapbuf_map(struct mapbuf *buffer, uint64_t offset, size_t length,
		 unsigned int flags)
{
	int prot, how;
	void *address;

	if (prepare(mapbuf_size(buffer), offset, &length, flags, &prot, &how))
		return NULL;
	address = mmap(NULL, length, prot, how, mapbuf_fd(buffer), offset);
	return address == MAP_FAILED ? NULL : address;
}

/* Kernels before 4.17 take the address as a hint. */
static void *map_fixed(void *address, size_t length, int prot, int how, int fd,
		       uint64_t offset)
{
	void *got;

	got = mmap(address, length, prot, how | MAP_FIXED_NOREPLACE, fd,
		   offset);
	if (got == MAP_FAILED)
		return NULL;
	if (got != address) {
		munmap(got, length);
		errno = EEXIST;
		return NULL;
	}
	return got;
}

/*
 * In the middle of an area that is kept free meanwhile.  The address is, modulo
 * @alignment, @like.
 */
static void *map_aligned(size_t alignment, uint64_t like, size_t page,
			 size_t length, int prot, int how, int fd,
			 uint64_t offset)
{
	size_t pages = (length + page - 1) & -page, before, after;
	char *area, *at;
	int error;

	if (pages < length || pages > SIZE_MAX - alignment) {
		errno = ENOMEM;
		return NULL;
	}
	area = mmap(NULL, pages + alignment, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (area == MAP_FAILED)
		return NULL;
	before = (like - (uintptr_t)area) & (alignment - 1);
	after = alignment - before;
	at = mmap(area + before, length, prot, how | MAP_FIXED, fd, offset);
	if (at == MAP_FAILED) {
		error = errno;
		munmap(area, pages + alignment);
		errno = error;
		return NULL;
	}
	if (before)
		munmap(area, before);
	munmap(at + pages, after);
	return at;
}

void *mapbuf_map_at(struct mapbuf *buffer, void *address, size_t alignment,
		    uint64_t offset, size_t length, unsigned int flags)
{
	size_t page = sysconf(_SC_PAGESIZE);
	int prot, how;

	if (!alignment)
		alignment = page;
	if (alignment < page || alignment & (alignment - 1) ||
	    (uintptr_t)address & (alignment - 1)) {
		errno = EINVAL;
		return NULL;
	}
	if (prepare(mapbuf_size(buffer), offset, &length, flags, &prot, &how))
		return NULL;
	return address ? map_fixed(address, length, prot, how,
				   mapbuf_fd(buffer), offset) :
			 map_aligned(alignment, 0, page, length, prot, how,
				     mapbuf_fd(buffer), offset);
}

/*
 * mmap() asks the driver of a buffer for an address, but not that of a dma-buf: its
 * file belongs to the kernel's core, which chooses none.
 */
void *mapbuf_map_dmabuf(int dmabuf, uint64_t offset, size_t length,
			unsigned int flags)
{
	size_t page = sysconf(_SC_PAGESIZE);
	off_t size = lseek(dmabuf, 0, SEEK_END);
	int prot, how;

	if (size < 0 || prepare(size, offset, &length, flags, &prot, &how))
		return NULL;
	return map_aligned(length < PIECE ? page : PIECE, offset & -page, page,
			   length, prot, how, dmabuf, offset);
}

int mapbuf_unmap(void *address, size_t length)
{
	return munmap(address, length);
}
