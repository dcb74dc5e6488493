// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whatever memory held, a new buffer is zero.  Runs where the kernel does not
 * clear memory by itself.
 */
#include "t.h"

#define DIRTY (1024 * MIB)

static const size_t sizes[] = {
	PAGE, 3 * PAGE, MIB, 2 * MIB, 2 * MIB + PAGE, 9 * MIB, 96 * MIB,
};

static void dirty(unsigned int byte)
{
	void *map = mmap(NULL, DIRTY, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(map != MAP_FAILED);
	memset(map, byte, DIRTY);
}

/* Also what an earlier buffer held must not be seen in a later one. */
static void zeroed(const struct store *store, size_t size)
{
	bool zero = true;
	size_t i;

	for (i = 0; i < 2 && zero; i++) {
		char *map;
		int fd;

		b_create("zero", size, store->id);
		fd = b_open("zero", O_RDWR);
		map = b_map(fd, size, 0);
		zero = all_zero(map, size);
		memset(map, 0xa5, size);
		munmap(map, size);
		close(fd);
		b_destroy("zero", 0);
	}
	t_ok(zero, "%s: %zu KiB are zero, and after they were used", store->name,
	     size / KIB);
}

#define LARGE (96 * MIB)
#define TRIES 1000

static void create_large(unsigned int backing)
{
	b_create("zero", LARGE, backing);
}

/* What whoever has the control node open can see of a create on it. */
static uint64_t cleared(void)
{
	unsigned long long bytes = 0;
	char path[64], line[128];
	bool found = false;
	FILE *info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", b_control());
	info = fopen(path, "re");
	must(info);
	while (!found && fgets(line, sizeof(line), info))
		found = sscanf(line, "mapbuf-cleared: %llu", &bytes) == 1;
	fclose(info);
	must(found);
	return bytes;
}

/* Again, if it was over before anybody looked. */
static void reported(const struct store *store)
{
	bool between = false, falls = false;
	int tries, status;

	for (tries = 0; tries < TRIES && !between; tries++) {
		uint64_t last = 0, now;
		pid_t pid = child(create_large, store->id);

		while (!waitpid(pid, &status, WNOHANG)) {
			now = cleared();
			between |= now > 0 && now < LARGE;
			/* The one before has left its own. */
			falls |= now < last && last != LARGE;
			last = now;
		}
		must(!status && cleared() == LARGE);
		b_destroy("zero", 0);
	}
	t_ok(between && !falls, "%s: how much is cleared is reported",
	     store->name);
	must(b_try_create("zero", LARGE, 1000) == -EINVAL);
	t_ok(!cleared(), "%s: of one that fails nothing is", store->name);
}

int main(void)
{
	const struct store *s;
	char *dirtied;
	size_t i;

	child(dirty, 0xa5);
	if (!reap())
		t_bail("to fill memory");
	dirtied = mmap(NULL, MIB, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	t_ok(all_zero(dirtied, MIB), "a process gets zeroes all the same");
	for (s = stores; s->name; s++) {
		for (i = 0; i < ARRAY_LEN(sizes); i++)
			zeroed(s, sizes[i]);
		reported(s);
	}
	return t_done();
}
