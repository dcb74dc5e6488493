// SPDX-License-Identifier: GPL-2.0-only
/* Waiting for new data: poll, epoll, eventfds; one reader and many. */
#include "use.h"

#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#define ROUNDS 500
#define READERS 3
#define CROWD 200
#define LIMIT "/sys/module/mapbuf/parameters/max_eventfds"

static int crowd_fd;

static int watch(int fd, int eventfd)
{
	struct mapbuf_eventfd e = { .size = sizeof(e), .fd = eventfd };

	return ioctl(fd, MAPBUF_IOC_EVENTFD, &e) ? -errno : 0;
}

/* Processes are counted in the first word of a buffer. */
static void word_in(int fd)
{
	uint64_t *word = (void *)b_map(fd, PAGE, 0);

	__atomic_add_fetch(word, 1, __ATOMIC_RELEASE);
	munmap(word, PAGE);
}

static void word_wait(int fd, uint64_t count)
{
	uint64_t *word = (void *)b_map(fd, PAGE, 0);

	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != count)
		sched_yield();
	munmap(word, PAGE);
}

static int events(int fd, int timeout)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };

	return poll(&p, 1, timeout) < 0 ? -1 : p.revents;
}

static void by_hand(void)
{
	int one, two, late;

	b_create("notify", PAGE, MAPBUF_BACKING_VMALLOC);
	one = b_open("notify", O_RDWR);
	two = b_open("notify", O_RDONLY);
	t_ok(events(one, 0) == POLLOUT && events(two, 0) == POLLOUT,
	     "poll: nothing is new at first, writing is always possible");
	t_ok(b_seen(one) == 0 && b_notify(one) == 1 && b_notify(one) == 2,
	     "notify: tells its number");
	t_ok(events(one, 0) == (POLLIN | POLLOUT) &&
	     events(two, 0) == (POLLIN | POLLOUT),
	     "poll: every file is readable then, that of the notifier too");
	t_ok(b_seen(one) == 2 && events(one, 0) == POLLOUT &&
	     events(two, 0) == (POLLIN | POLLOUT),
	     "seen: tells the last one, and quiets this file alone");
	t_ok(!strcmp(b_sysfs("notify", "notifications"), "2") &&
	     events(two, 0) == (POLLIN | POLLOUT),
	     "sysfs: counts them, and reading it is not seeing them");
	late = b_open("notify", O_RDONLY);
	t_ok(events(late, 0) == POLLOUT && b_seen(late) == 2,
	     "open: what was before is seen");
	t_ok(b_notify(two) == -EBADF && b_seen(two) == 2,
	     "notify: needs a descriptor for writing");
	close(late);
	close(one);
	close(two);
	b_destroy("notify", 0);
}

static void eventfds(void)
{
	int efd = eventfd(0, EFD_NONBLOCK), other = eventfd(0, EFD_NONBLOCK);
	int fd, second;
	uint64_t n = 0;

	b_create("notify", PAGE, MAPBUF_BACKING_VMALLOC);
	fd = b_open("notify", O_RDWR);
	second = b_open("notify", O_RDWR);
	t_ok(watch(fd, fd) == -EINVAL && watch(fd, 1000) == -EBADF &&
	     watch(fd, -2) == -EBADF, "eventfd: what is none is refused");
	t_ok(!watch(fd, efd) && b_notify(second) == 1 && b_notify(second) == 2 &&
	     read(efd, &n, 8) == 8 && n == 2, "eventfd: counts them");
	t_ok(!watch(fd, other) && b_notify(fd) == 3 && read(efd, &n, 8) < 0 &&
	     read(other, &n, 8) == 8 && n == 1, "eventfd: another instead");
	t_ok(!watch(second, other) && b_notify(fd) == 4 &&
	     read(other, &n, 8) == 8 && n == 1,
	     "eventfd: of two files, signalled once");
	t_ok(!watch(second, other) && b_notify(fd) == 5 &&
	     read(other, &n, 8) == 8 && n == 1, "eventfd: given once more");
	t_ok(!watch(fd, -1) && b_notify(fd) == 6 && read(other, &n, 8) == 8 &&
	     n == 1, "eventfd: no longer of one, still of the other");
	close(second);
	t_ok(b_notify(fd) == 7 && read(other, &n, 8) < 0,
	     "eventfd: ends with the file");
	watch(fd, other);
	close(other);
	t_ok(b_notify(fd) == 8, "eventfd: closed by its owner");
	close(fd);
	close(efd);
	t_ok(!b_destroy("notify", 0), "eventfd: nothing holds the buffer");
}

/* A notification signals no more eventfds than root allows. */
static void limit(void)
{
	int fd[3], efd[3], i;
	uint64_t n;

	must(!write_file(LIMIT, "2"));
	b_create("notify", PAGE, MAPBUF_BACKING_VMALLOC);
	for (i = 0; i < 3; i++) {
		fd[i] = b_open("notify", O_RDWR);
		efd[i] = eventfd(0, EFD_NONBLOCK);
	}
	t_ok(!watch(fd[0], efd[0]) && !watch(fd[1], efd[1]) &&
	     watch(fd[2], efd[2]) == -ENOSPC, "limit: one too many");
	t_ok(!watch(fd[2], efd[1]) && watch(fd[2], efd[2]) == -ENOSPC &&
	     b_notify(fd[0]) == 1 && read(efd[1], &n, 8) == 8 && n == 1,
	     "limit: not of files, and what is refused changes nothing");
	t_ok(!watch(fd[0], efd[2]) && watch(fd[1], efd[0]) == -ENOSPC,
	     "limit: another takes the place of the one before");
	close(fd[0]);
	t_ok(!watch(fd[1], efd[0]), "limit: what is closed makes room");
	t_ok(b_notify(fd[1]) == 2 && read(efd[0], &n, 8) == 8 && n == 2 &&
	     read(efd[1], &n, 8) == 8 && n == 1 && read(efd[2], &n, 8) < 0,
	     "limit: those that have a place are signalled");
	must(!write_file(LIMIT, "0"));
	t_ok(watch(fd[2], efd[2]) == -ENOSPC && b_notify(fd[1]) == 3 &&
	     read(efd[1], &n, 8) == 8 && n == 1,
	     "limit: lowered, it is for those that come");
	must(!write_file(LIMIT, "1024"));
	for (i = 0; i < 3; i++) {
		close(efd[i]);
		close(fd[i]);
	}
	t_ok(!b_destroy("notify", 0), "limit: nothing holds the buffer");
}

/* Waits many times at once, more than are woken up without a pause. */
static void crowd(unsigned int unused)
{
	static struct pollfd p[CROWD];
	int i;

	(void)unused;
	for (i = 0; i < CROWD; i++)
		p[i] = (struct pollfd){ .fd = crowd_fd, .events = POLLIN };
	word_in(crowd_fd);
	must(poll(p, CROWD, -1) > 0);
}

/* Waits to be the one that is woken up. */
static void exclusive(unsigned int unused)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLEXCLUSIVE };
	int ep = epoll_create1(0);

	(void)unused;
	must(!epoll_ctl(ep, EPOLL_CTL_ADD, crowd_fd, &event));
	word_in(crowd_fd);
	must(epoll_wait(ep, &event, 1, -1) == 1);
}

/* READERS of them, asleep */
static void crowd_gather(void (*waits)(unsigned int unused))
{
	pid_t pid[READERS];
	int i;

	b_create("notify", PAGE, MAPBUF_BACKING_VMALLOC);
	crowd_fd = b_open("notify", O_RDWR);
	for (i = 0; i < READERS; i++)
		pid[i] = child(waits, 0);
	word_wait(crowd_fd, READERS);
	for (i = 0; i < READERS; i++)
		wait_asleep(pid[i]);
}

static void crowds(void)
{
	unsigned int i;

	crowd_gather(crowd);
	must(b_notify(crowd_fd) == 1);
	t_ok(reap(), "all of many are woken up");
	close(crowd_fd);
	b_destroy("notify", 0);

	crowd_gather(exclusive);
	for (i = 0; i < READERS; i++)
		must(b_notify(crowd_fd) == 1 + i);
	t_ok(reap(), "EPOLLEXCLUSIVE: a notification for each wakes up all");
	close(crowd_fd);
	b_destroy("notify", 0);
}

static void hangup_waiter(unsigned int unused)
{
	int fd = b_open("notify", O_RDWR);

	(void)unused;
	must(!b_destroy("notify", MAPBUF_DESTROY_DEFERRED));
	must(events(fd, -1) == (POLLHUP | POLLOUT));
}

static void waits_for_hangup(unsigned int unused)
{
	struct pollfd p = { .fd = b_open("notify", O_RDONLY),
			    .events = POLLIN };

	(void)unused;
	must(poll(&p, 1, -1) == 1 && p.revents == POLLHUP);
}

static void hangup(void)
{
	b_create("notify", PAGE, MAPBUF_BACKING_VMALLOC);
	wait_asleep(child(waits_for_hangup, 0));
	child(hangup_waiter, 0);
	t_ok(reap(), "poll: hangs up when the buffer is destroyed");
}

/*
 * A writer that waits for all readers between two notifications, through a
 * word of each in the buffer.  A lost wake-up ends with the time of a child.
 */
static void reader(unsigned int index)
{
	int fd = b_open("notify", O_RDWR), ep = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLIN };
	volatile uint64_t *word = (void *)b_map(fd, PAGE, 0);
	uint64_t last = 0;

	must(!epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event));
	__atomic_store_n(&word[1 + index], 1, __ATOMIC_RELEASE);
	while (last < ROUNDS) {
		uint64_t now;

		must(epoll_wait(ep, &event, 1, -1) == 1);
		now = b_seen(fd);
		must(now > last && word[0] >= now);
		last = now;
		__atomic_store_n(&word[1 + index], 1 + now, __ATOMIC_RELEASE);
	}
	must(epoll_wait(ep, &event, 1, 0) == 0);
}

static void writer(unsigned int wait)
{
	int fd = b_open("notify", O_RDWR);
	volatile uint64_t *word = (void *)b_map(fd, PAGE, 0);
	uint64_t i, r;

	for (r = 0; r < READERS; r++) {
		while (!__atomic_load_n(&word[1 + r], __ATOMIC_ACQUIRE))
			usleep(1000);
	}
	for (i = 1; i <= ROUNDS; i++) {
		word[0] = i;
		must(b_notify(fd) == (long long)i);
		for (r = 0; wait && r < READERS; r++) {
			while (__atomic_load_n(&word[1 + r],
					       __ATOMIC_ACQUIRE) <= i)
				sched_yield();
		}
	}
}

static void many(unsigned int wait)
{
	unsigned int i;

	b_create("notify", PAGE, MAPBUF_BACKING_VMALLOC);
	for (i = 0; i < READERS; i++)
		child(reader, i);
	child(writer, wait);
	t_ok(reap(), "%d readers miss none of %d and see none twice%s", READERS,
	     ROUNDS, wait ? ", each waited for" : "");
	t_ok(!b_destroy("notify", 0), "nothing holds the buffer");
}

/* Files come and go, with eventfds, while others notify. */
static void churn(unsigned int index)
{
	int fd = b_open("notify", O_RDWR), efd = eventfd(0, 0), i;

	for (i = 0; i < ROUNDS; i++) {
		int other = b_open("notify", O_RDWR);

		must(!watch(other, efd) && b_notify(index ? fd : other) > 0);
		close(other);
	}
	must(events(efd, 0) & POLLIN);
}

static void bad_requests(void)
{
	struct mapbuf_notify n = { .size = sizeof(n), .flags = 1 };
	struct mapbuf_eventfd e = { .size = sizeof(e), .reserved = 1, .fd = -1 };
	int fd;

	b_create("notify", PAGE, MAPBUF_BACKING_VMALLOC);
	fd = b_open("notify", O_RDWR);
	t_fails(ioctl(fd, MAPBUF_IOC_NOTIFY, &n), EINVAL, "notify: a flag");
	t_fails(ioctl(fd, MAPBUF_IOC_SEEN, &n), EINVAL, "seen: a flag");
	t_fails(ioctl(fd, MAPBUF_IOC_EVENTFD, &e), EINVAL,
		"eventfd: a member that must be 0");
	n.flags = 0;
	n.size--;
	t_fails(ioctl(fd, MAPBUF_IOC_NOTIFY, &n), EINVAL, "notify: short");
	t_fails(ioctl(fd, MAPBUF_IOC_SEEN, NULL), EFAULT, "seen: NULL");
	t_fails(ioctl(fd, MAPBUF_IOC_NOTIFY, NULL), EFAULT, "notify: NULL");
	t_ok(b_seen(fd) == 0, "none of these notified anybody");
	t_fails(ioctl(b_control(), MAPBUF_IOC_NOTIFY, &n), ENOTTY,
		"notify: not of the control node");
	close(fd);
	b_destroy("notify", 0);
}

int main(void)
{
	by_hand();
	eventfds();
	limit();
	crowds();
	hangup();
	bad_requests();
	many(0);
	many(1);

	b_create("notify", PAGE, MAPBUF_BACKING_VMALLOC);
	child(churn, 0);
	child(churn, 1);
	t_ok(reap(), "files with eventfds come and go meanwhile");
	t_ok(!b_destroy("notify", 0), "and leave nothing behind");
	return t_done();
}
