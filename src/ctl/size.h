/* SPDX-License-Identifier: GPL-2.0-only */
/* Sizes as people write them. */
#ifndef MAPBUFCTL_SIZE_H
#define MAPBUFCTL_SIZE_H

#include <stddef.h>
#include <stdint.h>

/* Longest text of size_format() with its terminating 0. */
#define SIZE_TEXT 24

int size_parse(const char *text, uint64_t memory, uint64_t *bytes,
	       const char **why);
int address_parse(const char *text, uint64_t *address, const char **why);
void size_format(char *text, uint64_t bytes);
uint64_t size_of_memory(void);

#endif /* MAPBUFCTL_SIZE_H */
