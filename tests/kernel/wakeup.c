// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it costs to wake up another process, beside an eventfd: two processes
 * wake up each other in turn.  Compared where the clock counts instructions.
 */
#include "use.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#define ROUNDS 2000
#define CROWD 2000

/* A way to wake up: of two descriptors, the one is told, the other waits. */
struct way {
	const char *name;
	int (*make)(const char *name);
	void (*wake)(int fd);
	void (*sleep)(int fd);
};

static void wait_for(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	must(poll(&p, 1, patience(600) * 1000) == 1 &&
	     p.revents == POLLIN);
}

static int make_eventfd(const char *name)
{
	(void)name;
	return eventfd(0, 0);
}

static void wake_eventfd(int fd)
{
	uint64_t one = 1;

	must(write(fd, &one, 8) == 8);
}

static void read_eventfd(int fd)
{
	uint64_t n;

	must(read(fd, &n, 8) == 8 && n == 1);
}

static void poll_eventfd(int fd)
{
	wait_for(fd);
	read_eventfd(fd);
}

static int make_buffer(const char *name)
{
	b_create(name, PAGE, MAPBUF_BACKING_VMALLOC);
	return b_open(name, O_RDWR);
}

static void wake_buffer(int fd)
{
	must(b_notify(fd) > 0);
}

static void poll_buffer(int fd)
{
	wait_for(fd);
	must(b_seen(fd) > 0);
}

/* The buffer signals an eventfd, which alone is waited for. */
static int signalled[2];

static int make_signalling(const char *name)
{
	struct mapbuf_eventfd request = { .size = sizeof(request) };
	int fd = make_buffer(name);

	request.fd = eventfd(0, 0);
	must(!ioctl(fd, MAPBUF_IOC_EVENTFD, &request));
	signalled[!strcmp(name, "back")] = request.fd;
	return fd;
}

static int there, back;

static void read_signalled(int fd)
{
	read_eventfd(signalled[fd == back]);
}

enum { EVENTFD_READ, EVENTFD_POLL, BUFFER_POLL, BUFFER_EVENTFD, WAYS };

static const struct way ways[WAYS] = {
	{ "eventfd, read", make_eventfd, wake_eventfd, read_eventfd },
	{ "eventfd, poll and read", make_eventfd, wake_eventfd, poll_eventfd },
	{ "buffer, poll and seen", make_buffer, wake_buffer, poll_buffer },
	{ "buffer, eventfd", make_signalling, wake_buffer, read_signalled },
};

static const struct way *way;

static void other(unsigned int unused)
{
	int i;

	(void)unused;
	for (i = 0; i < ROUNDS; i++) {
		way->sleep(there);
		way->wake(back);
	}
}

/* Nanoseconds for one that is awake to wake up one that sleeps. */
static double cost(void)
{
	double start;
	int i;

	there = way->make("there");
	back = way->make("back");
	child(other, 0);
	start = seconds();
	for (i = 0; i < ROUNDS; i++) {
		way->wake(there);
		way->sleep(back);
	}
	start = (seconds() - start) * 1e9 / ROUNDS / 2;
	t_ok(reap(), "%s: %d there and back", way->name, ROUNDS);
	close(there);
	close(back);
	b_destroy("there", 0);
	b_destroy("back", 0);
	return start;
}

/* Waits often for what it was given, all at once, and says that it does. */
static int crowd_fd, crowd_ready[2];

static void crowd(unsigned int unused)
{
	static struct pollfd p[CROWD];
	int i;

	(void)unused;
	for (i = 0; i < CROWD; i++)
		p[i] = (struct pollfd){ .fd = crowd_fd, .events = POLLPRI };
	must(write(crowd_ready[1], "", 1) == 1);
	poll(p, CROWD, -1);
}

/* Nanoseconds for a notification, by so many descriptors with that eventfd. */
static double crowd_cost(int efd, int descriptors)
{
	static int fds[CROWD];
	struct mapbuf_eventfd e = { .size = sizeof(e), .fd = efd };
	double start;
	uint64_t n;
	int i;

	for (i = 0; i < descriptors; i++) {
		fds[i] = b_open("crowd", O_RDWR);
		must(!ioctl(fds[i], MAPBUF_IOC_EVENTFD, &e));
	}
	must(b_notify(fds[0]) > 0 && read(efd, &n, 8) == 8);
	start = seconds();
	must(b_notify(fds[0]) > 0);
	start = (seconds() - start) * 1e9;
	t_ok(read(efd, &n, 8) == 8 && n == 1,
	     "%d descriptors with one eventfd: it counts 1 (%llu)", descriptors,
	     (unsigned long long)n);
	for (i = 0; i < descriptors; i++)
		close(fds[i]);
	return start;
}

/* One eventfd, many who wait on it, and many descriptors that have it. */
static void crowds(bool counted)
{
	struct rlimit limit = { 2 * CROWD, 2 * CROWD };
	double one, all;
	pid_t pid;
	char said;

	must(!setrlimit(RLIMIT_NOFILE, &limit) && !pipe(crowd_ready));
	b_create("crowd", PAGE, MAPBUF_BACKING_VMALLOC);
	crowd_fd = eventfd(0, EFD_NONBLOCK);
	pid = child(crowd, 0);
	must(read(crowd_ready[0], &said, 1) == 1);
	wait_asleep(pid);
	one = crowd_cost(crowd_fd, 1);
	all = crowd_cost(crowd_fd, CROWD);
	if (counted)
		t_ok(all <= one * 2, "%d descriptors and waiters: %.2f of one descriptor (%.0f)",
		     CROWD, all / one, one);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(crowd_fd);
	b_destroy("crowd", 0);
}

int main(void)
{
	bool counted = counts_instructions();
	double took[WAYS];
	int i;

	for (i = 0; i < WAYS; i++) {
		way = &ways[i];
		took[i] = cost();
		t_note("%s: %.0f %s", way->name, took[i],
		       counted ? "instructions" : "ns");
	}
	if (counted) {
		t_ok(took[BUFFER_POLL] <= took[EVENTFD_POLL] * 1.05,
		     "a buffer costs %.2f of an eventfd that is polled",
		     took[BUFFER_POLL] / took[EVENTFD_POLL]);
		t_ok(took[BUFFER_EVENTFD] <= took[EVENTFD_READ] * 1.1,
		     "one that signals an eventfd %.2f of that alone",
		     took[BUFFER_EVENTFD] / took[EVENTFD_READ]);
	}
	crowds(counted);
	return t_done();
}
