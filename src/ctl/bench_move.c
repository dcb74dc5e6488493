// SPDX-License-Identifier: GPL-2.0-only
/* What it costs to move data, to tell others of it, and to open a buffer. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mapbuf.h>

#include "bench.h"
#include "progress.h"
#include "system.h"
#include "xalloc.h"

/* One is too short for a clock. */
#define OPENS 10

/**
 * struct target - what is copied to and from
 * @map: all of it
 * @piece: of the program, BENCH_PIECE bytes
 */
struct target {
	struct bench_memory memory;
	char *map;
	char *piece;
};

/**
 * struct move - a row
 * @measure: gives -1 if something is missing
 * @source: of the memory
 * @copy: a piece, at that offset
 * @way: to another process
 */
struct move {
	const char *name, *by, *unit;
	int (*measure)(struct bench *bench, const struct move *move,
		       struct bench_samples *samples);
	int source;
	void (*copy)(struct target *target, uint64_t at);
	const struct bench_way *way;
};

static void check(ssize_t count)
{
	if (count == (ssize_t)BENCH_PIECE)
		return;
	if (count >= 0)
		errno = EIO;
	bench_die("read or write");
}

static void read_buffer(struct target *target, uint64_t at)
{
	check(mapbuf_read(target->memory.buffer, target->piece, BENCH_PIECE,
			  at));
}

static void write_buffer(struct target *target, uint64_t at)
{
	check(mapbuf_write(target->memory.buffer, target->piece, BENCH_PIECE,
			   at));
}

static void read_file(struct target *target, uint64_t at)
{
	check(pread(target->memory.fd, target->piece, BENCH_PIECE, at));
}

static void write_file(struct target *target, uint64_t at)
{
	check(pwrite(target->memory.fd, target->piece, BENCH_PIECE, at));
}

/* The compiler must not know that nobody looks at what was copied. */
static void read_mapping(struct target *target, uint64_t at)
{
	memcpy(target->piece, target->map + at, BENCH_PIECE);
	__asm__ volatile("" : : "r"(target->piece) : "memory");
}

static void write_mapping(struct target *target, uint64_t at)
{
	memcpy(target->map + at, target->piece, BENCH_PIECE);
}

static void copy_all(const struct bench *bench, const struct move *move,
		     struct target *target)
{
	uint64_t at;

	for (at = 0; at < bench->bytes; at += BENCH_PIECE)
		move->copy(target, at);
}

static int measure_copy(struct bench *bench, const struct move *move,
			struct bench_samples *samples)
{
	const struct bench_source *source = &bench_sources[move->source];
	struct target target = { .memory.fd = -1 };
	struct bench_time time;
	int64_t begun;

	if (source->get(bench, source, &target.memory))
		return -1;
	target.piece = xgrow(NULL, 0, BENCH_PIECE);
	memset(target.piece, 1, BENCH_PIECE);
	target.map = bench_map(bench, source, &target.memory);
	bench_touch(target.map, bench->bytes);
	copy_all(bench, move, &target);
	bench_begin(bench, &time);
	while (bench_goes_on(&time)) {
		begun = bench_now_ns();
		copy_all(bench, move, &target);
		bench_add(samples, bench_per_mib(bench_now_ns() - begun,
						 bench->bytes));
	}
	bench_unmap(bench, target.map);
	free(target.piece);
	bench_put(bench, &target.memory);
	return 0;
}

static int measure_stream(struct bench *bench, const struct move *move,
			  struct bench_samples *samples)
{
	return bench_stream(bench, move->way, samples);
}

static int measure_wake(struct bench *bench, const struct move *move,
			struct bench_samples *samples)
{
	return bench_wake(bench, move->way, samples);
}

static void open_buffer(const char *name)
{
	struct mapbuf *buffer = mapbuf_open(name, O_RDWR);

	if (!buffer)
		bench_die(name);
	mapbuf_close(buffer);
}

static void open_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		bench_die(path);
	close(fd);
}

static void measure_opens(const struct bench *bench,
			  void (*run)(const char *name), const char *name,
			  struct bench_samples *samples)
{
	struct bench_time time;
	int64_t begun;
	int i;

	run(name);
	bench_begin(bench, &time);
	while (bench_goes_on(&time)) {
		begun = bench_now_ns();
		for (i = 0; i < OPENS; i++)
			run(name);
		bench_add(samples, (double)(bench_now_ns() - begun) / OPENS);
	}
}

static int measure_open_buffer(struct bench *bench, const struct move *move,
			       struct bench_samples *samples)
{
	struct mapbuf *buffer;

	(void)move;
	if (bench_buffer_new(bench, bench->name, "vmalloc", 1, &buffer))
		return -1;
	measure_opens(bench, open_buffer, bench->name, samples);
	bench_buffer_free(bench, buffer);
	return 0;
}

static int measure_open_file(struct bench *bench, const struct move *move,
			     struct bench_samples *samples)
{
	char *path = system_path("/dev/shm/%s", bench->name);
	int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);

	(void)move;
	if (fd < 0) {
		bench_lack(bench, "/dev/shm: %s", strerror(errno));
	} else {
		close(fd);
		measure_opens(bench, open_file, path, samples);
		unlink(path);
	}
	free(path);
	return fd < 0 ? -1 : 0;
}

#define COPY(name, by, source, copy) \
	{ name, by, "ns/MiB", measure_copy, source, copy, NULL }
#define STREAM(by, way) \
	{ "to another process", by, "ns/MiB", measure_stream, 0, NULL, way }
#define WAKE(by, way) \
	{ "wake-up and back", by, "ns", measure_wake, 0, NULL, way }
#define OPEN(by, measure) { "open and close", by, "ns", measure, 0, NULL, NULL }

static const struct move moves[BENCH_MOVES] = {
	COPY("read", "mapbuf, mapbuf_read()", BENCH_VMALLOC, read_buffer),
	COPY("read", "mapbuf, memcpy() of mapping", BENCH_VMALLOC,
	     read_mapping),
	COPY("read", "tmpfs file, pread()", BENCH_TMPFS, read_file),
	COPY("write", "mapbuf, mapbuf_write()", BENCH_VMALLOC, write_buffer),
	COPY("write", "mapbuf, memcpy() to mapping", BENCH_VMALLOC,
	     write_mapping),
	COPY("write", "tmpfs file, pwrite()", BENCH_TMPFS, write_file),
	STREAM("mapbuf, mapbuf_notify()", &bench_way_notify),
	STREAM("shared memory, futex", &bench_way_futex),
	STREAM("pipe", &bench_way_pipe),
	STREAM("Unix socket", &bench_way_socket),
	WAKE("mapbuf, mapbuf_notify()", &bench_way_notify),
	WAKE("futex", &bench_way_futex),
	WAKE("eventfd", &bench_way_eventfd),
	OPEN("mapbuf, by name", measure_open_buffer),
	OPEN("file in /dev/shm", measure_open_file),
};

static void measure(struct bench *bench, const struct move *move,
		    struct bench_row *row)
{
	struct bench_samples samples = { .count = 0 };
	char *about;

	if (move->measure(bench, move, &samples)) {
		about = xprintf("%s, %s", move->name, move->by);
		bench_hint_lack(bench, about);
		free(about);
		return;
	}
	row->rounds = samples.count;
	row->values[BENCH_SUM] = bench_evaluate(&samples);
}

void bench_measure_moves(struct bench *bench,
			 struct bench_row rows[BENCH_MOVES])
{
	int i;

	for (i = 0; i < BENCH_MOVES; i++) {
		rows[i].name = moves[i].name;
		rows[i].by = moves[i].by;
		rows[i].unit = moves[i].unit;
		progress_tell("measuring", moves[i].by,
			      (progress_now_ms() - bench->start_ms) / 1000, "");
		measure(bench, &moves[i], &rows[i]);
	}
}
