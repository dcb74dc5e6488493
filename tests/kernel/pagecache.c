// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whoever goes through the cached pages of a file, to drop, split or count them, does
 * nothing to those of a buffer.  Beside whoever goes through those of all files a buffer
 * is destroyed as otherwise.
 */
#include "t.h"

#include <sys/mount.h>
#include <sys/wait.h>

#define SIZE (4 * HUGE_PAGE)
#define SEED 50
#define FILES "/tmp/mapbuf"	/* where files are mounted */
#define ROUNDS 50

static const char *store;

static void drop(unsigned int rounds)
{
	while (rounds--)
		must(!write_file("/proc/sys/vm/drop_caches", "1"));
}

static void look(int fd)
{
	drop(1);
	must(!posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	/* Not every kernel has that. */
	write_file("/sys/kernel/debug/split_huge_pages",
		   FILES "/cached,0x0,0x800");
}

/* As 520 mappings refer to the piece, there is each number of references. */
static void referred(int fd)
{
	static char *maps[520];
	unsigned char there[SIZE / PAGE];
	long pmd;
	size_t i;

	maps[0] = b_map(fd, SIZE, 0);
	fill(maps[0], SIZE, SEED);
	pmd = smaps_range(maps[0], SIZE, "FilePmdMapped");
	look(fd);
	for (i = 1; i < ARRAY_LEN(maps); i++) {
		maps[i] = b_map(fd, HUGE_PAGE, 0);
		*(volatile char *)maps[i];
		if (i > ARRAY_LEN(maps) - 20)
			look(fd);
	}
	must(!mincore(maps[0], SIZE, there));
	t_ok(filled(maps[0], SIZE, SEED) && filled(maps[i - 1], HUGE_PAGE, SEED),
	     "%s: nothing is dropped", store);
	t_ok(smaps_range(maps[0], SIZE, "FilePmdMapped") == pmd,
	     "%s: %ld KiB are in 2 MiB, before and after", store, pmd);
	while (--i)
		munmap(maps[i], HUGE_PAGE);
	munmap(maps[0], SIZE);
}

static void destroyed(unsigned int id)
{
	pid_t dropper = child(drop, -1);
	unsigned int i, busy = 0;

	for (i = 0; i < ROUNDS; i++) {
		char *map;
		int fd;

		b_create("cached", SIZE, id);
		fd = b_open("cached", O_RDWR);
		map = b_map(fd, SIZE, 0);
		*(volatile char *)map = 1;
		munmap(map, SIZE);
		close(fd);
		if (b_destroy("cached", 0)) {
			busy++;
			while (b_destroy("cached", 0))
				;
		}
	}
	kill(dropper, SIGKILL);
	must(waitpid(dropper, NULL, 0) == dropper);
	t_ok(!busy, "%s: destroy beside whoever drops caches, %u of %u failed",
	     store, busy, ROUNDS);
}

int main(void)
{
	const struct store *s;
	int fd, file;

	must(!mount_files(FILES, ""));
	for (s = stores; s->name; s++) {
		store = s->name;
		b_create("cached", SIZE, s->id);
		fd = b_open("cached", O_RDWR);
		file = open(FILES "/cached", O_RDONLY);
		must(file >= 0);
		referred(fd);
		close(file);
		close(fd);
		t_ok(!b_destroy("cached", 0), "%s: destroy", store);
		destroyed(s->id);
	}
	must(!umount(FILES));
	return t_done();
}
