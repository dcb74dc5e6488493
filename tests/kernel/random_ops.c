// SPDX-License-Identifier: GPL-2.0-only
/* Operations of the random machine: as text, and by chance. */
#include "random.h"

#include <limits.h>

#define OP(text, often, ...) { .name = text, .weight = often, \
			       .arg = { __VA_ARGS__ } }

const struct op_text op_texts[OP_KINDS] = {
	[OP_CREATE] = OP("create", 14, ARG_NAME, ARG_BYTES, ARG_BACKING,
			 ARG_CREATE_FLAGS),
	[OP_DESTROY] = OP("destroy", 8, ARG_NAME, ARG_DESTROY_FLAGS),
	[OP_OPEN] = OP("open", 20, ARG_NEW_FD, ARG_NAME, ARG_MODE),
	[OP_CLOSE] = OP("close", 10, ARG_FD),
	[OP_DUP] = OP("dup", 3, ARG_FD, ARG_NEW_FD),
	[OP_BORROW] = OP("borrow", 4, ARG_NEW_FD, ARG_FROM, ARG_FROM_FD),
	[OP_INFO] = OP("info", 2, ARG_FD),
	[OP_SEEK] = OP("seek", 2, ARG_FD, ARG_OFFSET, ARG_WHENCE),
	[OP_PREAD] = OP("pread", 8, ARG_FD, ARG_GRAIN, ARG_GRAINS),
	[OP_PWRITE] = OP("pwrite", 10, ARG_FD, ARG_GRAIN, ARG_GRAINS,
			 ARG_VALUE),
	[OP_PEEK] = OP("peek", 3, ARG_FD, ARG_OFFSET, ARG_LEN),
	[OP_MMAP] = OP("mmap", 24, ARG_NEW_MAP, ARG_FD, ARG_PAGE, ARG_PAGES,
		       ARG_NEW_AT, ARG_PROT, ARG_MAP_FLAGS),
	[OP_MUNMAP] = OP("munmap", 8, ARG_MAP, ARG_AT, ARG_PAGES),
	[OP_MREMAP] = OP("mremap", 8, ARG_MAP, ARG_AT, ARG_PAGES,
			 ARG_NEW_PAGES, ARG_NEW_MAP, ARG_NEW_AT),
	[OP_MPROTECT] = OP("mprotect", 7, ARG_MAP, ARG_AT, ARG_PAGES, ARG_PROT),
	[OP_MADVISE] = OP("madvise", 7, ARG_MAP, ARG_AT, ARG_PAGES, ARG_ADVICE),
	[OP_READ] = OP("read", 14, ARG_MAP, ARG_GRAIN, ARG_GRAINS),
	[OP_WRITE] = OP("write", 14, ARG_MAP, ARG_GRAIN, ARG_GRAINS, ARG_VALUE),
	[OP_FORK] = OP("fork", 2, ARG_MAP, ARG_GRAIN, ARG_GRAINS),
	[OP_REACH] = OP("reach", 4, ARG_FROM, ARG_FROM_MAP, ARG_GRAIN,
			ARG_GRAINS),
	[OP_EXPORT] = OP("export", 7, ARG_FD, ARG_NEW_FD, ARG_PAGE, ARG_PAGES),
	[OP_NOTIFY] = OP("notify", 5, ARG_FD),
	[OP_SEEN] = OP("seen", 3, ARG_FD),
	[OP_WATCH] = OP("watch", 4, ARG_FD, ARG_EVENT),
	[OP_EVENT] = OP("event", 4),
	[OP_POLL] = OP("poll", 4, ARG_FD),
	[OP_PIN] = OP("pin", 6, ARG_NEW_PIN, ARG_MAP, ARG_GRAIN, ARG_GRAINS),
	[OP_SPLICE] = OP("splice", 4, ARG_NEW_PIN, ARG_FD, ARG_GRAIN,
			 ARG_GRAINS),
	[OP_DRAIN] = OP("drain", 4, ARG_PIN),
	[OP_DIE] = OP("die", 2),
	[OP_COUNTS] = OP("counts", 12, ARG_NAME),
	[OP_LIST] = OP("list", 2),
};

/* The name of each argument, and for what is an index, how many there are. */
static const struct { const char *name; int limit; } args[ARG_KINDS] = {
	[ARG_NAME] = { "name", ALL_NAMES }, [ARG_BYTES] = { "bytes", 0 },
	[ARG_BACKING] = { "backing", 0 }, [ARG_CREATE_FLAGS] = { "flags", 0 },
	[ARG_DESTROY_FLAGS] = { "flags", 0 }, [ARG_MODE] = { "mode", 3 },
	[ARG_FD] = { "fd", FDS }, [ARG_NEW_FD] = { "newfd", FDS },
	[ARG_FROM] = { "from", WORKERS }, [ARG_FROM_FD] = { "fd", FDS },
	[ARG_FROM_MAP] = { "map", MAPS }, [ARG_OFFSET] = { "offset", 0 },
	[ARG_LEN] = { "len", 25 }, [ARG_WHENCE] = { "whence", 3 },
	[ARG_MAP] = { "map", MAPS }, [ARG_NEW_MAP] = { "newmap", MAPS },
	[ARG_AT] = { "at", WINDOW_PAGES }, [ARG_NEW_AT] = { "newat", WINDOW_PAGES },
	[ARG_PAGE] = { "page", 2 * MAX_PAGES }, [ARG_PAGES] = { "pages", 2 * MAX_PAGES },
	[ARG_NEW_PAGES] = { "newpages", 2 * MAX_PAGES }, [ARG_PROT] = { "prot", 8 },
	[ARG_MAP_FLAGS] = { "flags", 4 }, [ARG_ADVICE] = { "advice", 0 },
	[ARG_GRAIN] = { "grain", WINDOW_PAGES * PAGE_GRAINS },
	[ARG_GRAINS] = { "grains", MAX_GRAINS + 1 }, [ARG_VALUE] = { "value", 0 },
	[ARG_EVENT] = { "event", 4 }, [ARG_PIN] = { "pin", PINS },
	[ARG_NEW_PIN] = { "newpin", PINS },
};

const char *name_text(char prefix, int name)
{
	static const char *const bad[ALL_NAMES - NAMES] = {
		"", ".hidden", "-option", "a/b",
		"a-name-of-thirty-two-characters-",
	};
	static char text[40];

	if (name >= NAMES)
		return bad[name - NAMES];
	snprintf(text, sizeof(text), "%c%d", prefix, name);
	return text;
}

void op_print(const struct op *op, char *line, size_t size)
{
	const struct op_text *text = &op_texts[op->kind];
	size_t at = snprintf(line, size, "%d %s", op->worker, text->name);
	int i;

	for (i = 0; i < ARGS && text->arg[i]; i++)
		at += snprintf(line + at, size - at, " %s=%lld",
			       args[text->arg[i]].name, op->arg[i]);
}

bool op_parse(const char *line, struct op *op)
{
	const struct op_text *text;
	char name[16];
	int n, i;

	*op = (struct op) { .kind = 0 };
	if (sscanf(line, "%d %15s%n", &op->worker, name, &n) != 2 ||
	    op->worker < 0 || op->worker >= WORKERS)
		return false;
	while (strcmp(op_texts[op->kind].name, name)) {
		if (++op->kind == OP_KINDS)
			return false;
	}
	text = &op_texts[op->kind];
	for (i = 0; i < ARGS && text->arg[i]; i++) {
		int limit = args[text->arg[i]].limit;

		line += n;
		if (sscanf(line, " %15[a-z]=%lld%n", name, &op->arg[i], &n) != 2 ||
		    strcmp(name, args[text->arg[i]].name) ||
		    (limit && (op->arg[i] < 0 || op->arg[i] >= limit)))
			return false;
	}
	return !strcmp(line + n, "\n") || !line[n];
}

/* splitmix64 */
uint64_t random_next(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

/*
 * By chance, but in the main about what there is: what has been chosen so far
 * says what the rest is about.
 */
struct choice {
	const struct world *world;
	uint64_t *state;
	const struct process *proc, *from;
	const struct file *file;
	unsigned int base, size;	/* pages that there are */
	unsigned int start, n;		/* pages chosen */
	bool beyond;			/* may pass their end */
};

static unsigned int below(struct choice *c, unsigned int n)
{
	return random_next(c->state) % n;
}

static bool one_in(struct choice *c, unsigned int n)
{
	return !below(c, n);
}

static void choose_file(struct choice *c, const struct file *file)
{
	c->file = file;
	c->size = file->pages;
	c->beyond = true;
}

static int choose_fd(struct choice *c, const struct process *proc, bool full)
{
	int first = below(c, FDS), i, fd;

	for (i = 0; i < FDS; i++) {
		fd = (first + i) % FDS;
		if (!proc->fd[fd] == full)
			continue;
		if (full)
			choose_file(c, proc->fd[fd]);
		return fd;
	}
	return -1;
}

static int choose_map(struct choice *c, const struct process *proc, bool full)
{
	int first = below(c, MAPS), i, map;
	const struct area *area;

	for (i = 0; i < MAPS; i++) {
		map = (first + i) % MAPS;
		if (!proc->map[map].n == full)
			continue;
		if (full) {
			area = &proc->map[map].area[below(c, proc->map[map].n)];
			c->base = area->at;
			c->size = area->n;
		}
		return map;
	}
	return -1;
}

static int choose_pin(struct choice *c, bool full)
{
	int first = below(c, PINS), i, pin;

	for (i = 0; i < PINS; i++) {
		pin = (first + i) % PINS;
		if (!c->proc->pin[pin].n != full)
			return pin;
	}
	return -1;
}

static unsigned int choose_page(struct choice *c)
{
	c->start = c->base + (one_in(c, 3) ? 0 : below(c, c->size));
	if (c->beyond && one_in(c, 12))
		c->start += c->size;
	return c->start;
}

static unsigned int choose_pages(struct choice *c, unsigned int most)
{
	unsigned int end = c->base + c->size;
	unsigned int left = end > c->start ? end - c->start : 1;

	c->n = one_in(c, 3) ? left : 1 + below(c, left);
	if (c->n > most)
		c->n = 1 + below(c, most);
	if (c->beyond && one_in(c, 12))
		c->n += 1 + below(c, 3);
	return c->n;
}

/* In steps, as reading 2 MiB takes long and shows no more than reading some. */
static long long choose_grains(struct choice *c, int kind)
{
	unsigned int most = kind == OP_PIN || kind == OP_SPLICE ? PIN_PAGES :
			    one_in(c, 8) ? MAX_PAGES : 6;

	return choose_pages(c, most) * PAGE_GRAINS - below(c, 2);
}

/* In a place where 2 MiB pages fit, mostly. */
static unsigned int choose_at(struct choice *c)
{
	unsigned int huge = HUGE_PAGE / PAGE;

	return one_in(c, 3) ? below(c, huge) :
	       c->file ? (c->file->first + c->start) % huge : c->start % huge;
}

static long long choose_bytes(struct choice *c)
{
	static const long long sizes[] = {
		PAGE, 1, 3 * PAGE - 1, 5 * PAGE, 16 * PAGE, 64 * PAGE + 1,
		HUGE_PAGE, HUGE_PAGE, HUGE_PAGE + 3 * PAGE, HUGE_PAGE - PAGE,
	};
	static const long long bad[] = { 0, -1, 1LL << 40, LLONG_MAX };

	return one_in(c, 16) ? bad[below(c, ARRAY_LEN(bad))] :
			       sizes[below(c, ARRAY_LEN(sizes))];
}

/* The first value half the time, else any. */
static int one_of(struct choice *c, const int *list, unsigned int n)
{
	return list[one_in(c, 2) ? 0 : below(c, n)];
}

#define ONE_OF(choice, ...)						\
	one_of(choice, (const int []){ __VA_ARGS__ },			\
	       sizeof((const int []){ __VA_ARGS__ }) / sizeof(int))

static long long choose_plain(struct choice *c, enum arg_kind kind)
{
	switch (kind) {
	case ARG_BYTES:
		return choose_bytes(c);
	case ARG_BACKING:
		return ONE_OF(c, 1, 2, 2, 2, 0, 2, 2, 9);
	case ARG_CREATE_FLAGS:
		return ONE_OF(c, 0, MAPBUF_CREATE_ZERO_LAST_CLOSE,
			      MAPBUF_CREATE_ZERO_LAST_CLOSE,
			      MAPBUF_CREATE_ZERO_LAST_CLOSE, 0, 1 << 20);
	case ARG_DESTROY_FLAGS:
		return ONE_OF(c, 0, 1, 1, 1, 1, 2);
	case ARG_MODE:
		return ONE_OF(c, O_RDWR, O_RDWR, O_RDONLY, O_RDWR, O_WRONLY);
	case ARG_LEN:
		return below(c, 25);
	case ARG_WHENCE:
		return below(c, 3);
	case ARG_PROT:
		return ONE_OF(c, PROT_READ | PROT_WRITE, PROT_READ,
			      PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE,
			      PROT_NONE, PROT_READ | PROT_EXEC);
	case ARG_MAP_FLAGS:
		return ONE_OF(c, 0, 0, 1, 1, 1, 0, 0, 2);
	case ARG_ADVICE:
		return ONE_OF(c, MADV_DONTNEED, MADV_WILLNEED, 20, 21, 22, 25);
	case ARG_VALUE:
		return (long long)(random_next(c->state) >> 16);
	case ARG_EVENT:
		return ONE_OF(c, 0, 0, 0, 0, 1, 2, 3);
	default:
		return -1;
	}
}

static long long choose(struct choice *c, enum arg_kind kind, int op)
{
	switch (kind) {
	case ARG_NAME:
		return one_in(c, 24) ? below(c, ALL_NAMES) : below(c, NAMES);
	case ARG_FD:
		return choose_fd(c, c->proc, true);
	case ARG_NEW_FD:
		return choose_fd(c, c->proc, false);
	case ARG_FROM:
		op = below(c, WORKERS);
		c->from = &c->world->proc[op];
		return op;
	case ARG_FROM_FD:
		return choose_fd(c, c->from, true);
	case ARG_FROM_MAP:
		return choose_map(c, c->from, true);
	case ARG_MAP:
		return choose_map(c, c->proc, true);
	case ARG_NEW_MAP:
		return choose_map(c, c->proc, false);
	case ARG_PIN:
		return choose_pin(c, true);
	case ARG_NEW_PIN:
		return choose_pin(c, false);
	case ARG_AT:
	case ARG_PAGE:
		return choose_page(c);
	case ARG_NEW_AT:
		return choose_at(c);
	case ARG_PAGES:
		return choose_pages(c, MAX_PAGES);
	case ARG_NEW_PAGES:
		return one_in(c, 3) ? 1 + below(c, c->n + 4) : c->n;
	case ARG_OFFSET:
		return choose_page(c) * PAGE + below(c, PAGE) - one_in(c, 20);
	case ARG_GRAIN:
		return choose_page(c) * PAGE_GRAINS + below(c, PAGE_GRAINS);
	case ARG_GRAINS:
		return choose_grains(c, op);
	default:
		return choose_plain(c, kind);
	}
}

static int choose_kind(struct choice *c)
{
	unsigned int sum = 0, kind, n;

	for (kind = 0; kind < OP_KINDS; kind++)
		sum += op_texts[kind].weight;
	n = below(c, sum);
	for (kind = 0; n >= op_texts[kind].weight; kind++)
		n -= op_texts[kind].weight;
	return kind;
}

/* False where there is nothing that the operation could be about. */
static bool try_random(const struct world *world, uint64_t *state,
		       struct op *op)
{
	struct choice c = { .world = world, .state = state };
	const enum arg_kind *kinds;
	int i;

	*op = (struct op) { .kind = choose_kind(&c) };
	op->worker = below(&c, WORKERS);
	c.proc = &world->proc[op->worker];
	kinds = op_texts[op->kind].arg;
	for (i = 0; i < ARGS && kinds[i]; i++) {
		int limit = args[kinds[i]].limit;

		op->arg[i] = choose(&c, kinds[i], op->kind);
		if (limit && (op->arg[i] < 0 || op->arg[i] >= limit))
			return false;
	}
	return true;
}

void op_random(const struct world *world, uint64_t *state, struct op *op)
{
	while (!try_random(world, state, op))
		;
}
