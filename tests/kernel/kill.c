// SPDX-License-Identifier: GPL-2.0-only
/* A creation that is killed stops, and gives everything back. */
#include "t.h"

#include <time.h>

#define SIZE (256 * MIB)
#define ROUNDS 8

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
	for (i = 0; i < ROUNDS; i++) {
		pid = child(creating, s->id);
		usleep(whole * i / ROUNDS);
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

int main(void)
{
	const struct store *s;

	for (s = stores; s->name; s++)
		killed(s);
	return t_done();
}
