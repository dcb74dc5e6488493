/* SPDX-License-Identifier: 0BSD */
/*
 * What the two example services have agreed on: one page that says what
 * follows, then the contents of the file.
 */
#ifndef FRAME_H
#define FRAME_H

#include <stdint.h>

/* Whole pages, since O_DIRECT wants an aligned address. */
#define FRAME_HEADER_SIZE 4096

struct frame {
	uint64_t length;	/* of the file; 0 until all of it is there */
	char path[FRAME_HEADER_SIZE - sizeof(uint64_t)];
};

_Static_assert(sizeof(struct frame) == FRAME_HEADER_SIZE, "one page");

#endif /* FRAME_H */
