/* SPDX-License-Identifier: GPL-2.0-only */
/* What the programs print: a measurement each line, fields separated by tabs. */
#ifndef LINE_H
#define LINE_H

#include "../kernel/t.h"

/* In nanoseconds, each an instruction in the machine that is measured in. */
uint64_t now(void);

/* The first fields of a line; more follow, each with a tab before it. */
void line_begin(const char *what, uint64_t size, const char *row,
		const char *whose, bool late);

/* All of a line of memory that is there; @n values. */
void line(const char *what, uint64_t size, const char *row, const char *whose,
	  const double *values, int n);

/* The same of instructions counted as they are. */
void line_counts(const char *what, uint64_t size, const char *row,
		 const char *whose, const uint64_t *counts, int n);

/* In the place of the line, what @err (positive) of errno says. */
void line_error(uint64_t size, const char *row, int err);

/* Whatever comes in between only adds: into @best what is less in @round. */
void least(uint64_t *best, const uint64_t *round, int n, bool first);

#endif
