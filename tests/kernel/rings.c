// SPDX-License-Identifier: GPL-2.0-only
/*
 * More of io_uring on a buffer: rings whose memory it is, buffers that the kernel
 * chooses from it, sending without copies, and the limit of locked memory.
 */
#include "net.h"
#include "ring.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#define SIZE (4 * MIB)
#define PART (64 * KIB)
#define PARTS 4
#define GROUP 7

/* Of 6.5, and 6.0: later than some headers. */
#define SETUP_NO_MMAP (1U << 14)
#define OP_SEND_ZC 47
#define SEND_FIXED (1U << 2)
#define HAS_MORE (1U << 1)
#define IS_NOTICE (1U << 3)

static const char *store;
static unsigned int id;

static int ring_register(struct ring *ring, unsigned int op, void *arg,
			 unsigned int nr)
{
	return syscall(SYS_io_uring_register, ring->fd, op, arg, nr) ? -errno : 0;
}

/* The next completion, whenever it comes. */
static void ring_next(struct ring *ring, struct io_uring_cqe *cqe)
{
	while (!ring_take(ring, cqe)) {
		if (ring_enter(ring, 0, 1, IORING_ENTER_GETEVENTS) < 0)
			t_bail("io_uring_enter");
	}
}

static void ring_do(struct ring *ring, const struct io_uring_sqe *sqe,
		    struct io_uring_cqe *cqe)
{
	ring_put(ring, sqe);
	if (ring_enter(ring, 1, 0, 0) != 1)
		t_bail("io_uring_enter");
	ring_next(ring, cqe);
}

/* The field user_addr of both kinds of offsets, which older headers lack. */
static void set_address(void *offsets, const void *at)
{
	uint64_t address = (uintptr_t)at;

	memcpy((char *)offsets + sizeof(struct io_sqring_offsets) -
	       sizeof(address), &address, sizeof(address));
}

/* The first two pages of @map are the ring's.  0 or -errno. */
static int ring_open_in(struct ring *ring, char *map)
{
	memset(ring, 0, sizeof(*ring));
	ring->p.flags = SETUP_NO_MMAP;
	set_address(&ring->p.cq_off, map);
	set_address(&ring->p.sq_off, map + PAGE);
	ring->fd = syscall(SYS_io_uring_setup, RING_ENTRIES, &ring->p);
	ring->area = map;
	ring->sqes = (void *)(map + PAGE);
	return ring->fd < 0 ? -errno : 0;
}

static bool nop(struct ring *ring, uint64_t number)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_NOP, .user_data = number,
	};
	struct io_uring_cqe cqe;

	ring_do(ring, &sqe, &cqe);
	return !cqe.res && cqe.user_data == number;
}

/* The ring is of the memory: it works through any mapping of it. */
static void memory_of_ring(void)
{
	struct ring ring;
	char *map, *again;
	int fd, err, i;
	bool ok = true;

	b_create("rings", SIZE, id);
	fd = b_open("rings", O_RDWR);
	map = b_map(fd, SIZE, 0);
	err = ring_open_in(&ring, map);
	if (err == -EINVAL && !kernel_since(6, 5)) {
		t_skip("this kernel allocates the memory of rings itself",
		       "%s: a ring in a buffer", store);
		munmap(map, SIZE);
		close(fd);
		b_destroy("rings", 0);
		return;
	}
	t_ok(!err, "%s: a ring in a buffer: %s", store, strerror(-err));
	for (i = 0; ok && i < 3 * RING_ENTRIES; i++)
		ok = nop(&ring, i);
	t_ok(ok, "%s: its requests complete", store);
	again = b_map(fd, SIZE, 0);
	munmap(map, SIZE);
	ring.area = again;
	ring.sqes = (void *)(again + PAGE);
	t_ok(nop(&ring, 100), "%s: and through another mapping", store);
	munmap(again, SIZE);
	close(fd);
	t_ok(b_destroy("rings", 0) == -EBUSY &&
	     !b_destroy("rings", MAPBUF_DESTROY_DEFERRED),
	     "%s: destroying under the ring has to be deferred", store);
	close(ring.fd);
}

/* A ring, and a buffer beside it, which is returned mapped. */
static char *set_up(struct ring *ring, int *fd)
{
	ring_open(ring);
	b_create("rings", SIZE, id);
	*fd = b_open("rings", O_RDWR);
	return b_map(*fd, SIZE, 0);
}

/* The kernel ends a ring some time after that. */
static void tear_down(const struct ring *ring, char *map, int fd)
{
	munmap(map, SIZE);
	close(fd);
	close(ring->fd);
	b_destroy("rings", MAPBUF_DESTROY_DEFERRED);
}

/* Where the kernel puts what it receives: @i of the parts behind the ring's page. */
static char *part(char *map, unsigned int i)
{
	return map + PAGE + i * PART;
}

static void offer(char *map, unsigned int i)
{
	struct io_uring_buf *bufs = (void *)map;
	/* Lies over a field of the first that is reserved. */
	uint16_t *tail = (uint16_t *)(map + offsetof(struct io_uring_buf, resv));

	bufs[*tail % PARTS].addr = (uintptr_t)part(map, i);
	bufs[*tail % PARTS].len = PART;
	bufs[*tail % PARTS].bid = i;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
}

/* Receives once; whether it is all in the part that the kernel tells. */
static bool chosen(struct ring *ring, char *map, const int ends[2],
		   unsigned int seed)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_RECV, .fd = ends[1],
		.flags = IOSQE_BUFFER_SELECT, .buf_group = GROUP,
	};
	static char data[4096];
	struct io_uring_cqe cqe;
	unsigned int i;

	fill(data, sizeof(data), seed);
	if (write(ends[0], data, sizeof(data)) != sizeof(data))
		t_bail("write to a socket");
	ring_do(ring, &sqe, &cqe);
	i = cqe.flags >> IORING_CQE_BUFFER_SHIFT;
	if (cqe.res != sizeof(data) || !(cqe.flags & IORING_CQE_F_BUFFER) ||
	    i >= PARTS || !filled(part(map, i), sizeof(data), seed)) {
		t_note("result %d, flags %x", cqe.res, cqe.flags);
		return false;
	}
	offer(map, i);
	return true;
}

/* A ring of buffers, itself in a buffer. */
static void provided(void)
{
	struct io_uring_buf_reg reg = { .ring_entries = PARTS, .bgid = GROUP };
	int fd, err, ends[2];
	struct ring ring;
	unsigned int i;
	bool ok = true;
	char *map;

	map = set_up(&ring, &fd);
	reg.ring_addr = (uintptr_t)map;
	err = ring_register(&ring, IORING_REGISTER_PBUF_RING, &reg, 1);
	if ((err == -EINVAL && !kernel_since(5, 19)) ||
	    (err == -EOPNOTSUPP && !kernel_since(6, 12))) {
		t_skip(err == -EINVAL ? "this kernel has no rings of buffers" :
		       "this kernel registers no file mappings",
		       "%s: a ring of buffers", store);
	} else {
		t_ok(!err, "%s: a ring of buffers: %s", store, strerror(-err));
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
			t_bail("socketpair");
		for (i = 0; i < PARTS; i++)
			offer(map, i);
		for (i = 0; ok && i < 3 * PARTS; i++)
			ok = chosen(&ring, map, ends, 70 + i);
		t_ok(ok, "%s: what is received is where the kernel says", store);
		close(ends[0]);
		close(ends[1]);
	}
	tear_down(&ring, map, fd);
}

/* Its completion, and then, when the kernel needs the memory no more, a notice. */
static bool sent(struct ring *ring, const struct io_uring_sqe *sqe, size_t len)
{
	struct io_uring_cqe cqe;

	ring_do(ring, sqe, &cqe);
	if (cqe.res != (int)len || !(cqe.flags & HAS_MORE)) {
		t_note("result %d, flags %x", cqe.res, cqe.flags);
		return false;
	}
	ring_next(ring, &cqe);
	return cqe.flags & IS_NOTICE;
}

static bool received(int fd, size_t len, unsigned int seed)
{
	char *copy = malloc(len);
	bool ok = recv(fd, copy, len, MSG_WAITALL) == (ssize_t)len &&
		  filled(copy, len, seed);

	free(copy);
	return ok;
}

static void sends(void)
{
	struct io_uring_sqe sqe = { .opcode = OP_SEND_ZC, .len = PART };
	struct ring ring;
	struct iovec iov;
	int fd, ends[2];
	char *map;

	map = set_up(&ring, &fd);
	if (!kernel_since(6, 0)) {
		t_skip("this kernel's rings do not send without copies",
		       "%s: SEND_ZC", store);
	} else {
		connection(ends);
		sqe.fd = ends[0];
		sqe.addr = (uintptr_t)map;
		fill(map, PART, 80);
		t_ok(sent(&ring, &sqe, PART) && received(ends[1], PART, 80),
		     "%s: SEND_ZC", store);
		iov = (struct iovec){ map, SIZE };
		if (!ring_register(&ring, IORING_REGISTER_BUFFERS, &iov, 1)) {
			sqe.ioprio = SEND_FIXED;
			fill(map, PART, 81);
			t_ok(sent(&ring, &sqe, PART) &&
			     received(ends[1], PART, 81),
			     "%s: SEND_ZC of a registered buffer", store);
		} else {
			t_ok(!kernel_since(6, 12),
			     "%s: only before 6.12 it is not registered", store);
		}
		close(ends[0]);
		close(ends[1]);
	}
	tear_down(&ring, map, fd);
}

/* As a service whose unit does not raise it. */
static int register_limited(char *map, rlim_t limit)
{
	struct rlimit memlock = { limit, limit };
	struct iovec iov = { map, SIZE };
	struct ring ring;
	int status;
	pid_t pid = fork();

	if (!pid) {
		setrlimit(RLIMIT_MEMLOCK, &memlock);
		if (setuid(1000))
			_exit(EPERM);
		ring_open(&ring);
		_exit(-ring_register(&ring, IORING_REGISTER_BUFFERS, &iov, 1));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		t_bail("a child");
	return -WEXITSTATUS(status);
}

static void limit(void)
{
	bool is_possible = kernel_since(6, 12);
	int fd, err;
	char *map;

	b_create("rings", SIZE, id);
	fd = b_open("rings", O_RDWR);
	map = b_map(fd, SIZE, 0);
	err = register_limited(map, 64 * KIB);
	t_ok(err == (is_possible ? -ENOMEM : -EOPNOTSUPP),
	     "%s: more than RLIMIT_MEMLOCK: %s", store, strerror(-err));
	err = register_limited(map, SIZE + 64 * KIB);
	t_ok(err == (is_possible ? 0 : -EOPNOTSUPP),
	     "%s: as much as that: %s", store, strerror(-err));
	munmap(map, SIZE);
	close(fd);
	/* The kernel ends a ring some time after its process. */
	b_destroy("rings", MAPBUF_DESTROY_DEFERRED);
}

int main(void)
{
	const struct store *s;

	loopback_up();
	for (s = stores; s->name; s++) {
		store = s->name;
		id = s->id;
		memory_of_ring();
		provided();
		sends();
		limit();
	}
	return t_done();
}
