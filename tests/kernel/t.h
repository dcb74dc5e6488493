/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the test programs of the module share.  They talk to the kernel without
 * libmapbuf, print TAP, and run as PID 1's child in a machine of their own.
 */
#ifndef T_H
#define T_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/mapbuf.h>

#define KIB 1024UL
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define PAGE 4096UL
#define HUGE_PAGE (2 * MIB)
#define TRACING "/sys/kernel/tracing/"
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* A store, for tests that run on each. */
struct store {
	const char *name;
	unsigned int id;
};

extern const struct store stores[];	/* ends with name NULL */

/* A number that the environment of the run may give. */
static inline uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

/* TAP.  A program returns t_done() from main(). */
#define t_ok(cond, ...) t_result(!!(cond), __FILE__, __LINE__, #cond, __VA_ARGS__)
bool t_result(bool ok, const char *file, int line, const char *cond,
	      const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void t_skip(const char *why, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void t_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void t_bail(const char *fmt, ...)
	__attribute__((format(printf, 1, 2), noreturn));
int t_done(void);

/* Whether a call that should fail did, with that errno; prints what it did. */
#define t_fails(call, err, ...) ({			\
	errno = 0;					\
	long result_ = (long)(call);			\
	int errno_ = errno;				\
	bool fails_ = result_ == -1 && errno_ == (err);	\
	if (!fails_)					\
		t_note("returned %ld, errno %d", result_, errno_); \
	t_ok(fails_, __VA_ARGS__); })

/* Buffers.  b_create() bails out; the try_ form returns 0 or -errno. */
int b_control(void);
int b_try_create(const char *name, uint64_t bytes, unsigned int backing);
int b_request(struct mapbuf_create *request, const char *name, uint64_t bytes,
	      unsigned int backing);
int b_create(const char *name, uint64_t bytes, unsigned int backing);
int b_destroy(const char *name, unsigned int flags);
int b_id(const char *name);
int b_open(const char *name, int flags);
char *b_map(int fd, size_t len, off_t offset);
char *b_sysfs(const char *name, const char *file);

/* A dma-buf, or -errno; the number of notifications so far, or -errno. */
int b_export(int fd, uint64_t offset, uint64_t bytes);
int b_sync(int dmabuf, uint64_t flags);	/* 0 or -errno */

/* Of its device: where it finds the buffer; and to synchronize with it.  0 or -errno */
int b_address(int fd, uint64_t offset, struct mapbuf_dma *dma);
int b_sync_part(int fd, uint64_t offset, uint64_t bytes, unsigned int flags);

long long b_notify(int fd);
long long b_seen(int fd);

/* Data that differs from place to place and from seed to seed. */
void fill(void *where, size_t len, uint64_t seed);
bool filled(const void *where, size_t len, uint64_t seed);
bool all_zero(const void *where, size_t len);

/*
 * A field of /proc/meminfo, of the mapping in /proc/self/smaps at an address,
 * or summed over all mappings in a range, in KiB; -1 if there is none.
 */
long meminfo(const char *field);
long smaps(const void *address, const char *field);
long smaps_range(const void *at, size_t len, const char *field);

/*
 * KiB that are free.  Processors keep lists of pages that have been freed,
 * since 6.7 up to an eighth of memory, until somebody asks for a range.
 */
long mem_free(void);

/* The same to the page, but for what caches of the kernel keep. */
long all_free(void);

/* The sum of the fields in a file, read at once, that one of both matches. */
long sum_of(const char *path, const char *format, const char *format2);

/* Bytes of all buffers, "used", or of those that are gone, "pinned". */
long b_bytes(const char *which);

/* The frames behind pages that have been touched; whether there are all. */
bool page_frames(const void *at, size_t count, uint64_t *frames);

/* The file system, at a directory that is made if need be.  0 or -errno */
int mount_files(const char *where, const char *options);

/* Into a file that is there.  0 or -errno */
int write_file(const char *path, const char *text);

/* The machine's time; and whether it counts its processor's instructions. */
double seconds(void);
bool counts_instructions(void);

/* Whether the kernel is that release or later: only for what it cannot do. */
bool kernel_since(int major, int minor);

/* Whether it is User Mode Linux, which has no machine of its own. */
bool user_mode(void);

/* Whether it is one of tests/debug, which checks, and keeps, more. */
bool debug_kernel(void);

/* How long what takes so many seconds at most may take on this kernel. */
unsigned int patience(unsigned int seconds);

/* Where a range of System RAM begins, of 16 MiB at least; 0 if it is not told. */
unsigned long system_ram(void);

/* Processes at once.  One that fails must() says where; reap() is false then. */
pid_t child(void (*work)(unsigned int seed), unsigned int seed);
#define must(cond) must_result(!!(cond), __FILE__, __LINE__, #cond)
void must_result(bool ok, const char *file, int line, const char *cond);
bool reap(void);

/* Until a child sleeps, or has ended. */
void wait_asleep(pid_t pid);

int module_load(const char *params);
int module_unload(void);

#endif
