// SPDX-License-Identifier: GPL-2.0-only
/*
 * From one process to another: each counts what it has done in memory that both
 * have, and the ways differ in how one wakes the other, or in what the data
 * goes through.
 */
#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mapbuf.h>

#include "bench.h"
#include "ctl.h"
#include "xalloc.h"

#define SLOTS 16
#define RING_BYTES (SLOTS * BENCH_PIECE)
/* One is too short for a clock. */
#define TRIPS 100

enum { PRODUCER, CONSUMER, SIDES };

/* Each has a line of the cache of its own. */
struct count {
	uint32_t done;
	uint64_t sum;
} __attribute__((aligned(64)));

/**
 * struct pass - two processes, and what is between them
 * @shared: by side
 * @ring: where the data is, NULL if it goes through @fds
 * @buffers: that side notifies
 * @fds: that side reads
 * @consumer: the child
 */
struct pass {
	const struct bench_way *way;
	struct bench *bench;
	struct count *shared;
	char *ring;
	struct mapbuf *buffers[SIDES];
	int fds[SIDES];
	pid_t consumer;
};

/**
 * struct bench_way - a way to pass data
 * @open: gives -1 if something is missing
 * @wake: tells the other side, after a change of the count of @side
 * @sleep: until the other side's count may differ from @seen
 */
struct bench_way {
	int (*open)(struct pass *pass);
	void (*wake)(struct pass *pass, int side);
	void (*sleep)(struct pass *pass, int side, uint32_t seen);
};

static void *map_shared(size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (at == MAP_FAILED)
		bench_die("mmap");
	return at;
}

static void wake_futex(struct pass *pass, int side)
{
	syscall(SYS_futex, &pass->shared[side].done, FUTEX_WAKE, 1, NULL, NULL,
		0);
}

static void sleep_futex(struct pass *pass, int side, uint32_t seen)
{
	syscall(SYS_futex, &pass->shared[!side].done, FUTEX_WAIT, seen, NULL,
		NULL, 0);
}

static int open_futex(struct pass *pass)
{
	pass->ring = map_shared(RING_BYTES);
	return 0;
}

/* With one buffer for both each would be woken by itself, too. */
static int open_notify(struct pass *pass)
{
	struct bench *bench = pass->bench;

	if (bench_buffer_new(bench, bench->name, "vmalloc", RING_BYTES,
			     &pass->buffers[PRODUCER]) ||
	    bench_buffer_new(bench, bench->back, "vmalloc", 1,
			     &pass->buffers[CONSUMER]))
		return -1;
	pass->ring = mapbuf_map(pass->buffers[PRODUCER], 0, RING_BYTES,
				MAPBUF_MAP_POPULATE);
	if (!pass->ring)
		bench_die(bench->name);
	return 0;
}

static void wake_notify(struct pass *pass, int side)
{
	if (mapbuf_notify(pass->buffers[side], NULL))
		bench_die("mapbuf_notify");
}

static void sleep_notify(struct pass *pass, int side, uint32_t seen)
{
	(void)seen;
	if (mapbuf_wait_data(pass->buffers[!side], NULL, -1))
		bench_die("mapbuf_wait_data");
}

static int open_eventfd(struct pass *pass)
{
	int side;

	for (side = 0; side < SIDES; side++) {
		pass->fds[side] = eventfd(0, EFD_CLOEXEC);
		if (pass->fds[side] < 0)
			bench_die("eventfd");
	}
	return 0;
}

static void wake_eventfd(struct pass *pass, int side)
{
	if (eventfd_write(pass->fds[!side], 1))
		bench_die("eventfd_write");
}

static void sleep_eventfd(struct pass *pass, int side, uint32_t seen)
{
	eventfd_t value;

	(void)seen;
	if (eventfd_read(pass->fds[side], &value))
		bench_die("eventfd_read");
}

static int open_pipe(struct pass *pass)
{
	int fds[2];

	if (pipe(fds))
		bench_die("pipe");
	pass->fds[CONSUMER] = fds[0];
	pass->fds[PRODUCER] = fds[1];
	return 0;
}

static int open_socket(struct pass *pass)
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pass->fds))
		bench_die("socketpair");
	return 0;
}

const struct bench_way bench_way_notify = {
	open_notify, wake_notify, sleep_notify
};

const struct bench_way bench_way_futex = {
	open_futex, wake_futex, sleep_futex
};

const struct bench_way bench_way_eventfd = {
	open_eventfd, wake_eventfd, sleep_eventfd
};

/* What is in these says itself that it is there. */
const struct bench_way bench_way_pipe = {
	open_pipe, wake_futex, sleep_futex
};

const struct bench_way bench_way_socket = {
	open_socket, wake_futex, sleep_futex
};

static void close_pass(struct pass *pass)
{
	int side;

	if (pass->ring)
		munmap(pass->ring, RING_BYTES);
	munmap(pass->shared, SIDES * sizeof(*pass->shared));
	for (side = 0; side < SIDES; side++) {
		if (pass->fds[side] >= 0)
			close(pass->fds[side]);
		if (pass->buffers[side])
			bench_buffer_free(pass->bench, pass->buffers[side]);
	}
}

static int open_pass(struct pass *pass)
{
	pass->shared = map_shared(SIDES * sizeof(*pass->shared));
	pass->fds[PRODUCER] = -1;
	pass->fds[CONSUMER] = -1;
	if (!pass->way->open(pass))
		return 0;
	close_pass(pass);
	return -1;
}

/* Until the other side has done that many things */
static void await(struct pass *pass, int side, uint32_t wanted)
{
	uint32_t *done = &pass->shared[!side].done, seen;

	while ((seen = __atomic_load_n(done, __ATOMIC_ACQUIRE),
		(int32_t)(seen - wanted) < 0))
		pass->way->sleep(pass, side, seen);
}

static void set_done(struct pass *pass, int side, uint32_t number)
{
	__atomic_store_n(&pass->shared[side].done, number, __ATOMIC_RELEASE);
}

static uint64_t sum_piece(const char *piece)
{
	const uint64_t *words = (const uint64_t *)piece;
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < BENCH_PIECE / sizeof(*words); i++)
		sum += words[i];
	return sum;
}

/* Of a piece whose bytes are all the same */
static uint64_t expected_sum(uint8_t byte)
{
	return byte * UINT64_C(0x0101010101010101) *
	       (BENCH_PIECE / sizeof(uint64_t));
}

/* The next piece to be filled in, or that has been. */
static char *slot(const struct pass *pass, uint32_t number)
{
	return pass->ring + number % SLOTS * BENCH_PIECE;
}

static void consume_ring(struct pass *pass)
{
	uint32_t number;

	for (number = 0;; number++) {
		await(pass, CONSUMER, number + 1);
		pass->shared[CONSUMER].sum += sum_piece(slot(pass, number));
		set_done(pass, CONSUMER, number + 1);
		pass->way->wake(pass, CONSUMER);
	}
}

/* Only of the end of a round the producer has to be told. */
static void consume_stream(struct pass *pass)
{
	uint32_t number, round = pass->bench->bytes / BENCH_PIECE;
	static uint64_t words[BENCH_PIECE / sizeof(uint64_t)];
	char *piece = (char *)words;
	ssize_t count, done;

	for (number = 0;; number++) {
		for (done = 0; done < (ssize_t)BENCH_PIECE; done += count) {
			count = read(pass->fds[CONSUMER], piece + done,
				     BENCH_PIECE - done);
			if (count <= 0)
				_exit(EXIT_FAILED);
		}
		pass->shared[CONSUMER].sum += sum_piece(piece);
		set_done(pass, CONSUMER, number + 1);
		if ((number + 1) % round == 0)
			wake_futex(pass, CONSUMER);
	}
}

static void answer(struct pass *pass)
{
	uint32_t number;

	for (number = 1;; number++) {
		await(pass, CONSUMER, number);
		set_done(pass, CONSUMER, number);
		pass->way->wake(pass, CONSUMER);
	}
}

static void produce_ring(struct pass *pass, uint32_t number)
{
	await(pass, PRODUCER, number + 1 - SLOTS);
	memset(slot(pass, number), number & 0xff, BENCH_PIECE);
	set_done(pass, PRODUCER, number + 1);
	pass->way->wake(pass, PRODUCER);
}

static void produce_stream(struct pass *pass, uint32_t number)
{
	static char piece[BENCH_PIECE];
	ssize_t count;
	size_t done;

	memset(piece, number & 0xff, sizeof(piece));
	for (done = 0; done < sizeof(piece); done += count) {
		count = write(pass->fds[PRODUCER], piece + done,
			      sizeof(piece) - done);
		if (count < 0)
			bench_die("write");
	}
}

static void consumer_ended(int number)
{
	static const char text[] =
		"mapbufctl bench: the process that reads has ended\n";

	(void)number;
	if (write(2, text, sizeof(text) - 1) < 0)
		_exit(EXIT_FAILED);
	_exit(EXIT_FAILED);
}

/* If it ends by itself nobody would answer any more. */
static void start(struct pass *pass, void (*run)(struct pass *pass))
{
	pid_t parent = getpid();

	signal(SIGCHLD, consumer_ended);
	pass->consumer = fork();
	if (pass->consumer < 0)
		bench_die("fork");
	if (pass->consumer)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == parent)
		run(pass);
	_exit(EXIT_FAILED);
}

static void stop(struct pass *pass)
{
	signal(SIGCHLD, SIG_DFL);
	kill(pass->consumer, SIGKILL);
	while (waitpid(pass->consumer, NULL, 0) < 0 && errno == EINTR)
		;
	close_pass(pass);
}

/* All of @bytes, until the other process has it. */
static void stream(struct pass *pass, uint32_t from, uint64_t *expected)
{
	uint32_t number, end = from + pass->bench->bytes / BENCH_PIECE;

	for (number = from; number != end; number++) {
		(pass->ring ? produce_ring : produce_stream)(pass, number);
		*expected += expected_sum(number);
	}
	await(pass, PRODUCER, end);
	if (pass->shared[CONSUMER].sum != *expected) {
		errno = EIO;
		bench_die("other data arrived than was sent");
	}
}

int bench_stream(struct bench *bench, const struct bench_way *way,
		 struct bench_samples *samples)
{
	struct pass pass = { .way = way, .bench = bench };
	uint32_t number = 0, round = bench->bytes / BENCH_PIECE;
	uint64_t expected = 0;
	struct bench_time time;
	int64_t begun;

	if (open_pass(&pass))
		return -1;
	start(&pass, pass.ring ? consume_ring : consume_stream);
	stream(&pass, number, &expected);
	bench_begin(bench, &time);
	while (bench_goes_on(&time)) {
		number += round;
		begun = bench_now_ns();
		stream(&pass, number, &expected);
		bench_add(samples, bench_per_mib(bench_now_ns() - begun,
						 bench->bytes));
	}
	stop(&pass);
	return 0;
}

static uint32_t make_trips(struct pass *pass, uint32_t from)
{
	uint32_t number;

	for (number = from + 1; number != from + 1 + TRIPS; number++) {
		set_done(pass, PRODUCER, number);
		pass->way->wake(pass, PRODUCER);
		await(pass, PRODUCER, number);
	}
	return from + TRIPS;
}

int bench_wake(struct bench *bench, const struct bench_way *way,
	       struct bench_samples *samples)
{
	struct pass pass = { .way = way, .bench = bench };
	struct bench_time time;
	uint32_t number;
	int64_t begun;

	if (open_pass(&pass))
		return -1;
	start(&pass, answer);
	number = make_trips(&pass, 0);
	bench_begin(bench, &time);
	while (bench_goes_on(&time)) {
		begun = bench_now_ns();
		number = make_trips(&pass, number);
		bench_add(samples, (double)(bench_now_ns() - begun) / TRIPS);
	}
	stop(&pass);
	return 0;
}
