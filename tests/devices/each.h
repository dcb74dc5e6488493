/* SPDX-License-Identifier: GPL-2.0-only */
/* The same with each kind of memory. */
#ifndef EACH_H
#define EACH_H

#include "../kernel/t.h"

/* All stores: a reserved range is one, too, where the machine has a hole. */
extern const struct store all_stores[];	/* ends with name NULL */
void create_in(const struct store *store, const char *name, uint64_t bytes);

/* With a buffer of that name in each of them, of which nothing is to be left. */
void in_each(const struct store *of, const char *name, uint64_t bytes,
	     void (*run)(const struct store *store));

/* How many dma-bufs there are of a buffer */
int exports(const char *name);

#endif
