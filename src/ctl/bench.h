/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the verb bench share. */
#ifndef MAPBUFCTL_BENCH_H
#define MAPBUFCTL_BENCH_H

#include <stddef.h>
#include <stdint.h>

struct mapbuf;
struct mapbuf_control;

/* A median of fewer says little, more than these are no better. */
#define BENCH_ROUNDS_MIN 5
#define BENCH_ROUNDS_MAX 1000

/* What is moved at once; a ring has several. */
#define BENCH_PIECE ((size_t)64 << 10)
#define BENCH_HUGE ((size_t)2 << 20)

/* Longest reason, with its terminating 0 */
#define BENCH_WHY_SIZE 256

/* @command: that fills the row, NULL if none does */
struct bench_hint {
	char *about;
	char *text;
	char *command;
};

/**
 * struct bench - one run
 * @bytes: of the memory that is measured, in whole 2 MiB
 * @row_ns: what the rounds of a row may take
 * @start_ms: when it began
 * @control: makes the buffers
 * @name: of the buffer, and of a file in /dev/shm
 * @back: of the buffer whose notifications are the replies
 * @processes: that map at once: one for each processor that may be used
 * @why: what is missing, when a function has given -1
 * @fix: the command that provides it, "" if none does
 * @hints: what the machine lacks, and what could not be measured
 */
struct bench {
	uint64_t bytes;
	int64_t row_ns;
	long long start_ms;
	struct mapbuf_control *control;
	char name[24];
	char back[32];
	int processes;
	char why[BENCH_WHY_SIZE];
	char fix[BENCH_WHY_SIZE];
	struct bench_hint *hints;
	size_t hint_count;
};

/* bench_round.c: rounds and what comes of them */
struct bench_samples {
	double values[BENCH_ROUNDS_MAX];
	size_t count;
};

/* @spread: between the quartiles, in % of the median */
struct bench_value {
	double median, spread, least, most;
};

struct bench_time {
	int64_t end;
	size_t rounds;
};

int64_t bench_now_ns(void);
void bench_begin(const struct bench *bench, struct bench_time *time);
/* Whether there is time for one more round. */
int bench_goes_on(struct bench_time *time);
void bench_add(struct bench_samples *samples, double value);
/* Sorts them. */
struct bench_value bench_evaluate(struct bench_samples *samples);
double bench_per_mib(int64_t ns, uint64_t bytes);

/* The sum is of each round, not of the medians. */
enum {
	BENCH_MMAP,
	BENCH_TOUCH,
	BENCH_MUNMAP,
	BENCH_SUM,
	BENCH_STEPS,
	BENCH_CREATE = BENCH_STEPS,
	BENCH_DESTROY,
	BENCH_RANDOM,
	BENCH_PARALLEL,
	BENCH_VALUES
};

/* Slots of time: memory takes one for mapping, and three in bench_use.c. */
#define BENCH_SLOTS (4 * BENCH_SOURCES + BENCH_MOVES)

/**
 * struct bench_row - a line of a table
 * @name: of the memory, or what is done
 * @by: by what, NULL for memory
 * @unit: of a move
 * @values: a move has BENCH_SUM alone; 0 if it could not be measured
 * @rounds: 0 if it could not be measured; a hint tells why
 * @huge: % of the mapping that has 2 MiB pages or larger ones
 */
struct bench_row {
	const char *name, *by, *unit;
	struct bench_value values[BENCH_VALUES];
	size_t rounds;
	double huge;
};

/* bench_source.c: kinds of memory */
struct bench_memory {
	struct mapbuf *buffer;	/* NULL if it is none */
	int fd;			/* -1 if it is anonymous */
};

/**
 * struct bench_source - memory of a kind
 * @name: of the row
 * @get: makes it, and all of it is there then unless it is anonymous; -1 if
 *	something is missing for that
 * @backing: of a buffer, else NULL
 * @advice: for madvise() of each mapping
 */
struct bench_source {
	const char *name;
	int (*get)(struct bench *bench, const struct bench_source *source,
		   struct bench_memory *memory);
	const char *backing;
	int advice;
};

enum {
	BENCH_VMALLOC,
	BENCH_CONTIGUOUS,
	BENCH_MEMFD,
	BENCH_MEMFD_HUGE,
	BENCH_HUGETLBFS,
	BENCH_TMPFS,
	BENCH_ANONYMOUS,
	BENCH_HEAP,
	BENCH_UDMABUF,
	BENCH_SOURCES
};

extern const struct bench_source bench_sources[BENCH_SOURCES];

void bench_put(struct bench *bench, struct bench_memory *memory);
void *bench_map(const struct bench *bench, const struct bench_source *source,
		const struct bench_memory *memory);
void bench_unmap(const struct bench *bench, void *at);
/* A write to each page */
void bench_touch(void *at, size_t bytes);
/* -1 if there is none */
int bench_buffer_new(struct bench *bench, const char *name,
		     const char *backing, uint64_t bytes,
		     struct mapbuf **buffer);
void bench_buffer_free(struct bench *bench, struct mapbuf *buffer);

/* bench_use.c */
int bench_count_processes(void);
/* These three leave the values at 0 where they cannot be measured. */
void bench_measure_creation(struct bench *bench,
			    const struct bench_source *source,
			    struct bench_row *row);
void bench_measure_random(struct bench *bench,
			  const struct bench_source *source,
			  const struct bench_memory *memory,
			  struct bench_row *row);
void bench_measure_parallel(struct bench *bench,
			    const struct bench_source *source,
			    const struct bench_memory *memory,
			    struct bench_row *row);

/* bench_memory.c, bench_move.c: these fill in all rows */
#define BENCH_MOVES 15

void bench_measure_memory(struct bench *bench,
			  struct bench_row rows[BENCH_SOURCES]);
void bench_measure_moves(struct bench *bench,
			 struct bench_row rows[BENCH_MOVES]);

/* bench_pass.c: from one process to another; -1 if something is missing */
struct bench_way;

extern const struct bench_way bench_way_notify, bench_way_futex,
			      bench_way_eventfd, bench_way_pipe,
			      bench_way_socket;

int bench_stream(struct bench *bench, const struct bench_way *way,
		 struct bench_samples *samples);
int bench_wake(struct bench *bench, const struct bench_way *way,
	       struct bench_samples *samples);

/* bench_hints.c */
/* Fills in @why, and gives -1. */
int bench_lack(struct bench *bench, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* And @fix. */
int bench_lack_until(struct bench *bench, const char *command,
		     const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void bench_hint(struct bench *bench, const char *about, const char *format,
		...) __attribute__((format(printf, 3, 4)));
/* Of what is missing. */
void bench_hint_lack(struct bench *bench, const char *about);
/* Takes less if there is not memory enough. */
void bench_fit(struct bench *bench);
void bench_hint_machine(struct bench *bench);
/* Of a mapping of a buffer whose pages are there. */
void bench_hint_mapping(struct bench *bench, const struct bench_source *source,
			char *at, double huge);

/* bench_print.c; -1 when it cannot be printed */
int bench_print(const struct bench *bench,
		const struct bench_row memory[BENCH_SOURCES],
		const struct bench_row moves[BENCH_MOVES], int json,
		int has_bars);

/* bench_bars.c */
void bench_bars(const struct bench *bench,
		const struct bench_row memory[BENCH_SOURCES],
		const struct bench_row moves[BENCH_MOVES]);

/* bench_guard.c */
/*
 * Goes on in a child, where it returns -1.  The parent returns the exit status
 * once the child has ended; a signal that asks for that ends both.  The buffers
 * and the file of @bench are gone then in any case.
 */
int bench_guard(struct bench *bench);
/* In the child: what cannot go on says so and ends it. */
void bench_die(const char *what) __attribute__((noreturn));

#endif /* MAPBUFCTL_BENCH_H */
