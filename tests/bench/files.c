// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: files MIB
 *
 * A buffer as a file, beside a file of tmpfs and a memfd.  Prints lines
 *
 *	open SIZE ROW WHOSE LATE OPEN FSTAT CLOSE
 *		in instructions
 *	io SIZE ROW WHOSE LATE READ WRITE READ1M WRITE1M COPY_FROM COPY_TO
 *		in instructions per MiB: read() and write() of 64 KiB, and of
 *		1 MiB, at a time; and memcpy() through the mapping
 */
#include "line.h"

#include <sys/stat.h>

#define ROUNDS 16

enum { READ, WRITE, READ1M, WRITE1M, COPY_FROM, COPY_TO, TRANSFERS };

/* A file that is opened by @path. */
struct file {
	const char *row;
	const char *whose;
	char path[64];
	int kept;	/* open as long as it is to exist, or -1 */
};

static char *memory;	/* 1 MiB that has been touched */

static void make_buffer(struct file *file, const struct store *store,
			size_t bytes)
{
	int id = b_create(store->name, bytes, store->id);

	snprintf(file->path, sizeof(file->path), "/dev/mapbuf%d", id);
	file->kept = -1;
}

/* All of it is there, as in a buffer. */
static void make_file(struct file *file, int fd, size_t bytes)
{
	size_t i;

	if (fd < 0)
		t_bail("make %s", file->row);
	for (i = 0; i < bytes; i += MIB) {
		if (pwrite(fd, memory, MIB, i) != (ssize_t)MIB)
			t_bail("write %s", file->row);
	}
	file->kept = fd;
}

static void measure_open(const struct file *file, size_t bytes)
{
	enum { OPEN, FSTAT, CLOSE, STEPS };
	uint64_t best[STEPS] = { 0 }, steps[STEPS], at[STEPS + 1];
	struct stat status;
	int i, fd, failed;

	for (i = 0; i < ROUNDS; i++) {
		at[OPEN] = now();
		fd = open(file->path, O_RDWR | O_CLOEXEC);
		at[FSTAT] = now();
		failed = fstat(fd, &status);
		at[CLOSE] = now();
		failed |= close(fd);
		at[STEPS] = now();
		if (failed)
			t_bail("open %s", file->path);
		steps[OPEN] = at[FSTAT] - at[OPEN];
		steps[FSTAT] = at[CLOSE] - at[FSTAT];
		steps[CLOSE] = at[STEPS] - at[CLOSE];
		least(best, steps, STEPS, !i);
	}
	line_counts("open", bytes, file->row, file->whose, best, STEPS);
}

/* Once from begin to end. */
static uint64_t transfer(int how, int fd, char *map, size_t bytes)
{
	size_t n = how == READ1M || how == WRITE1M ? MIB : 64 * KIB;
	uint64_t start = now();
	bool ok = true;
	size_t i;

	for (i = 0; i < bytes; i += n) {
		if (how == READ || how == READ1M)
			ok &= pread(fd, memory, n, i) == (ssize_t)n;
		else if (how == WRITE || how == WRITE1M)
			ok &= pwrite(fd, memory, n, i) == (ssize_t)n;
		else if (how == COPY_FROM)
			memcpy(memory, map + i, n);
		else
			memcpy(map + i, memory, n);
		/* Nobody may find out that it is copied in vain. */
		__asm__ volatile ("" : : "r" (memory) : "memory");
	}
	if (!ok)
		t_bail("transfer");
	return now() - start;
}

static void measure_io(const struct file *file, size_t bytes)
{
	uint64_t best[TRANSFERS] = { 0 }, took[TRANSFERS];
	int i, how, fd = open(file->path, O_RDWR | O_CLOEXEC);
	double values[TRANSFERS];
	char *map;

	map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		t_bail("mmap %s", file->row);
	transfer(COPY_TO, fd, map, bytes);
	for (i = 0; i < 3; i++) {
		for (how = 0; how < TRANSFERS; how++)
			took[how] = transfer(how, fd, map, bytes);
		least(best, took, TRANSFERS, !i);
	}
	munmap(map, bytes);
	close(fd);
	for (how = 0; how < TRANSFERS; how++)
		values[how] = (double)best[how] * MIB / bytes;
	line("io", bytes, file->row, file->whose, values, TRANSFERS);
}

int main(int argc, char **argv)
{
	size_t bytes = atol(argc > 1 ? argv[1] : "64") * MIB;
	struct file vmalloc = { .row = "mapbuf vmalloc", .whose = "mapbuf" };
	struct file contiguous = {
		.row = "mapbuf contiguous", .whose = "mapbuf",
	};
	struct file tmpfs = {
		.row = "tmpfs file", .whose = "system", .path = "/tmp/file",
	};
	struct file memfd = { .row = "memfd", .whose = "system" };
	struct file *files[] = { &vmalloc, &contiguous, &tmpfs, &memfd };
	size_t i;

	memory = malloc(MIB);
	if (!memory)
		t_bail("malloc");
	fill(memory, MIB, 1);
	make_buffer(&vmalloc, &stores[0], bytes);
	make_buffer(&contiguous, &stores[1], bytes);
	make_file(&tmpfs, open(tmpfs.path, O_CREAT | O_RDWR | O_CLOEXEC, 0600),
		  bytes);
	make_file(&memfd, memfd_create("file", MFD_CLOEXEC), bytes);
	snprintf(memfd.path, sizeof(memfd.path), "/proc/self/fd/%d",
		 memfd.kept);
	for (i = 0; i < ARRAY_LEN(files); i++)
		measure_open(files[i], bytes);
	for (i = 0; i < ARRAY_LEN(files); i++)
		measure_io(files[i], bytes);
	unlink(tmpfs.path);
	if (b_destroy(stores[0].name, 0) || b_destroy(stores[1].name, 0))
		t_bail("destroy");
	return 0;
}
