/* SPDX-License-Identifier: GPL-2.0-only */
/* Locks of flock() and fcntl(), through the node or the file of a buffer. */
#ifndef LOCKING_H
#define LOCKING_H

#include "t.h"

#define FILES "/tmp/mapbuf"	/* where they are mounted */

enum way { NODE, REGULAR, WAYS };
enum kind { FLOCK, OFD, POSIX, KINDS };

extern const char *const way_names[];
extern const char *const kind_names[];

int try_open(const char *name, enum way way);	/* or -1 */
int open_as(const char *name, enum way way);	/* it must() work */

/* 0 or -errno.  The first waits if it is told to. */
int lock_range(int fd, enum kind kind, int type, bool wait, off_t start,
	       off_t len);
int lock(int fd, enum kind kind, int type);

/* What another process gets that opens the buffer, and ends then. */
int other_range(const char *name, enum way way, enum kind kind, int type,
		off_t start, off_t len);

/* The same of all of buffer "a"; whether it gets one, either way, or neither. */
int other(enum way way, enum kind kind, int type);
bool free_for_all(enum kind kind);
bool taken_for_all(enum kind kind);

#endif
