// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: disk MIB
 *
 * What the processor does to record so much of a buffer on a disk, in pieces of
 * 1 MiB.  Prints lines
 *
 *	disk SIZE ROW WHOSE LATE WORK WAITED
 *		per MiB: instructions, and those that passed beside
 *
 * While a processor waits, its clock goes on.  So here it never waits: what is
 * left over goes to a process of the lowest priority, which counts how often it
 * goes round a loop.  What that takes has been measured before, together with
 * what comes in between at all times.
 */
#include "line.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "../kernel/ring.h"

#define DISK "/dev/vda"
#define PIECE MIB
#define ROUNDS 3

struct target {
	int direct;	/* the disk, without its page cache */
	int cached;	/* the disk, with it */
	int buffer;
	char *map;
	char *memory;
	size_t bytes;
};

static volatile uint64_t *loops;
static double loop_cost;

/*
 * Never asleep, so that the clock goes on with its instructions alone; never
 * before anybody else.
 */
static void spin(unsigned int unused)
{
	const struct sched_param param = { 0 };

	(void)unused;
	alarm(0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	must(!sched_setscheduler(0, SCHED_IDLE, &param));
	for (;;)
		(*loops)++;
}

static void start_spinning(void)
{
	uint64_t start, from;

	loops = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (loops == MAP_FAILED)
		t_bail("mmap");
	child(spin, 0);
	usleep(50000);
	start = now();
	from = *loops;
	usleep(400000);
	loop_cost = (double)(now() - start) / (*loops - from);
}

static void must_sync(int fd)
{
	if (fsync(fd))
		t_bail("fsync " DISK);
}

static int write_all(struct target *t, int disk)
{
	size_t i;

	for (i = 0; i < t->bytes; i += PIECE) {
		if (pwrite(disk, t->map + i, PIECE, i) != (ssize_t)PIECE)
			return errno;
	}
	return 0;
}

static int write_direct(struct target *t)
{
	return write_all(t, t->direct);
}

static int write_cached(struct target *t)
{
	int err = write_all(t, t->cached);

	must_sync(t->cached);
	return err;
}

static int read_and(struct target *t, int disk)
{
	size_t i;

	for (i = 0; i < t->bytes; i += PIECE) {
		if (pread(t->buffer, t->memory, PIECE, i) != (ssize_t)PIECE ||
		    pwrite(disk, t->memory, PIECE, i) != (ssize_t)PIECE)
			return errno;
	}
	return 0;
}

static int read_direct(struct target *t)
{
	return read_and(t, t->direct);
}

static int read_cached(struct target *t)
{
	int err = read_and(t, t->cached);

	must_sync(t->cached);
	return err;
}

static struct ring ring;

/* Submit one and wait for it; its result. */
static int ring_do(const struct io_uring_sqe *sqe)
{
	struct io_uring_cqe cqe;

	ring_put(&ring, sqe);
	if (ring_enter(&ring, 1, 1, IORING_ENTER_GETEVENTS) != 1)
		t_bail("io_uring_enter");
	if (!ring_take(&ring, &cqe))
		t_bail("io_uring completed nothing");
	return cqe.res;
}

static int write_ring(struct target *t, int opcode)
{
	struct io_uring_sqe sqe = {
		.opcode = opcode, .fd = t->direct, .len = PIECE,
	};
	size_t i;
	int n;

	for (i = 0; i < t->bytes; i += PIECE) {
		sqe.addr = (uintptr_t)t->map + i;
		sqe.off = i;
		n = ring_do(&sqe);
		if (n != (int)PIECE)
			return n < 0 ? -n : EIO;
	}
	return 0;
}

static int write_uring(struct target *t)
{
	return write_ring(t, IORING_OP_WRITE);
}

static int write_fixed(struct target *t)
{
	return write_ring(t, IORING_OP_WRITE_FIXED);
}

/* Once for all that is written: pinning the pages is not measured. */
static int register_memory(struct target *t)
{
	struct iovec iov = { t->map, t->bytes };

	return syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS,
		       &iov, 1) ? errno : 0;
}

static const struct way {
	const char *row;
	int (*prepare)(struct target *t);
	int (*record)(struct target *t);
} ways[] = {
	{ "O_DIRECT from the mapping", NULL, write_direct },
	{ "io_uring from the mapping", NULL, write_uring },
	{ "io_uring, registered", register_memory, write_fixed },
	{ "read, then O_DIRECT", NULL, read_direct },
	{ "write from the mapping, fsync", NULL, write_cached },
	{ "read, write, fsync", NULL, read_cached },
};

static void check_disk(struct target *t, const char *row)
{
	size_t i;

	for (i = 0; i < t->bytes; i += PIECE) {
		if (pread(t->direct, t->memory, PIECE, i) != (ssize_t)PIECE ||
		    memcmp(t->memory, t->map + i, PIECE) != 0)
			t_bail("%s: other data on the disk", row);
	}
}

static void measure(struct target *t, const struct way *way, uint64_t seed)
{
	double best = 0, waited = 0, values[2], spun, took;
	uint64_t start, from;
	int i, err = way->prepare ? way->prepare(t) : 0;

	for (i = 0; i < ROUNDS && !err; i++) {
		fill(t->map, t->bytes, seed + i);
		start = now();
		from = *loops;
		err = way->record(t);
		took = now() - start;
		spun = loop_cost * (*loops - from);
		if (!i || took - spun < best) {
			best = took - spun;
			waited = spun;
		}
	}
	if (err) {
		line_error(t->bytes, way->row, err);
		return;
	}
	check_disk(t, way->row);
	values[0] = best * MIB / t->bytes;
	values[1] = waited * MIB / t->bytes;
	line("disk", t->bytes, way->row, "mapbuf", values, 2);
}

int main(int argc, char **argv)
{
	struct target t = { .bytes = atol(argc > 1 ? argv[1] : "32") * MIB };
	size_t i;

	t.direct = open(DISK, O_RDWR | O_DIRECT | O_CLOEXEC);
	t.cached = open(DISK, O_RDWR | O_CLOEXEC);
	if (t.direct < 0 || t.cached < 0)
		t_bail("open " DISK);
	/* Before there is a buffer that it would have, too. */
	start_spinning();
	b_create("disk", t.bytes, MAPBUF_BACKING_VMALLOC);
	t.buffer = b_open("disk", O_RDWR);
	t.map = b_map(t.buffer, t.bytes, 0);
	t.memory = mmap(NULL, PIECE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (t.memory == MAP_FAILED)
		t_bail("mmap");
	ring_open(&ring);
	for (i = 0; i < ARRAY_LEN(ways); i++)
		measure(&t, &ways[i], i * 100);
	/* The memory belongs to the ring as well. */
	close(ring.fd);
	munmap(t.map, t.bytes);
	close(t.buffer);
	if (b_destroy("disk", 0))
		t_bail("destroy");
	return 0;
}
