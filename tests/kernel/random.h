/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The random machine: operations, a model of what each should do, and processes
 * that do them.  An operation says all of itself in numbers, so that a list of
 * them can be printed, shortened and done again.
 */
#ifndef RANDOM_H
#define RANDOM_H

#include "t.h"

#define WORKERS 3
#define NAMES 4			/* good names; the others are refused */
#define ALL_NAMES 9
#define FDS 5
#define MAPS 4
#define PINS 2
#define PIN_PAGES 8
#define AREAS 16		/* of one window */
#define ARGS 7

/* Memory is written and compared in grains, each of one value, repeated. */
#define GRAIN 2048UL
#define PAGE_GRAINS (PAGE / GRAIN)
#define MAX_PAGES (HUGE_PAGE / PAGE + 3)
#define MAX_GRAINS (MAX_PAGES * PAGE_GRAINS)
#define MIXED 0xbad0bad0bad0bad0	/* a grain of several values */

/* Each process has a window for each of its mappings, not all of it mapped. */
#define WINDOW_PAGES (4 * HUGE_PAGE / PAGE)

/* What is not an errno: a signal, a process that ended, the kernel's warning. */
#define ENDED_BY(sig) (-1000 - (sig))
#define DIED (-2000)
#define WARNED (-2001)

enum op_kind {
	OP_CREATE, OP_DESTROY, OP_OPEN, OP_CLOSE, OP_DUP, OP_BORROW, OP_INFO,
	OP_SEEK, OP_PREAD, OP_PWRITE, OP_PEEK, OP_MMAP, OP_MUNMAP, OP_MREMAP,
	OP_MPROTECT, OP_MADVISE, OP_READ, OP_WRITE, OP_FORK, OP_REACH,
	OP_EXPORT, OP_NOTIFY, OP_SEEN, OP_WATCH, OP_EVENT, OP_POLL, OP_PIN,
	OP_SPLICE, OP_DRAIN, OP_DIE, OP_COUNTS, OP_LIST, OP_KINDS
};

/* What an argument is, and so what it may be. */
enum arg_kind {
	ARG_NONE, ARG_NAME, ARG_BYTES, ARG_BACKING, ARG_CREATE_FLAGS,
	ARG_DESTROY_FLAGS, ARG_MODE, ARG_FD, ARG_NEW_FD, ARG_FROM, ARG_FROM_FD,
	ARG_FROM_MAP, ARG_OFFSET, ARG_LEN, ARG_WHENCE, ARG_MAP, ARG_NEW_MAP,
	ARG_AT, ARG_NEW_AT, ARG_PAGE, ARG_PAGES, ARG_NEW_PAGES, ARG_PROT,
	ARG_MAP_FLAGS, ARG_ADVICE, ARG_GRAIN, ARG_GRAINS, ARG_VALUE, ARG_EVENT,
	ARG_PIN, ARG_NEW_PIN, ARG_KINDS
};

struct op {
	int kind;
	int worker;
	long long arg[ARGS];
	/* Known when it is done only: of the buffer, of the other process. */
	int id;
	pid_t pid;
};

struct result {
	long long value;	/* negative: an errno, or one of the above */
	bool any;		/* expected: @value is the kernel's business */
	unsigned int n;
	uint64_t word[MAX_GRAINS];
};

/* Rules that the model can be made to forget, to see that the test sees it. */
enum wrong { RIGHT, WRONG_DEFERRED, WRONG_HOLD, WRONG_CLEAR, WRONGS };

/* random_ops.c: operations as text, and by chance */
extern const struct op_text {
	const char *name;
	unsigned int weight;
	enum arg_kind arg[ARGS];
} op_texts[OP_KINDS];

struct world;

void op_print(const struct op *op, char *line, size_t size);
bool op_parse(const char *line, struct op *op);
uint64_t random_next(uint64_t *state);
void op_random(const struct world *world, uint64_t *state, struct op *op);
const char *name_text(char prefix, int name);

/*
 * The world of the model.  A buffer stays in the model as long as the round, because
 * pins reach it after all else is gone.
 */
struct buffer {
	int name, id;
	unsigned int pages, backing;
	bool clears, gone, freed;
	bool dirty;		/* to be cleared before anybody opens it */
	uint64_t sequence;
	struct file *files;	/* all that there were */
	uint64_t grain[MAX_GRAINS];
};

struct file {
	struct buffer *buf;
	struct file *next;
	unsigned int refs;
	bool dmabuf;
	int mode;		/* O_RDONLY... */
	unsigned int first, pages;	/* of the buffer */
	long long pos;
	uint64_t seen;
	uint64_t *event;	/* what the eventfd counts */
};

struct area {
	unsigned int at, n;	/* in the window, in pages */
	unsigned int page;	/* of the buffer */
	int prot;
	struct file *file;
};

struct window {
	unsigned int n;
	struct area area[AREAS];
};

struct pin {
	struct buffer *buf;
	unsigned int grain, n;
};

struct process {
	struct file *fd[FDS];
	struct window map[MAPS];
	struct pin pin[PINS];
	uint64_t *event;
};

struct world {
	bool alone;		/* nobody else makes buffers */
	bool dmabufs;		/* the kernel has them */
	enum wrong wrong;
	uint64_t limit, charged;
	struct buffer *named[NAMES];
	struct process proc[WORKERS];
	void *memory;		/* all of the above, to be freed at once */
};

/* random_world.c */
void world_reset(struct world *world);
void *remember(struct world *world, size_t size);
struct file *file_new(struct world *world, struct buffer *buf);
void file_put(struct world *world, struct file *file);
bool buffer_pinned(const struct world *world, const struct buffer *buf);
uint64_t pinned_bytes(const struct world *world);
unsigned int count_files(const struct buffer *buf, bool dmabuf);
unsigned int count_areas(const struct world *world, const struct buffer *buf);
void buffer_check_unused(struct world *world, struct buffer *buf);
struct area *area_at(struct window *window, unsigned int page);
struct area *area_around(struct window *window, unsigned int at, unsigned int n);
void area_add(struct world *world, struct window *window, struct area area);
bool window_cut(struct world *world, struct window *window, unsigned int at,
		unsigned int n);
void window_unmap(struct world *world, struct window *window, unsigned int at,
		  unsigned int n);
bool window_free(const struct window *window, unsigned int at, unsigned int n);
struct file *file_of(struct world *world, const struct op *op, int fd);
struct file *node_of(struct world *world, const struct op *op, int fd);
struct window *window_of(struct world *world, const struct op *op, int map);
unsigned int grains_within(const struct file *file, unsigned int first,
			   unsigned int n);
void tell(struct result *r, const struct buffer *buf, unsigned int first,
	  unsigned int n);

/*
 * random_model.c, random_memory.c.  What an operation should do, which the world
 * then has done; false if it makes no sense in this world and is to be passed
 * over.  world_learn() tells what could not be known: the id of a new buffer.
 */
typedef bool (*expect_fn)(struct world *world, struct op *op,
			  struct result *result);
extern const expect_fn expect_memory[OP_KINDS];
bool world_expect(struct world *world, struct op *op, struct result *result);
void world_learn(struct world *world, const struct op *op,
		 const struct result *actual, struct result *expected);

/* random_worker.c: does what is asked for on a socket, until that is closed. */
void worker(int sock, char prefix) __attribute__((noreturn));

/* random_machine.c: a world, the processes in it, and what they did. */
#define OPS_MAX 1000

struct machine {
	struct world world;
	char prefix;			/* of the names of its buffers */
	pid_t pid[WORKERS];		/* 0: not started */
	int sock[WORKERS];
	struct op op[OPS_MAX];
	int n;
	struct result expected, actual;	/* of the last operation */
	unsigned long done;
};

void machine_reset(struct machine *m);
bool machine_round(struct machine *m, uint64_t seed, int n);
bool machine_replay(struct machine *m, const struct op *op, int n);
void machine_shrink(struct machine *m);
void machine_report(const struct machine *m);

/* random_shared.c: all on the same buffers at once, for so long. */
void shared(double duration, uint64_t seed);

#endif
