// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: flow MIB
 *
 * So much data from a process that writes each word to one that reads and adds
 * up each word, in pieces of 1 MiB: through a ring of 16 of them in memory that
 * both have mapped and touched, a pipe, and a socket.  Prints lines
 *
 *	flow SIZE ROW WHOSE LATE INSTRUCTIONS
 *		per MiB, of both processes
 */
#include "line.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <linux/futex.h>

#define PIECE MIB
#define SLOTS 16
#define RING_BYTES (SLOTS * PIECE)

/*
 * How many pieces were written, and how many of these have been read.  Not in
 * the ring: a futex cannot be in a buffer, whose pages belong to no file.
 */
struct shared {
	uint32_t written;
	uint32_t consumed;
};

/* How a piece gets over: where it is to be written, and where it is to be read. */
struct transfer {
	char *(*begin_write)(unsigned int piece);
	void (*end_write)(unsigned int piece);
	const char *(*begin_read)(unsigned int piece);
	void (*end_read)(unsigned int piece);
};

/* A way to get data over; the descriptors are used as the way needs them. */
struct way {
	const char *row;
	const char *whose;
	void (*make)(void);
	const struct transfer *transfer;
	void (*unmake)(void);
};

static unsigned int pieces;
static int memory_fd = -1, to_consumer = -1, to_producer = -1;
static char *ring, *own;
static struct shared *state;

static void map_ring(int fd)
{
	memory_fd = fd;
	ring = mmap(NULL, RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    0);
	if (ring == MAP_FAILED)
		t_bail("mmap of the ring");
	state->written = 0;
	state->consumed = 0;
}

static char *slot(unsigned int piece)
{
	return ring + piece % SLOTS * PIECE;
}

static void make_buffer(void)
{
	b_create("flow", RING_BYTES, MAPBUF_BACKING_VMALLOC);
	map_ring(b_open("flow", O_RDWR));
}

/* One buffer tells of data, the other one of room for more. */
static void make_notified(void)
{
	make_buffer();
	b_create("room", PAGE, MAPBUF_BACKING_VMALLOC);
	to_consumer = b_open("flow", O_RDWR);
	to_producer = b_open("room", O_RDWR);
}

static void make_memfd(void)
{
	int fd = memfd_create("flow", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, RING_BYTES))
		t_bail("memfd");
	map_ring(fd);
}

static void unmake_ring(void)
{
	munmap(ring, RING_BYTES);
	close(memory_fd);
}

static void unmake_buffer(void)
{
	unmake_ring();
	if (b_destroy("flow", 0))
		t_bail("destroy");
}

static void unmake_notified(void)
{
	close(to_consumer);
	close(to_producer);
	unmake_buffer();
	b_destroy("room", 0);
}

/* Told between looking and waiting, poll() returns at once. */
static void wait_notified(int fd, uint32_t *word, uint32_t until)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while ((int32_t)(__atomic_load_n(word, __ATOMIC_ACQUIRE) - until) < 0) {
		must(poll(&p, 1, -1) == 1);
		must(b_seen(fd) >= 0);
	}
}

static void wait_futex(uint32_t *word, uint32_t until)
{
	uint32_t value;

	for (;;) {
		value = __atomic_load_n(word, __ATOMIC_SEQ_CST);
		if ((int32_t)(value - until) >= 0)
			return;
		if (syscall(SYS_futex, word, FUTEX_WAIT, value, NULL, NULL, 0))
			must(errno == EAGAIN || errno == EINTR);
	}
}

static void tell_futex(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_SEQ_CST);
	must(syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0) >= 0);
}

static void tell_notified(int fd, uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
	must(b_notify(fd) > 0);
}

static char *notified_begin_write(unsigned int piece)
{
	wait_notified(to_producer, &state->consumed, piece - SLOTS + 1);
	return slot(piece);
}

static void notified_end_write(unsigned int piece)
{
	tell_notified(to_consumer, &state->written, piece + 1);
}

static const char *notified_begin_read(unsigned int piece)
{
	wait_notified(to_consumer, &state->written, piece + 1);
	return slot(piece);
}

static void notified_end_read(unsigned int piece)
{
	tell_notified(to_producer, &state->consumed, piece + 1);
}

static char *futex_begin_write(unsigned int piece)
{
	wait_futex(&state->consumed, piece - SLOTS + 1);
	return slot(piece);
}

static void futex_end_write(unsigned int piece)
{
	tell_futex(&state->written, piece + 1);
}

static const char *futex_begin_read(unsigned int piece)
{
	wait_futex(&state->written, piece + 1);
	return slot(piece);
}

static void futex_end_read(unsigned int piece)
{
	tell_futex(&state->consumed, piece + 1);
}

static void make_pipe(void)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) || fcntl(ends[1], F_SETPIPE_SZ, PIECE) < 0)
		t_bail("pipe");
	to_producer = ends[0];
	to_consumer = ends[1];
}

static void make_socket(void)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		t_bail("socketpair");
	to_producer = ends[0];
	to_consumer = ends[1];
}

static char *stream_begin_write(unsigned int piece)
{
	(void)piece;
	return own;
}

static void stream_end_write(unsigned int piece)
{
	size_t done;
	ssize_t n;

	(void)piece;
	for (done = 0; done < PIECE; done += n) {
		n = write(to_consumer, own + done, PIECE - done);
		must(n > 0);
	}
}

static const char *stream_begin_read(unsigned int piece)
{
	size_t done;
	ssize_t n;

	(void)piece;
	for (done = 0; done < PIECE; done += n) {
		n = read(to_producer, own + done, PIECE - done);
		must(n > 0);
	}
	return own;
}

static void stream_end_read(unsigned int piece)
{
	(void)piece;
}

static void unmake_stream(void)
{
	close(to_consumer);
	close(to_producer);
}

static const struct transfer notified = {
	notified_begin_write, notified_end_write,
	notified_begin_read, notified_end_read,
};

static const struct transfer futex = {
	futex_begin_write, futex_end_write, futex_begin_read, futex_end_read,
};

static const struct transfer stream = {
	stream_begin_write, stream_end_write,
	stream_begin_read, stream_end_read,
};

static const struct way ways[] = {
	{ "mapbuf, NOTIFY and poll", "mapbuf", make_notified, &notified,
	  unmake_notified },
	{ "mapbuf, futex", "mapbuf", make_buffer, &futex, unmake_buffer },
	{ "memfd, futex", "system", make_memfd, &futex, unmake_ring },
	{ "pipe", "system", make_pipe, &stream, unmake_stream },
	{ "Unix stream socket", "system", make_socket, &stream, unmake_stream },
};

static const struct way *way;
static int ready[2], go[2];

/* One function for all ways, so that the same instructions run. */
static __attribute__((noinline)) void produce(uint64_t *at, uint64_t from)
{
	size_t i;

	for (i = 0; i < PIECE / 8; i++)
		at[i] = from + i;
}

static __attribute__((noinline)) uint64_t consume(const uint64_t *at)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < PIECE / 8; i++)
		sum += at[i];
	return sum;
}

/* What the first touch costs is measured elsewhere. */
static void touch(void)
{
	size_t i;

	for (i = 0; ring && i < RING_BYTES; i += PAGE)
		*(volatile char *)(ring + i) = 0;
}

static void producer(unsigned int unused)
{
	const struct transfer *transfer = way->transfer;
	unsigned int piece;
	char byte = 0;

	(void)unused;
	touch();
	memset(own, 1, PIECE);
	must(write(ready[1], &byte, 1) == 1 && read(go[0], &byte, 1) == 1);
	for (piece = 0; piece < pieces; piece++) {
		produce((uint64_t *)transfer->begin_write(piece),
			(uint64_t)piece * (PIECE / 8));
		transfer->end_write(piece);
	}
}

static void measure(void)
{
	const struct transfer *transfer = way->transfer;
	uint64_t words = (uint64_t)pieces * (PIECE / 8), sum = 0, start;
	unsigned int piece;
	double value;
	char byte = 0;

	way->make();
	/* Before the other one can write to it. */
	touch();
	memset(own, 1, PIECE);
	child(producer, 0);
	must(read(ready[0], &byte, 1) == 1);
	start = now();
	must(write(go[1], &byte, 1) == 1);
	for (piece = 0; piece < pieces; piece++) {
		sum += consume((const uint64_t *)transfer->begin_read(piece));
		transfer->end_read(piece);
	}
	value = (double)(now() - start) / pieces;
	must(reap());
	if (sum != (words % 2 ? (words - 1) / 2 * words :
				words / 2 * (words - 1)))
		t_bail("%s: the sum is wrong", way->row);
	line("flow", pieces * PIECE, way->row, way->whose, &value, 1);
	way->unmake();
	ring = NULL;
}

int main(int argc, char **argv)
{
	size_t i;

	pieces = atoi(argc > 1 ? argv[1] : "256");
	own = malloc(PIECE);
	state = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!own || state == MAP_FAILED || pipe(ready) || pipe(go))
		t_bail("malloc, mmap or pipe");
	for (i = 0; i < ARRAY_LEN(ways); i++) {
		way = &ways[i];
		measure();
	}
	return 0;
}
