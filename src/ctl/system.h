/* SPDX-License-Identifier: GPL-2.0-only */
/* What the machine tells of itself in /proc, /sys and /lib/modules. */
#ifndef MAPBUFCTL_SYSTEM_H
#define MAPBUFCTL_SYSTEM_H

#include <stddef.h>
#include <stdint.h>

/* paths.c: "", or a directory that stands for / in the tests */
const char *system_root(void);

/* A path below the root; the caller frees it. */
char *system_path(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
/*
 * The contents of a small file without the newline at its end; NULL if it
 * cannot be read.  The caller frees it.
 */
char *system_read(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
/* By Secure Boot, for instance: nobody touches the kernel's memory. */
int system_is_locked_down(void);
/* Whether a word is on the command line of the kernel */
int system_has_argument(const char *word);

/**
 * struct free_memory - free memory of a NUMA node
 * @node: its number
 * @bytes: all of it
 * @huge_bytes: in pieces of 2 MiB or more
 * @largest: the largest size of a piece that the kernel keeps account of
 */
struct free_memory {
	int node;
	uint64_t bytes;
	uint64_t huge_bytes;
	uint64_t largest;
};

/* memory.c: from the text of /proc/buddyinfo; the caller frees the array. */
struct free_memory *memory_parse(const char *text, uint64_t page_size,
				 size_t *count);

/* module.c */
enum module_state { MODULE_LOADED, MODULE_OTHER_VERSION, MODULE_MISSING };

/* @why: what to tell and to do, the caller frees it; NULL if all is well */
enum module_state module_examine(char **version, char **why);

#endif /* MAPBUFCTL_SYSTEM_H */
