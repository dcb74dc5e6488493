// SPDX-License-Identifier: GPL-2.0-only
#include "ring.h"

#include <sys/syscall.h>

void ring_open(struct ring *ring)
{
	size_t sq, cq;

	memset(&ring->p, 0, sizeof(ring->p));
	ring->fd = syscall(SYS_io_uring_setup, RING_ENTRIES, &ring->p);
	if (ring->fd < 0)
		t_bail("io_uring_setup");
	sq = ring->p.sq_off.array + ring->p.sq_entries * sizeof(__u32);
	cq = ring->p.cq_off.cqes +
	     ring->p.cq_entries * sizeof(struct io_uring_cqe);
	ring->area = mmap(NULL, sq > cq ? sq : cq, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_POPULATE, ring->fd,
			  IORING_OFF_SQ_RING);
	ring->sqes = mmap(NULL, RING_ENTRIES * sizeof(*ring->sqes),
			  PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			  ring->fd, IORING_OFF_SQES);
	if (!(ring->p.features & IORING_FEAT_SINGLE_MMAP) ||
	    ring->area == MAP_FAILED || ring->sqes == MAP_FAILED)
		t_bail("mmap of an io_uring");
}

long ring_enter(const struct ring *ring, unsigned int submit,
		unsigned int wait_for, unsigned int flags)
{
	return syscall(SYS_io_uring_enter, ring->fd, submit, wait_for, flags,
		       NULL, 0);
}

static __u32 *ring_word(struct ring *ring, __u32 offset)
{
	return (__u32 *)(ring->area + offset);
}

void ring_put(struct ring *ring, const struct io_uring_sqe *sqe)
{
	__u32 tail = *ring_word(ring, ring->p.sq_off.tail);
	__u32 i = tail & *ring_word(ring, ring->p.sq_off.ring_mask);

	ring->sqes[i] = *sqe;
	ring_word(ring, ring->p.sq_off.array)[i] = i;
	__atomic_store_n(ring_word(ring, ring->p.sq_off.tail), tail + 1,
			 __ATOMIC_RELEASE);
}

bool ring_take(struct ring *ring, struct io_uring_cqe *done)
{
	__u32 head = *ring_word(ring, ring->p.cq_off.head);
	struct io_uring_cqe *cqe;

	if (head == __atomic_load_n(ring_word(ring, ring->p.cq_off.tail),
				    __ATOMIC_ACQUIRE))
		return false;
	cqe = (struct io_uring_cqe *)(ring->area + ring->p.cq_off.cqes);
	*done = cqe[head & *ring_word(ring, ring->p.cq_off.ring_mask)];
	__atomic_store_n(ring_word(ring, ring->p.cq_off.head), head + 1,
			 __ATOMIC_RELEASE);
	return true;
}
