/* SPDX-License-Identifier: GPL-2.0-only */
/* An io_uring, without a library: what goes in and what comes out. */
#ifndef RING_H
#define RING_H

#include "t.h"

#include <linux/io_uring.h>

#define RING_ENTRIES 8

struct ring {
	int fd;
	char *area;
	struct io_uring_sqe *sqes;
	struct io_uring_params p;
};

void ring_open(struct ring *ring);
/* io_uring_enter() */
long ring_enter(const struct ring *ring, unsigned int submit,
		unsigned int wait_for, unsigned int flags);
/* A request, to be submitted by ring_enter() */
void ring_put(struct ring *ring, const struct io_uring_sqe *sqe);
/* Whether there is a completion, and which. */
bool ring_take(struct ring *ring, struct io_uring_cqe *done);

#endif
