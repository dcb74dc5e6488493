/* SPDX-License-Identifier: GPL-2.0-only */
/* What several programs do with a buffer of their own. */
#ifndef USE_H
#define USE_H

#include "t.h"

#include <signal.h>

/* How many nodes of buffers there are. */
int b_nodes(void);

/* Whether the kernel has dma-bufs. */
bool has_dmabuf(void);

/*
 * From create to destroy; in between its first bytes, @checked of them, are zero,
 * and keep data without the mapping's page tables.  That must() work once it is
 * there.  Returns what b_try_create() does.
 */
int use_whole_life(const char *name, size_t size, size_t checked,
		   unsigned int backing, uint64_t seed);

/*
 * Count the calls of a function of the kernel, from now on; false if there is no
 * such function, or the kernel cannot.
 */
bool count_calls(const char *function);
long counted_calls(void);
void stop_counting(void);

/* A buffer over a range: 0 or -errno. */
int reserve(const char *name, uint64_t start, uint64_t bytes,
	    unsigned int cache, unsigned int flags);

/* Where the memory of the ivshmem device is, switched on; 0 if there is none. */
uint64_t ivshmem(void);

/* Touch memory, or do something: NULL, or what the signal SIGBUS said that ended it. */
const siginfo_t *raised(char *at, bool write);
const siginfo_t *raised_in(void (*use)(void *), void *data);

/* The module kmod/driver_calls.c: a descriptor of its node; and undo that. */
int driver_load(void);
void driver_unload(int fd);

#endif
