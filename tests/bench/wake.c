// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it costs to wake up another process.  Prints lines
 *
 *	wake 0 ROW WHOSE LATE WAKE ROUND ALONE
 *
 * in instructions: from before the call that wakes up until the other process
 * has returned from waiting; there and back again; and the call while nobody
 * waits.
 */
#include "line.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>

#include <linux/futex.h>

#define ROUNDS 200
/* With new processes, as who comes before whom depends on what they did. */
#define TIMES 8

/* One direction: what is told and what is waited for. */
struct end {
	int tell;
	int wait;
	uint32_t *word;		/* of a futex */
	uint32_t seen;
	char name[32];		/* of a buffer */
};

struct way {
	const char *row;
	const char *whose;
	void (*make)(struct end *end, const char *name);
	void (*wake)(struct end *end);
	void (*sleep)(struct end *end);
};

/* Shared by both processes. */
static struct {
	uint64_t told;		/* when the last wake-up began */
	uint64_t took[3];
	uint32_t words[2];
} *shared;

static void make_eventfd(struct end *end, const char *name)
{
	(void)name;
	end->tell = eventfd(0, EFD_CLOEXEC);
	end->wait = end->tell;
}

static void wake_eventfd(struct end *end)
{
	uint64_t value = 1;

	must(write(end->tell, &value, 8) == 8);
}

static void sleep_eventfd(struct end *end)
{
	uint64_t value;

	must(read(end->wait, &value, 8) == 8);
}

static void make_pipe(struct end *end, const char *name)
{
	int ends[2];

	(void)name;
	if (pipe(ends))
		t_bail("pipe");
	end->wait = ends[0];
	end->tell = ends[1];
}

static void wake_pipe(struct end *end)
{
	must(write(end->tell, "", 1) == 1);
}

static void sleep_pipe(struct end *end)
{
	char byte;

	must(read(end->wait, &byte, 1) == 1);
}

static void make_futex(struct end *end, const char *name)
{
	end->word = &shared->words[name[0] == 'b'];
	end->seen = *end->word;
}

static void wake_futex(struct end *end)
{
	__atomic_add_fetch(end->word, 1, __ATOMIC_SEQ_CST);
	must(syscall(SYS_futex, end->word, FUTEX_WAKE, 1, NULL, NULL, 0) >= 0);
}

static void sleep_futex(struct end *end)
{
	while (__atomic_load_n(end->word, __ATOMIC_SEQ_CST) == end->seen)
		syscall(SYS_futex, end->word, FUTEX_WAIT, end->seen, NULL, NULL,
			0);
	end->seen++;
}

static void make_buffer(struct end *end, const char *name)
{
	b_create(name, PAGE, MAPBUF_BACKING_VMALLOC);
	strcpy(end->name, name);
	end->tell = b_open(name, O_RDWR);
	end->wait = b_open(name, O_RDWR);
}

static void wake_buffer(struct end *end)
{
	must(b_notify(end->tell) > 0);
}

static void wait_for(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	must(poll(&p, 1, 20000) == 1 && p.revents == POLLIN);
}

static void sleep_buffer(struct end *end)
{
	wait_for(end->wait);
	must(b_seen(end->wait) > 0);
}

static void poll_eventfd(struct end *end)
{
	wait_for(end->wait);
	sleep_eventfd(end);
}

/* Who waits only reads the eventfd. */
static void make_both(struct end *end, const char *name)
{
	struct mapbuf_eventfd request = { .size = sizeof(request) };

	make_buffer(end, name);
	request.fd = eventfd(0, EFD_CLOEXEC);
	if (ioctl(end->wait, MAPBUF_IOC_EVENTFD, &request))
		t_bail("MAPBUF_IOC_EVENTFD");
	/* The file of the buffer stays open until the program ends. */
	end->wait = request.fd;
}

static const struct way ways[] = {
	{ "NOTIFY, poll and SEEN", "mapbuf",
	  make_buffer, wake_buffer, sleep_buffer },
	{ "NOTIFY, read of an eventfd", "mapbuf",
	  make_both, wake_buffer, sleep_eventfd },
	{ "futex", "system", make_futex, wake_futex, sleep_futex },
	{ "byte in a pipe", "system", make_pipe, wake_pipe, sleep_pipe },
	{ "eventfd, read", "system",
	  make_eventfd, wake_eventfd, sleep_eventfd },
	{ "eventfd, poll and read", "system",
	  make_eventfd, wake_eventfd, poll_eventfd },
};

static const struct way *way;
static struct end there, back;

enum { WAKE, ROUND, ALONE, STEPS };

static void other(unsigned int unused)
{
	uint64_t took;
	int i;

	(void)unused;
	for (i = 0; i < ROUNDS; i++) {
		way->sleep(&there);
		took = now() - shared->told;
		least(&shared->took[WAKE], &took, 1, !i);
		way->wake(&back);
	}
}

static void once(unsigned int unused)
{
	uint64_t start, took;
	int i;

	(void)unused;
	way->make(&there, "there");
	way->make(&back, "back");
	for (i = 0; i < ROUNDS; i++) {
		start = now();
		way->wake(&there);
		took = now() - start;
		least(&shared->took[ALONE], &took, 1, !i);
		way->sleep(&there);
	}
	child(other, 0);
	start = now();
	for (i = 0; i < ROUNDS; i++) {
		shared->told = now();
		way->wake(&there);
		way->sleep(&back);
	}
	shared->took[ROUND] = (now() - start) / ROUNDS;
	must(reap());
}

static bool measure(void)
{
	uint64_t best[STEPS] = { 0 };
	int i;

	for (i = 0; i < TIMES; i++) {
		/* Its end closes all that is open. */
		child(once, 0);
		if (!reap())
			return false;
		least(best, shared->took, STEPS, !i);
		if (b_id("there") >= 0 &&
		    (b_destroy("there", 0) || b_destroy("back", 0)))
			t_bail("destroy");
	}
	line_counts("wake", 0, way->row, way->whose, best, STEPS);
	return true;
}

int main(void)
{
	size_t i;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		t_bail("mmap");
	for (i = 0; i < ARRAY_LEN(ways); i++) {
		way = &ways[i];
		if (!measure())
			return 1;
	}
	return 0;
}
