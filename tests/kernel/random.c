// SPDX-License-Identifier: GPL-2.0-only
/*
 * The random machine: operations by chance in several processes, each compared
 * with a model; in lock step first, then several such machines at once, then all
 * on the same buffers.
 *
 * SOAK_SECONDS says for how long, RANDOM_SEED where to begin.  An operation that
 * goes wrong is told with the shortest list of operations found that leads to
 * it; RANDOM_OPS names a file of such a list, to do that alone.
 */
#include "random.h"
#include "use.h"

#include <sched.h>
#include <sys/file.h>

#define ROUND 300		/* operations */
#define SHORT_ROUND 80
#define LONG 60			/* seconds: time for everything */
#define LIMIT (6 * MIB)		/* of all buffers, so that it is met */
#define MACHINES 3
#define PLENTY (64 * GIB)
#define MAX_BYTES "/sys/module/mapbuf/parameters/max_bytes"

static struct machine machine = { .prefix = 'r' };
static uint64_t seed;
static double phase_end;

/* In lock step others only wait, and that is cheaper on the same processor. */
static void use_processors(int n)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	while (n--)
		CPU_SET(n, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* A model that has forgotten a rule is caught, by a few operations. */
static void forgotten(enum wrong wrong)
{
	static const struct { const char *what; int most; } rules[WRONGS] = {
		[WRONG_DEFERRED] = { "a deferred destroy takes the name", 4 },
		[WRONG_HOLD] = { "a mapping holds its file", 6 },
		[WRONG_CLEAR] = { "the last close clears", 12 },
	};
	static struct op found[OPS_MAX];
	int tries, first, n = 0;

	machine.world.wrong = wrong;
	for (tries = 0; tries < 100 && !n; tries++) {
		if (!machine_round(&machine, seed + tries, SHORT_ROUND))
			n = machine.n;
	}
	t_ok(n, "the model forgets that %s: found", rules[wrong].what);
	if (!n)
		return;
	first = n;
	machine_shrink(&machine);
	n = machine.n;
	machine_report(&machine);
	t_ok(n <= rules[wrong].most, "that is shrunk from %d to %d operations",
	     first, n);
	memcpy(found, machine.op, n * sizeof(*found));
	machine.world.wrong = RIGHT;
	t_ok(machine_replay(&machine, found, n), "all well when it knows it");
	machine_reset(&machine);
}

/* One machine at a time. */
static void tell_shortest(struct machine *m, uint64_t round)
{
	int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	flock(self, LOCK_EX);
	t_note("RANDOM_SEED=%llu: operation %d goes wrong",
	       (unsigned long long)round, m->n);
	machine_report(m);
	if (m->actual.value != WARNED) {
		t_note("shrunk, to be replayed with RANDOM_OPS=:");
		machine_shrink(m);
		machine_report(m);
	}
	close(self);
}

/* At least once; until the end of the phase, or until something goes wrong. */
static bool soak(struct machine *m, uint64_t first)
{
	uint64_t round;

	for (round = first; round == first || seconds() < phase_end; round++) {
		if (machine_round(m, round, ROUND))
			continue;
		tell_shortest(m, round);
		machine_reset(m);
		return false;
	}
	machine_reset(m);
	t_note("%lu operations in %llu rounds", m->done,
	       (unsigned long long)(round - first));
	return true;
}

static void one_of_many(unsigned int index)
{
	alarm(0);
	machine.prefix = 'a' + index;
	machine.world.alone = false;
	machine.world.limit = PLENTY;
	machine.done = 0;
	must(soak(&machine, seed + 1000 * (index + 1)));
}

static void many(double duration)
{
	unsigned int i;

	phase_end = seconds() + duration;
	for (i = 0; i < MACHINES; i++)
		child(one_of_many, i);
	t_ok(reap(), "%d machines at once disturb one another in nothing",
	     MACHINES);
}

static void replay(const char *path)
{
	static struct op op[OPS_MAX];
	FILE *file = fopen(path, "r");
	char line[256];
	int n = 0;

	if (!file)
		t_bail("open %s", path);
	while (n < OPS_MAX && fgets(line, sizeof(line), file)) {
		if (!op_parse(line + strspn(line, "# "), &op[n++]))
			t_bail("%s: no operation: %s", path, line);
	}
	fclose(file);
	if (!t_ok(machine_replay(&machine, op, n), "%d operations of %s", n,
		  path))
		machine_report(&machine);
	machine_reset(&machine);
}

int main(void)
{
	const char *ops = getenv("RANDOM_OPS");
	double budget = setting("SOAK_SECONDS", 20);
	long before;
	int wrong;

	seed = setting("RANDOM_SEED", 1);
	machine.world.alone = true;
	machine.world.dmabufs = has_dmabuf();
	machine.world.limit = LIMIT;
	if (write_file(MAX_BYTES, "6M"))
		t_bail("set max_bytes");
	use_processors(1);
	if (ops && *ops) {
		replay(ops);
		return t_done();
	}

	t_note("RANDOM_SEED=%llu SOAK_SECONDS=%.0f", (unsigned long long)seed,
	       budget);
	for (wrong = RIGHT + 1; wrong < WRONGS; wrong++) {
		if (budget >= LONG || (int)(seed % (WRONGS - 1)) == wrong - 1)
			forgotten(wrong);
	}
	before = mem_free();
	machine.done = 0;
	phase_end = seconds() + budget / 2;
	t_ok(soak(&machine, seed), "the kernel does what the model says");
	if (write_file(MAX_BYTES, "50%"))
		t_bail("set max_bytes");
	use_processors(CPU_SETSIZE);
	many(budget * 3 / 10);
	shared(budget / 5, seed);
	t_ok(before - mem_free() < (long)(8 * MIB / KIB),
	     "the memory is free again");
	return t_done();
}
