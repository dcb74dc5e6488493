// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whoever is killed leaves nothing: a creation, which stops; and the life of a
 * buffer, at each of its steps and at any moment.
 */
#include "t.h"

#include <sys/eventfd.h>
#include <time.h>

#define SIZE (256 * MIB)
#define ROUNDS 8
#define LIFE_SIZE (HUGE_PAGE + 3 * PAGE)
#define KILLS 80
#define WORKERS 2

static void creating(unsigned int backing)
{
	must(!b_try_create("kill", SIZE, backing));
}

static long microseconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void killed(const struct store *s)
{
	long whole = microseconds(), before;
	int i, status, stopped = 0, made = 0;
	pid_t pid;

	pid = child(creating, s->id);
	waitpid(pid, &status, 0);
	whole = microseconds() - whole;
	t_ok(!status && !b_destroy("kill", 0), "%s: create", s->name);

	before = mem_free();
	/* On a busy machine all of them may be done before they are killed. */
	for (i = 0; i < ROUNDS || (!stopped && i < 20 * ROUNDS); i++) {
		pid = child(creating, s->id);
		usleep(whole * (i % ROUNDS) / ROUNDS);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		if (b_destroy("kill", 0))
			stopped++;
		else
			made++;
	}
	t_ok(stopped > 0, "%s: killed %d times, %d were made all the same",
	     s->name, stopped, made);
	t_ok(labs(mem_free() - before) < 64 * 1024,
	     "%s: the memory is back", s->name);
	t_ok(!b_try_create("kill", SIZE, s->id) && !b_destroy("kill", 0),
	     "%s: the next one works", s->name);
}

/* Dies at the step that is this many away; 0: at none. */
static unsigned int steps_left;

static void step(void)
{
	if (steps_left && !--steps_left)
		raise(SIGKILL);
}

static char life_name[16];

static void life(unsigned int backing)
{
	struct mapbuf_eventfd e = { .size = sizeof(e) };
	int fd, dmabuf, twin;
	char *map;

	step();
	must(!b_try_create(life_name, LIFE_SIZE, backing));
	step();
	fd = b_open(life_name, O_RDWR);
	must(fd >= 0);
	step();
	map = b_map(fd, LIFE_SIZE, 0);
	step();
	memset(map, 1, LIFE_SIZE);
	step();
	e.fd = eventfd(0, 0);
	must(!ioctl(fd, MAPBUF_IOC_EVENTFD, &e));
	step();
	dmabuf = b_export(fd, 0, HUGE_PAGE);
	must(dmabuf >= 0 || dmabuf == -EOPNOTSUPP);
	step();
	must(b_notify(fd) > 0);
	step();
	must(!munmap(map + HUGE_PAGE, PAGE));	/* one area becomes two */
	step();
	twin = dup(fd);
	close(fd);
	step();
	must(!b_destroy(life_name, MAPBUF_DESTROY_DEFERRED));
	step();
	munmap(map, LIFE_SIZE);
	step();
	close(dmabuf);
	step();
	close(twin);
	step();
}

static unsigned int backing_of(unsigned int n)
{
	return n % 2 ? MAPBUF_BACKING_VMALLOC : MAPBUF_BACKING_CONTIGUOUS;
}

/* What is left can be taken away: nothing of the dead still holds it. */
static bool left_usable(void)
{
	int err = b_destroy(life_name, 0);

	return !err || err == -ENOENT;
}

static void killed_at_steps(void)
{
	const struct store *s;
	int status, bad = 0;
	unsigned int n = 0;
	bool died;

	strcpy(life_name, "life");
	for (s = stores; s->name; s++) {
		n = 0;
		do {
			steps_left = ++n;
			waitpid(child(life, s->id), &status, 0);
			died = WIFSIGNALED(status);
			if (!(died || !status) || !left_usable()) {
				t_note("%s: step %u", s->name, n);
				bad++;
			}
		} while (died);
	}
	steps_left = 0;
	t_ok(!bad && n > 10, "killed at each of %u steps: nothing is held", n);
}

/* How long a life takes when it is least disturbed. */
static long life_time(void)
{
	long least = 0, took;
	int i, status;

	for (i = 0; i < 5; i++) {
		took = microseconds();
		waitpid(child(life, backing_of(0)), &status, 0);
		must(!status);
		took = microseconds() - took;
		if (!i || took < least)
			least = took;
	}
	return least;
}

/*
 * Kills a life after the other, each at a moment of its own.  Should all have
 * finished before, it goes on until one has not.
 */
static void killer(unsigned int number)
{
	unsigned int i, finished = 0, state = number * 77 + 1;
	long whole;
	int status;
	pid_t pid;

	snprintf(life_name, sizeof(life_name), "life%u", number);
	whole = life_time();
	for (i = 0; i < KILLS || finished == i; i++) {
		state = state * 1103515245 + 12345;
		pid = child(life, backing_of(i));
		usleep((state >> 8) % whole);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		finished += !status;
		must(left_usable());
	}
	t_note("%u killed, %u of them had finished", i, finished);
}

static void killed_at_any_moment(void)
{
	long before, after;
	unsigned int i;

	before = mem_free();
	for (i = 0; i < WORKERS; i++)
		child(killer, i);
	t_ok(reap(), "killed %d times at any moment: nothing is held",
	     KILLS * WORKERS);
	after = mem_free();
	t_ok(labs(after - before) < 16 * 1024,
	     "the memory is back (%ld KiB before, %ld after)", before, after);
}

int main(void)
{
	const struct store *s;

	killed_at_steps();
	killed_at_any_moment();
	for (s = stores; s->name; s++)
		killed(s);
	return t_done();
}
