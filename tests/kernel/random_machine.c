// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs operations in lock step, one at a time whichever process does it, and
 * compares each with the model.  What differs is made short.
 */
#include "random.h"

#include <sys/socket.h>
#include <sys/time.h>

#define PATIENCE 120		/* seconds for an operation */
#define SHRINK_RUNS 400

static void start(struct machine *m, int w)
{
	struct timeval timeout = { PATIENCE, 0 };
	int ends[2];

	if (m->pid[w])
		return;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		t_bail("socketpair");
	m->pid[w] = fork();
	if (m->pid[w] < 0)
		t_bail("fork");
	if (!m->pid[w]) {
		close(ends[0]);
		worker(ends[1], m->prefix);
	}
	close(ends[1]);
	setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &timeout,
		   sizeof(timeout));
	m->sock[w] = ends[0];
}

static void stop(struct machine *m, int w)
{
	if (!m->pid[w])
		return;
	kill(m->pid[w], SIGKILL);
	waitpid(m->pid[w], NULL, 0);
	close(m->sock[w]);
	m->pid[w] = 0;
}

/* As if nothing had ever been. */
void machine_reset(struct machine *m)
{
	int i;

	for (i = 0; i < WORKERS; i++)
		stop(m, i);
	for (i = 0; i < NAMES; i++)
		b_destroy(name_text(m->prefix, i), MAPBUF_DESTROY_DEFERRED);
	world_reset(&m->world);
	m->n = 0;
}

/* A warning, an oops or a bad page of the kernel; once there, it stays. */
static bool tainted(void)
{
	static long before = -1;
	FILE *file = fopen("/proc/sys/kernel/tainted", "r");
	long now;

	if (!file || fscanf(file, "%ld", &now) != 1)
		t_bail("/proc/sys/kernel/tainted");
	fclose(file);
	now &= 1 << 5 | 1 << 7 | 1 << 9;
	if (before < 0 || now == before) {
		before = now;
		return false;
	}
	before = now;
	return true;
}

static void ask(struct machine *m, struct op *op)
{
	struct result *r = &m->actual;
	ssize_t got;
	int from = op->kind == OP_BORROW ? op->arg[1] :
		   op->kind == OP_REACH ? op->arg[0] : -1;

	r->value = 0;
	r->n = 0;
	if (op->kind == OP_DIE) {
		stop(m, op->worker);
		return;
	}
	if (from >= 0) {
		start(m, from);
		op->pid = m->pid[from];
	}
	start(m, op->worker);
	send(m->sock[op->worker], op, sizeof(*op), MSG_NOSIGNAL);
	got = recv(m->sock[op->worker], r, sizeof(*r), 0);
	if (got < 0 && errno == EAGAIN) {
		machine_report(m);
		t_bail("an operation takes for ever");
	}
	if (got < (ssize_t)offsetof(struct result, word)) {
		r->value = DIED;
		r->n = 0;
	}
}

static bool same(const struct result *a, const struct result *b)
{
	return (a->any || a->value == b->value) && a->n == b->n &&
	       !memcmp(a->word, b->word, a->n * 8);
}

/* False if it did something else than it should.  What is done is in the log. */
static bool step(struct machine *m, const struct op *op)
{
	struct op *logged = &m->op[m->n];

	*logged = *op;
	if (!world_expect(&m->world, logged, &m->expected))
		return true;
	m->n++;
	m->done++;
	ask(m, logged);
	world_learn(&m->world, logged, &m->actual, &m->expected);
	if (tainted()) {
		m->actual.value = WARNED;
		m->expected.any = false;
	}
	return same(&m->expected, &m->actual);
}

bool machine_replay(struct machine *m, const struct op *op, int n)
{
	machine_reset(m);
	for (; n; n--, op++) {
		if (!step(m, op))
			return false;
	}
	return true;
}

static bool look(struct machine *m, int w, int kind, long long a, long long b,
		 long long c)
{
	struct op op = { .kind = kind, .worker = w, .arg = { a, b, c } };

	return step(m, &op);
}

/* All that a process can see. */
static bool look_around(struct machine *m, int w)
{
	const struct process *proc = &m->world.proc[w];
	unsigned int i, a;

	for (i = 0; i < MAPS; i++) {
		for (a = 0; a < proc->map[i].n; a++) {
			const struct area *area = &proc->map[i].area[a];

			if (!look(m, w, OP_READ, i, area->at * PAGE_GRAINS,
				  area->n * PAGE_GRAINS))
				return false;
		}
	}
	for (i = 0; i < FDS; i++) {
		if (!look(m, w, OP_PREAD, i, 0, MAX_GRAINS))
			return false;
	}
	for (i = 0; i < PINS; i++) {
		if (!look(m, w, OP_DRAIN, i, 0, 0))
			return false;
	}
	return true;
}

/* At the end nobody has anything: then every buffer can be destroyed. */
static bool finish(struct machine *m)
{
	int i;

	for (i = 0; i < WORKERS; i++) {
		if (!look_around(m, i))
			return false;
	}
	for (i = 0; i < NAMES; i++) {
		if (!look(m, 0, OP_COUNTS, i, 0, 0))
			return false;
	}
	for (i = 0; i < WORKERS; i++) {
		if (!look(m, i, OP_DIE, 0, 0, 0))
			return false;
	}
	for (i = 0; i < NAMES; i++) {
		if (!look(m, 0, OP_DESTROY, i, 0, 0))
			return false;
	}
	return look(m, 0, OP_LIST, 0, 0, 0);
}

bool machine_round(struct machine *m, uint64_t seed, int n)
{
	struct op op;

	machine_reset(m);
	while (m->n < n) {
		op_random(&m->world, &seed, &op);
		if (!step(m, &op))
			return false;
	}
	return finish(m);
}

/*
 * The log ends with an operation that went wrong.  Leave out as much as can be
 * left out with some operation still going wrong, in pieces of half of it, of a
 * quarter, down to single operations.
 */
void machine_shrink(struct machine *m)
{
	static struct op shortest[OPS_MAX], tried[OPS_MAX];
	int n = m->n, piece = n, runs = 0, at, len;
	bool shorter;

	memcpy(shortest, m->op, n * sizeof(*shortest));
	do {
		piece = piece > 1 ? piece / 2 : 1;
		shorter = false;
		for (at = 0; at < n && runs < SHRINK_RUNS; runs++) {
			len = piece < n - at ? piece : n - at;
			memcpy(tried, shortest, at * sizeof(*tried));
			memcpy(tried + at, shortest + at + len,
			       (n - at - len) * sizeof(*tried));
			if (machine_replay(m, tried, n - len)) {
				at += len;
				continue;
			}
			n = m->n;
			memcpy(shortest, m->op, n * sizeof(*shortest));
			shorter = true;
		}
	} while ((piece > 1 || shorter) && runs < SHRINK_RUNS);
	if (machine_replay(m, shortest, n)) {
		memcpy(m->op, shortest, n * sizeof(*shortest));
		m->n = n;
		t_note("done once more, all of it goes well");
	}
}

static const char *value_text(const struct result *r)
{
	static char text[4][64];
	static unsigned int next;
	char *at = text[next++ % 4];
	long long value = r->value;

	if (r->any)
		snprintf(at, 64, "any result");
	else if (value == WARNED)
		snprintf(at, 64, "a warning of the kernel");
	else if (value == DIED)
		snprintf(at, 64, "the end of the process");
	else if (value <= ENDED_BY(0))
		snprintf(at, 64, "signal %lld", ENDED_BY(0) - value);
	else if (value < 0)
		snprintf(at, 64, "%s", strerror(-value));
	else
		snprintf(at, 64, "%lld", value);
	return at;
}

/* The log as it can be replayed, and what its last operation did. */
void machine_report(const struct machine *m)
{
	const struct result *e = &m->expected, *a = &m->actual;
	unsigned int i;
	char line[256];
	int n;

	for (n = 0; n < m->n; n++) {
		op_print(&m->op[n], line, sizeof(line));
		t_note("%s", line);
	}
	if (!e->any && e->value != a->value)
		t_note("expected %s, not %s", value_text(e), value_text(a));
	if (e->n != a->n)
		t_note("expected %u words, not %u", e->n, a->n);
	for (i = 0; i < e->n && i < a->n && e->word[i] == a->word[i]; i++)
		;
	if (i < e->n && i < a->n)
		t_note("expected %#llx in word %u, not %#llx",
		       (unsigned long long)e->word[i], i,
		       (unsigned long long)a->word[i]);
}
