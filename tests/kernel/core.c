// SPDX-License-Identifier: GPL-2.0-only
/*
 * Core dumps: a buffer is in one when coredump_filter asked for shared file
 * mappings as it was mapped, and only then; also if its node is gone meanwhile,
 * which the kernel takes for anonymous memory.
 */
#include "t.h"
#include "use.h"

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
		if (mmap(map, SIZE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) !=
		    map)
			t_bail("mmap in a child");
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

/* Both: when it is asked for, and as usual. */
static void dumps(int fd, const char *what, char *copy)
{
	char *at;

	memset(copy, 0, SIZE);
	t_ok(dump(fd, "0x8", &at), "%s: %s: dump with shared files", store,
	     what);
	t_ok(dumped(at, copy) == SIZE && filled(copy, SIZE, SEED),
	     "%s: %s: has the buffer's data", store, what);
	t_ok(dump(fd, "0x33", &at), "%s: %s: dump as usual", store, what);
	t_ok(dumped(at, copy) == 0, "%s: %s: has none of it", store, what);
}

/* The kernel dumps them as anonymous memory if that is asked for, too. */
static void gone(int fd, const char *what, char *copy)
{
	char *at;

	memset(copy, 0, SIZE);
	t_ok(dump(fd, "0xa", &at), "%s: %s: dump with all that is shared",
	     store, what);
	t_ok(dumped(at, copy) == SIZE && filled(copy, SIZE, SEED),
	     "%s: %s: has the buffer's data", store, what);
	t_ok(dump(fd, "0x33", &at), "%s: %s: dump as usual", store, what);
	t_ok(dumped(at, copy) == 0, "%s: %s: has none of it", store, what);
}

int main(void)
{
	const struct store *s;

	set("/proc/sys/kernel/core_pattern", "/tmp/core");
	set("/proc/sys/kernel/core_uses_pid", "0");
	for (s = stores; s->name; s++) {
		char *map, *copy = malloc(SIZE);
		int fd, dmabuf = -1;

		store = s->name;
		b_create("core", SIZE, s->id);
		fd = b_open("core", O_RDWR);
		map = b_map(fd, SIZE, 0);
		fill(map, SIZE, SEED);
		munmap(map, SIZE);

		dumps(fd, "node", copy);
		if (has_dmabuf()) {
			dmabuf = b_export(fd, 0, SIZE);
			dumps(dmabuf, "dma-buf", copy);
		} else {
			t_skip("the kernel has no dma-bufs", "%s: dma-buf",
			       store);
		}
		t_ok(!b_destroy("core", MAPBUF_DESTROY_DEFERRED),
		     "%s: destroy", store);
		gone(fd, "destroyed", copy);
		if (dmabuf >= 0) {
			dumps(dmabuf, "dma-buf of it", copy);
			close(dmabuf);
		}
		close(fd);
		free(copy);
	}
	return t_done();
}
