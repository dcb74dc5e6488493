/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What makes an input hostile: a source of numbers that a seed repeats, values
 * at which programs go wrong, and what tells that an input did something new.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "t.h"

struct fuzz {
	unsigned int worker;
	uint64_t state;
	double until;
	unsigned long runs;
	uint64_t *cover;	/* of KCOV, or NULL */
	unsigned long features;
	uint8_t seen[1 << 16];	/* a bit a feature, by its hash */
};

/*
 * Choose the seed of all workers, RANDOM_SEED if there is one, and print it.
 * What a worker does follows from it, but not where it ends: after that @share
 * of SOAK_SECONDS.
 */
void fuzz_seed(void);
void fuzz_begin(struct fuzz *f, unsigned int worker, double share);
bool fuzz_more(struct fuzz *f);

uint64_t fuzz_bits(struct fuzz *f);
unsigned int fuzz_below(struct fuzz *f, unsigned int n);
bool fuzz_one_in(struct fuzz *f, unsigned int n);
uint64_t fuzz_value(struct fuzz *f);	/* a number with a reputation */

/* Change a text of at most @size - 1 bytes a little; returns its length. */
size_t fuzz_text(struct fuzz *f, char *text, size_t len, size_t size);

/*
 * Around a system call.  fuzz_after() tells whether it reached code that none
 * did before; without KCOV, whether it had a result that none had.
 */
void fuzz_before(struct fuzz *f);
bool fuzz_after(struct fuzz *f, uint64_t result);

/* As must(), and tells where in the run. */
#define fuzz_must(f, cond) fuzz_result(f, !!(cond), __LINE__, #cond)
void fuzz_result(const struct fuzz *f, bool ok, int line, const char *cond);

#endif
