// SPDX-License-Identifier: GPL-2.0-only
/*
 * Core dumps: a buffer is in one when coredump_filter asks for shared file
 * mappings, and only then.
 */
#include "t.h"

#include <elf.h>
#include <sys/resource.h>

#define SIZE (4 * MIB + 3 * PAGE)
#define SEED 70

static const char *store;

static void set(const char *path, const char *text)
{
	if (write_file(path, text))
		t_bail("write %s to %s", text, path);
}

/* A process that maps the buffer, touches nothing of it, and dies. */
static bool dump(int fd, const char *filter, char **at)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	char *map = b_map(fd, SIZE, 0);
	int status = 0;
	pid_t pid;

	*at = map;
	pid = fork();
	if (!pid) {
		setrlimit(RLIMIT_CORE, &unlimited);
		set("/proc/self/coredump_filter", filter);
		abort();
	}
	waitpid(pid, &status, 0);
	munmap(map, SIZE);
	return WIFSIGNALED(status) && WCOREDUMP(status);
}

/* The segments of the core file that cover the mapping; how much they hold. */
static size_t dumped(const char *at, char *copy)
{
	int fd = open("/tmp/core", O_RDONLY), i;
	uintptr_t start = (uintptr_t)at;
	size_t held = 0;
	Elf64_Ehdr head;
	Elf64_Phdr part;

	if (fd < 0 || pread(fd, &head, sizeof(head), 0) != sizeof(head) ||
	    memcmp(head.e_ident, ELFMAG, SELFMAG))
		t_bail("read /tmp/core");
	for (i = 0; i < head.e_phnum; i++) {
		if (pread(fd, &part, sizeof(part),
			  head.e_phoff + i * sizeof(part)) != sizeof(part))
			t_bail("segment %d of /tmp/core", i);
		if (part.p_type != PT_LOAD || part.p_vaddr < start ||
		    part.p_vaddr >= start + SIZE)
			continue;
		if (part.p_filesz > SIZE - (part.p_vaddr - start) ||
		    pread(fd, copy + (part.p_vaddr - start), part.p_filesz,
			  part.p_offset) != (ssize_t)part.p_filesz)
			t_bail("contents of /tmp/core");
		held += part.p_filesz;
	}
	close(fd);
	unlink("/tmp/core");
	return held;
}

int main(void)
{
	const struct store *s;

	set("/proc/sys/kernel/core_pattern", "/tmp/core");
	set("/proc/sys/kernel/core_uses_pid", "0");
	for (s = stores; s->name; s++) {
		char *map, *at, *copy = malloc(SIZE);
		int fd;

		store = s->name;
		b_create("core", SIZE, s->id);
		fd = b_open("core", O_RDWR);
		map = b_map(fd, SIZE, 0);
		fill(map, SIZE, SEED);
		munmap(map, SIZE);

		memset(copy, 0, SIZE);
		t_ok(dump(fd, "0x8", &at), "%s: dump with shared files", store);
		t_ok(dumped(at, copy) == SIZE && filled(copy, SIZE, SEED),
		     "%s: has the buffer's data", store);
		t_ok(dump(fd, "0x33", &at), "%s: dump as usual", store);
		t_ok(dumped(at, copy) == 0, "%s: has none of it", store);

		close(fd);
		free(copy);
		t_ok(!b_destroy("core", 0), "%s: destroy", store);
	}
	return t_done();
}
