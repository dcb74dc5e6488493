// SPDX-License-Identifier: GPL-2.0-only
/*
 * What pins the pages of a mapping, or reaches into it from elsewhere, sees
 * the data of the buffer; and pins outlive everything else.
 */
#include "t.h"

#include <sys/ptrace.h>
#include <sys/uio.h>

#define SIZE (4 * MIB + 3 * PAGE)
#define DISK "/dev/vda"

static const char *store;

static void direct(char *map)
{
	int disk = open(DISK, O_RDWR | O_DIRECT | O_CLOEXEC);

	if (disk < 0) {
		t_skip("no scratch disk", "%s: O_DIRECT", store);
		return;
	}
	fill(map, SIZE, 20);
	t_ok(pwrite(disk, map, SIZE, 0) == SIZE,
	     "%s: O_DIRECT write from the buffer", store);
	memset(map, 0, SIZE);
	t_ok(pread(disk, map, SIZE, 0) == SIZE && filled(map, SIZE, 20),
	     "%s: O_DIRECT read into the buffer gives it back", store);
	t_ok(pread(disk, map + PAGE, MIB, PAGE) == MIB &&
	     filled(map, SIZE, 20), "%s: O_DIRECT into a part", store);
	close(disk);
}

static void other_process(char *map)
{
	struct iovec here = { malloc(SIZE), SIZE }, there = { map, SIZE };
	int status, mem;
	char path[64];
	pid_t pid;
	long word;

	fill(map, SIZE, 21);
	pid = fork();
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(pid, &status, 0);

	t_ok(process_vm_readv(pid, &here, 1, &there, 1, 0) == SIZE &&
	     filled(here.iov_base, SIZE, 21), "%s: process_vm_readv", store);
	fill(here.iov_base, SIZE, 22);
	t_ok(process_vm_writev(pid, &here, 1, &there, 1, 0) == SIZE &&
	     filled(map, SIZE, 22), "%s: process_vm_writev", store);

	word = ptrace(PTRACE_PEEKDATA, pid, map + MIB, NULL);
	t_ok(word == *(long *)(map + MIB), "%s: ptrace peeks", store);
	ptrace(PTRACE_POKEDATA, pid, map + MIB, 0x1234L);
	t_ok(*(long *)(map + MIB) == 0x1234, "%s: ptrace pokes", store);

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	mem = open(path, O_RDWR);
	t_ok(pread(mem, here.iov_base, SIZE, (off_t)(uintptr_t)map) == SIZE &&
	     !memcmp(here.iov_base, map, SIZE), "%s: /proc/PID/mem reads",
	     store);
	t_ok(pwrite(mem, "gdb", 3, (off_t)(uintptr_t)map) == 3 &&
	     !memcmp(map, "gdb", 3), "%s: /proc/PID/mem writes", store);
	close(mem);
	ptrace(PTRACE_KILL, pid, NULL, NULL);
	waitpid(pid, &status, 0);
	free(here.iov_base);
}

/*
 * vmsplice leaves references to the pages in the pipe.  The buffer is unmapped,
 * closed and destroyed, its memory asked for again by others; the pipe still
 * gives the old data.
 */
static void outlives(char *map, int fd)
{
	struct iovec iov = { map + MIB, 16 * PAGE };
	char *copy = malloc(16 * PAGE), *other;
	int ends[2], fd2;

	if (pipe(ends))
		t_bail("pipe");
	fill(map + MIB, 16 * PAGE, 23);
	t_ok(vmsplice(ends[1], &iov, 1, 0) == 16 * PAGE, "%s: vmsplice", store);
	munmap(map, SIZE);
	close(fd);
	t_ok(b_destroy("pin", 0) == -EBUSY &&
	     !b_destroy("pin", MAPBUF_DESTROY_DEFERRED),
	     "%s: destroy under a pin has to be deferred", store);

	b_create("again", 64 * MIB, MAPBUF_BACKING_VMALLOC);
	fd2 = b_open("again", O_RDWR);
	other = b_map(fd2, 64 * MIB, 0);
	memset(other, 0xff, 64 * MIB);
	t_ok(read(ends[0], copy, 16 * PAGE) == 16 * PAGE &&
	     filled(copy, 16 * PAGE, 23),
	     "%s: a pin outlives munmap, close and destroy", store);
	munmap(other, 64 * MIB);
	close(fd2);
	b_destroy("again", 0);
	close(ends[0]);
	close(ends[1]);
	free(copy);
}

int main(void)
{
	const struct store *s;

	for (s = stores; s->name; s++) {
		char *map;
		int fd;

		store = s->name;
		b_create("pin", SIZE, s->id);
		fd = b_open("pin", O_RDWR);
		map = b_map(fd, SIZE, 0);
		direct(map);
		other_process(map);
		outlives(map, fd);
	}
	return t_done();
}
