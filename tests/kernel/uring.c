// SPDX-License-Identifier: GPL-2.0-only
/*
 * io_uring on the scratch disk, plain and with buffers registered before; and
 * waiting with it for new data.
 */
#include "ring.h"

#include <poll.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#define SIZE (4 * MIB + 3 * PAGE)
#define DISK "/dev/vda"

static const char *store;
static int disk;

static void ring_submit(struct ring *ring, const struct io_uring_sqe *sqe)
{
	ring_put(ring, sqe);
	if (ring_enter(ring, 1, 0, 0) != 1)
		t_bail("io_uring_enter");
}

/* Whether there is a completion, and which. */
static bool ring_done(struct ring *ring, struct io_uring_cqe *done)
{
	/* Lets the kernel run what it does in the context of this process. */
	ring_enter(ring, 0, 0, IORING_ENTER_GETEVENTS);
	return ring_take(ring, done);
}

/* The result of the next request that completes. */
static int ring_result(struct ring *ring)
{
	struct io_uring_cqe cqe;

	if (ring_enter(ring, 0, 1, IORING_ENTER_GETEVENTS) < 0 ||
	    !ring_done(ring, &cqe))
		t_bail("io_uring completed nothing");
	return cqe.res;
}

/* One request at a time; its result. */
static int ring_do(struct ring *ring, int op, char *at, size_t len, off_t pos)
{
	struct io_uring_sqe sqe = {
		.opcode = op,
		.fd = disk,
		.addr = (uintptr_t)at,
		.len = len,
		.off = pos,
	};

	ring_submit(ring, &sqe);
	return ring_result(ring);
}

/* All of it, in as many requests as the disk wants; false on an error. */
static bool ring_all(struct ring *ring, int op, char *at, size_t len)
{
	size_t done = 0;
	int n = 1;

	for (; done < len && n > 0; done += n > 0 ? n : 0)
		n = ring_do(ring, op, at + done, len - done, done);
	if (n <= 0)
		t_note("request %d at byte %zu gave %d", op, done, n);
	return done == len;
}

static int ring_register(struct ring *ring, char *map)
{
	struct iovec iov = { map, SIZE };

	return syscall(SYS_io_uring_register, ring->fd,
		       IORING_REGISTER_BUFFERS, &iov, 1) ? -errno : 0;
}

static void plain(struct ring *ring, char *map)
{
	fill(map, SIZE, 50);
	t_ok(ring_all(ring, IORING_OP_WRITE, map, SIZE), "%s: WRITE", store);
	memset(map, 0, SIZE);
	t_ok(ring_all(ring, IORING_OP_READ, map, SIZE) &&
	     filled(map, SIZE, 50), "%s: READ gives it back", store);
}

/*
 * Registered, the pages belong to the ring as well: it goes on writing from
 * them when the buffer is gone and its memory has been asked for by others.
 */
static bool fixed(struct ring *ring, char *map, int fd)
{
	char *copy = malloc(SIZE + PAGE), *aligned, *other;
	int fd2, err = ring_register(ring, map);

	if (err == -EOPNOTSUPP && !kernel_since(6, 12)) {
		t_skip("this kernel registers no file mappings",
		       "%s: fixed buffers", store);
		free(copy);
		return false;
	}
	t_ok(!err, "%s: register as fixed buffer (%s)", store, strerror(-err));
	fill(map, SIZE, 51);
	t_ok(ring_all(ring, IORING_OP_WRITE_FIXED, map, SIZE),
	     "%s: WRITE_FIXED", store);
	memset(map, 0, SIZE);
	t_ok(ring_all(ring, IORING_OP_READ_FIXED, map, SIZE) &&
	     filled(map, SIZE, 51), "%s: READ_FIXED gives it back", store);

	fill(map, SIZE, 52);
	munmap(map, SIZE);
	close(fd);
	t_ok(b_destroy("ring", 0) == -EBUSY &&
	     !b_destroy("ring", MAPBUF_DESTROY_DEFERRED),
	     "%s: destroying under the ring has to be deferred", store);
	b_create("again", 64 * MIB, MAPBUF_BACKING_VMALLOC);
	fd2 = b_open("again", O_RDWR);
	other = b_map(fd2, 64 * MIB, 0);
	memset(other, 0xff, 64 * MIB);
	t_ok(ring_all(ring, IORING_OP_WRITE_FIXED, map, SIZE),
	     "%s: WRITE_FIXED when the buffer is gone", store);
	aligned = (char *)(((uintptr_t)copy + PAGE - 1) & -PAGE);
	t_ok(pread(disk, aligned, SIZE, 0) == SIZE &&
	     filled(aligned, SIZE, 52), "%s: wrote the old data", store);
	munmap(other, 64 * MIB);
	close(fd2);
	b_destroy("again", 0);
	free(copy);
	return true;
}

/* As another process would. */
static bool notify(void)
{
	int fd = b_open("ring", O_RDWR);
	bool ok = b_notify(fd) > 0;

	close(fd);
	return ok;
}

/* One that waits once, then one that stays. */
static void polls(void)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_POLL_ADD, .poll32_events = POLLIN,
	};
	struct io_uring_cqe cqe;
	struct ring ring;
	int fd, i, ok = 1;

	ring_open(&ring);
	b_create("ring", PAGE, MAPBUF_BACKING_VMALLOC);
	fd = b_open("ring", O_RDONLY);
	sqe.fd = fd;
	for (i = 0; i < 3; i++) {
		ring_submit(&ring, &sqe);
		usleep(20000);
		ok &= !ring_done(&ring, &cqe);
		ok &= notify() && ring_result(&ring) == POLLIN &&
		      b_seen(fd) > 0;
	}
	t_ok(ok, "POLL_ADD: completes for each notification, and not before");
	notify();
	ring_submit(&ring, &sqe);
	t_ok(ring_result(&ring) == POLLIN, "POLL_ADD: for one that was before");
	b_seen(fd);

	sqe.len = IORING_POLL_ADD_MULTI;
	ring_submit(&ring, &sqe);
	/* What is refused is so at once. */
	if (ring_done(&ring, &cqe) && cqe.res == -EINVAL) {
		t_skip("this kernel has no multishot poll",
		       "POLL_ADD: one that stays completes for each");
		sqe.len = 0;
		ring_submit(&ring, &sqe);
	} else {
		for (ok = 1, i = 0; i < 3; i++) {
			ok &= !ring_done(&ring, &cqe);
			ok &= notify() && ring_result(&ring) == POLLIN &&
			      b_seen(fd) > 0;
		}
		t_ok(ok, "POLL_ADD: one that stays completes for each");
	}
	t_ok(!b_destroy("ring", MAPBUF_DESTROY_DEFERRED) &&
	     ring_result(&ring) & POLLHUP, "POLL_ADD: destroyed, it hangs up");
	close(fd);
	close(ring.fd);
}

int main(void)
{
	const struct store *s;

	disk = open(DISK, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (disk < 0)
		t_bail("open the scratch disk " DISK);

	for (s = stores; s->name; s++) {
		struct ring ring;
		char *map;
		int fd;

		store = s->name;
		ring_open(&ring);
		b_create("ring", SIZE, s->id);
		fd = b_open("ring", O_RDWR);
		map = b_map(fd, SIZE, 0);
		plain(&ring, map);
		if (!fixed(&ring, map, fd)) {
			munmap(map, SIZE);
			close(fd);
			t_ok(!b_destroy("ring", 0), "%s: destroy", store);
		}
		close(ring.fd);
	}
	polls();
	return t_done();
}
