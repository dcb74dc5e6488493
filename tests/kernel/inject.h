/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls of which one allocation, or one copy from or to user space, fails. */
#ifndef INJECT_H
#define INJECT_H

#include "t.h"

/*
 * A call: what it needs, itself, whether all is as it was when it failed, and
 * what undoes it; @arg is for all of them.  @also is an error that it may give
 * for want of memory instead of ENOMEM.
 */
struct step {
	const char *name;
	void (*before)(uintptr_t arg);
	int (*call)(uintptr_t arg);
	bool (*unchanged)(uintptr_t arg);
	void (*undo)(uintptr_t arg);
	uintptr_t arg;
	int also;
};

/* With the kernel's fault injection, or with kmod/inject.c. */
void inject_set_up(void);

/*
 * Do it until it meets no fault: it is the @first one that fails, then the next
 * one, and so on.  Either the call copes with that, or it gives ENOMEM, or
 * EFAULT where it is a copy, has changed nothing, and works when done again.
 * Returns which was the last one.
 */
unsigned int inject(const struct step *step, unsigned int first);

/* Do it once, without a fault.  Returns how many it can meet. */
unsigned int inject_none(const struct step *step);

/* fail_locks.c: locks of a file that nobody has locked yet; none is left. */
void fail_locks(int file);

#endif
