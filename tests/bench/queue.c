// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: queue
 *
 * Items of 64 bytes and of 4 KiB from one process to another, of which each has a
 * copy; with "in place" neither has.  There is room for 64 KiB of them.  Prints lines
 *
 *	items SIZE ROW WHOSE LATE INSTRUCTIONS
 *		of both processes, for an item
 *
 * The ring's writer would not wait, so what is measured here makes it wait until
 * the reader has read half of the ring.
 */
#include "line.h"

#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <linux/futex.h>

#include "../../src/lib/mapbuf.h"

#define ROOM (64 * KIB)
#define ITEMS 20000
#define MOST (4 * KIB)

/* Each process has made it, and then writes or reads items. */
struct way {
	const char *row;
	const char *whose;
	void (*make)(void);
	void (*open)(bool writes);
	void (*write)(uint64_t number);
	uint64_t (*read)(void);
};

/* A side has its own cache line. */
struct side {
	uint64_t position __attribute__((aligned(64)));
	uint32_t told;		/* changes when the other one is to look */
	uint32_t awaited;
};

struct shared {
	struct side writer, reader;
	char slots[ROOM];
};

static size_t size;
static uint64_t item[MOST / 8];
static int ends[2];
static struct shared *shared;
static struct mapbuf_queue *queue;
static struct mapbuf_ring *ring;

static void make_pipe(void)
{
	if (pipe(ends))
		t_bail("pipe");
}

static void make_socket(void)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends))
		t_bail("socketpair");
}

static void open_ends(bool writes)
{
	close(ends[!writes]);
}

static void write_end(uint64_t number)
{
	item[0] = number;
	must(write(ends[1], item, size) == (ssize_t)size);
}

/* A pipe may have a part of an item at its end. */
static uint64_t read_end(void)
{
	size_t done;
	ssize_t n;

	for (done = 0; done < size; done += n) {
		n = read(ends[0], (char *)item + done, size - done);
		must(n > 0);
	}
	return item[0];
}

/* socketpair() makes two equal ends. */
static uint64_t read_packet(void)
{
	must(read(ends[0], item, size) == (ssize_t)size);
	return item[0];
}

static void make_futex(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		t_bail("mmap");
}

static void open_futex(bool writes)
{
	(void)writes;
}

static void tell_futex(struct side *side, uint64_t position)
{
	__atomic_store_n(&side->position, position, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&side->awaited, __ATOMIC_RELAXED))
		return;
	__atomic_store_n(&side->awaited, 0, __ATOMIC_RELAXED);
	__atomic_add_fetch(&side->told, 1, __ATOMIC_RELEASE);
	must(syscall(SYS_futex, &side->told, FUTEX_WAKE, 1, NULL, NULL, 0) >=
	     0);
}

/* Until the position is no longer that one */
static void wait_futex(struct side *side, uint64_t position)
{
	uint32_t told;

	for (;;) {
		told = __atomic_load_n(&side->told, __ATOMIC_ACQUIRE);
		if (__atomic_load_n(&side->position, __ATOMIC_ACQUIRE) !=
		    position)
			return;
		__atomic_store_n(&side->awaited, 1, __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (__atomic_load_n(&side->position, __ATOMIC_ACQUIRE) !=
		    position)
			return;
		syscall(SYS_futex, &side->told, FUTEX_WAIT, told, NULL, NULL,
			0);
	}
}

static char *slot(uint64_t number)
{
	return shared->slots + number % (ROOM / size) * size;
}

static void write_futex(uint64_t number)
{
	item[0] = number;
	wait_futex(&shared->reader, number - ROOM / size);
	memcpy(slot(number), item, size);
	tell_futex(&shared->writer, number + 1);
}

static uint64_t read_futex(void)
{
	uint64_t number = shared->reader.position;

	wait_futex(&shared->writer, number);
	memcpy(item, slot(number), size);
	tell_futex(&shared->reader, number + 1);
	return item[0];
}

static void make_buffer(void)
{
	make_futex();
	b_create("queue", ROOM + 2 * PAGE, MAPBUF_BACKING_VMALLOC);
}

static struct mapbuf *open_buffer(void)
{
	struct mapbuf *buffer = mapbuf_open_fd(b_open("queue", O_RDWR));

	must(buffer);
	return buffer;
}

static void open_queue(bool writes)
{
	queue = mapbuf_queue_open(open_buffer(), 0, 0, size,
				  writes ? MAPBUF_QUEUE_WRITE :
					   MAPBUF_QUEUE_READ);
	must(queue);
}

static void write_queue(uint64_t number)
{
	item[0] = number;
	must(!mapbuf_queue_write(queue, item, size, 0, -1));
}

static uint64_t read_queue(void)
{
	must(mapbuf_queue_read(queue, item, size, -1) == (ssize_t)size);
	return item[0];
}

static void commit_queue(uint64_t number)
{
	uint64_t *at = mapbuf_queue_reserve(queue, -1);

	must(at);
	at[0] = number;
	must(!mapbuf_queue_commit(queue, size, 0));
}

static uint64_t peek_queue(void)
{
	const uint64_t *at = mapbuf_queue_peek(queue, NULL, -1);
	uint64_t number;

	must(at);
	number = at[0];
	must(!mapbuf_queue_release(queue));
	return number;
}

static void open_ring(bool writes)
{
	ring = mapbuf_ring_open(open_buffer(), 0, 0, size,
				writes ? MAPBUF_RING_WRITE : MAPBUF_RING_READ);
	must(ring);
}

static void write_ring(uint64_t number, unsigned int flags)
{
	while (number - __atomic_load_n(&shared->reader.position,
					__ATOMIC_ACQUIRE) >= ROOM / size / 2)
		sched_yield();
	item[0] = number;
	must(!mapbuf_ring_write(ring, item, size, flags));
}

static void write_ring_each(uint64_t number)
{
	write_ring(number, 0);
}

/* The reader is notified of several at once. */
static void write_ring_some(uint64_t number)
{
	write_ring(number, number % 4 == 3 ? 0 : MAPBUF_MORE);
}

static uint64_t read_ring(void)
{
	uint64_t lost;

	must(mapbuf_ring_read(ring, item, size, &lost, -1) == (ssize_t)size &&
	     !lost);
	__atomic_store_n(&shared->reader.position, item[0] + 1,
			 __ATOMIC_RELEASE);
	return item[0];
}

static const struct way ways[] = {
	{ "mapbuf queue", "mapbuf", make_buffer, open_queue, write_queue,
	  read_queue },
	{ "mapbuf queue, in place", "mapbuf", make_buffer, open_queue,
	  commit_queue, peek_queue },
	{ "mapbuf ring", "mapbuf", make_buffer, open_ring, write_ring_each,
	  read_ring },
	{ "mapbuf ring, notified of each 4", "mapbuf", make_buffer, open_ring,
	  write_ring_some, read_ring },
	{ "futex ring", "system", make_futex, open_futex, write_futex,
	  read_futex },
	{ "pipe", "system", make_pipe, open_ends, write_end, read_end },
	{ "Unix socket, SOCK_SEQPACKET", "system", make_socket, open_ends,
	  write_end, read_packet },
};

static const struct way *way;
static int ready[2], go[2];

static void writer(unsigned int unused)
{
	uint64_t number;
	char byte = 0;

	(void)unused;
	way->open(true);
	must(write(ready[1], &byte, 1) == 1 && read(go[0], &byte, 1) == 1);
	for (number = 0; number < 2 * ITEMS; number++)
		way->write(number);
}

/* The first half is for all memory to have been touched. */
static void reader(unsigned int unused)
{
	uint64_t number, start = 0;
	char byte = 0;
	double value;

	(void)unused;
	way->open(false);
	must(read(ready[0], &byte, 1) == 1 && write(go[1], &byte, 1) == 1);
	for (number = 0; number < 2 * ITEMS; number++) {
		if (number == ITEMS)
			start = now();
		must(way->read() == number);
	}
	value = (double)(now() - start) / ITEMS;
	line("items", size, way->row, way->whose, &value, 1);
}

static bool measure(void)
{
	bool ok;

	way->make();
	child(writer, 0);
	child(reader, 0);
	if (way->open == open_ends) {
		close(ends[0]);
		close(ends[1]);
	} else {
		munmap(shared, sizeof(*shared));
	}
	ok = reap();
	if (way->make == make_buffer && b_destroy("queue", 0))
		t_bail("destroy");
	return ok;
}

int main(void)
{
	static const size_t sizes[] = { 64, MOST };
	size_t i, j;

	if (pipe(ready) || pipe(go))
		t_bail("pipe");
	for (i = 0; i < ARRAY_LEN(sizes); i++) {
		size = sizes[i];
		for (j = 0; j < ARRAY_LEN(ways); j++) {
			way = &ways[j];
			if (!measure())
				return 1;
		}
	}
	return 0;
}
