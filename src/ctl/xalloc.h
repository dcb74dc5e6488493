/* SPDX-License-Identifier: GPL-2.0-only */
/* Allocation that ends the program when memory is out. */
#ifndef MAPBUFCTL_XALLOC_H
#define MAPBUFCTL_XALLOC_H

#include <stddef.h>

char *xstrdup(const char *text) __attribute__((returns_nonnull));
char *xprintf(const char *format, ...)
	__attribute__((format(printf, 1, 2), returns_nonnull));
/* @array with room for one more than @count elements of @size bytes */
void *xgrow(void *array, size_t count, size_t size)
	__attribute__((returns_nonnull));

#endif /* MAPBUFCTL_XALLOC_H */
