// SPDX-License-Identifier: GPL-2.0-only
/* Memory runs out: ENOMEM for who asked, and nobody is killed for it. */
#include "use.h"

#define WORKERS 4
#define SIZE (36 * MIB + 5 * PAGE)

static const struct store *store;

/* The names of the buffers of a worker begin with its number. */
static void worker_name(char *name, size_t len, unsigned int worker,
			unsigned int i)
{
	snprintf(name, len, "scarce%u-%u", worker, i);
}

static void take_all(unsigned int worker)
{
	char name[32];
	unsigned int i;
	int err;

	for (i = 0, err = 0; !err; i++) {
		worker_name(name, sizeof(name), worker, i);
		err = b_try_create(name, SIZE, store->id);
	}
	must(err == -ENOMEM);
}

static int give_back(void)
{
	unsigned int worker, i;
	char name[32];
	int buffers = 0;

	for (worker = 0; worker < WORKERS; worker++) {
		for (i = 0;; i++) {
			worker_name(name, sizeof(name), worker, i);
			if (b_destroy(name, 0))
				break;
			buffers++;
		}
	}
	return buffers;
}

static long oom_kills(void)
{
	char line[128];
	long kills = -1;
	FILE *file = fopen("/proc/vmstat", "r");

	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "oom_kill %ld", &kills);
	if (kills < 0)
		t_bail("/proc/vmstat");
	fclose(file);
	return kills;
}

static void scarce(void)
{
	long before = mem_free(), kills = oom_kills(), left;
	int i, buffers;

	for (i = 0; i < WORKERS; i++)
		child(take_all, i);
	t_ok(reap(), "%s: %d processes take all there is, each gets ENOMEM",
	     store->name, WORKERS);
	left = meminfo("MemAvailable");
	buffers = give_back();
	t_ok(buffers * (long)(SIZE / KIB) > before / 2 && left > 8 * 1024,
	     "%s: that were %d buffers; %ld KiB were left", store->name,
	     buffers, left);
	t_ok(b_try_create("scarce", (meminfo("MemTotal") - 32 * 1024) * KIB,
			  store->id) == -ENOMEM,
	     "%s: one of nearly all memory is not to be had", store->name);
	t_ok(oom_kills() == kills, "%s: nobody was killed", store->name);
	t_ok(labs(mem_free() - before) < 64 * 1024,
	     "%s: the memory is back", store->name);
}

#define ROUNDS 10
#define PART (8 * MIB + 5 * PAGE)

static int hog_ready;

/*
 * Anonymous memory all over, until told to end.  A little more is left than the
 * module leaves to others.
 */
static void hog(unsigned int end)
{
	long left = meminfo("MemTotal") / 36;
	char byte = 0;
	size_t i;

	while (meminfo("MemAvailable") > left) {
		char *at = mmap(NULL, 4 * MIB, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		must(at != MAP_FAILED);
		for (i = 0; i < 4 * MIB; i += PAGE)
			at[i] = 1;
	}
	must(write(hog_ready, &byte, 1) == 1);
	must(read(end, &byte, 1) == 0);
}

/* The page cache turns over, with pages that have to be written first. */
static void cache(unsigned int seed)
{
	int disk = open("/dev/vda", O_RDWR), i;
	char *block = malloc(MIB);

	must(disk >= 0);
	memset(block, seed, MIB);
	for (i = 0; i < 4 * ROUNDS; i++) {
		off_t at = (off_t)(i * 7 % 60) * MIB;

		must(pread(disk, block, MIB, at) == (ssize_t)MIB);
		must(pwrite(disk, block, MIB, at) == (ssize_t)MIB);
	}
}

/* A buffer that could be had is a good one. */
static void create_and_check(unsigned int worker)
{
	int i, made = 0;
	char name[32];

	worker_name(name, sizeof(name), worker, 0);
	for (i = 0; i < ROUNDS; i++) {
		int err = use_whole_life(name, PART, PART, store->id, i);

		must(!err || err == -ENOMEM);
		made += !err;
	}
	t_note("%s: %d of %d could be had", store->name, made, ROUNDS);
}

static void pressed(void)
{
	long before = mem_free(), kills = oom_kills();
	int ends[2], ready[2], status = -1;
	char byte;
	pid_t pid;

	if (pipe(ends) || pipe(ready))
		t_bail("pipe");
	hog_ready = ready[1];
	pid = fork();
	if (!pid) {
		close(ends[1]);
		hog(ends[0]);
		_exit(0);
	}
	close(ready[1]);
	t_ok(read(ready[0], &byte, 1) == 1, "anonymous memory all over");
	for (store = stores; store->name; store++) {
		pid_t workers[] = {
			child(cache, store->id), child(create_and_check, 0),
			child(create_and_check, 1),
		};
		size_t i;
		int bad = 0;

		for (i = 0; i < ARRAY_LEN(workers); i++) {
			waitpid(workers[i], &status, 0);
			bad += !!status;
		}
		t_ok(!bad, "%s: among anonymous memory and page cache",
		     store->name);
	}
	close(ends[1]);
	waitpid(pid, &status, 0);
	close(ends[0]);
	close(ready[0]);
	t_ok(!status && oom_kills() == kills, "nobody was killed");
	t_ok(labs(mem_free() - before) < 128 * 1024, "the memory is back");
}

#define SCORED (512 * MIB)

static long score(void)
{
	return sum_of("/proc/self/oom_score", "%ld", "%ld");
}

/*
 * What is mapped counts as memory of the process, though killing it frees none.
 * OOMScoreAdjust=, in thousandths of memory and swap, makes up for it; the score
 * is told in units of two thirds of that.
 */
static void scored(void)
{
	long before = score(), mapped, adjusted;
	char text[16];
	int fd, part;
	char *map;

	b_create("scored", SCORED, MAPBUF_BACKING_VMALLOC);
	fd = b_open("scored", O_RDWR);
	map = b_map(fd, SCORED, 0);
	memset(map, 1, SCORED);
	mapped = score();
	part = SCORED / KIB * 1000 / (meminfo("MemTotal") + meminfo("SwapTotal"));
	snprintf(text, sizeof(text), "%d", -part);
	must(!write_file("/proc/self/oom_score_adj", text));
	adjusted = score();
	t_note("oom_score %ld, with a buffer %ld, and with OOMScoreAdjust=%d %ld",
	       before, mapped, -part, adjusted);
	t_ok(mapped > before, "a mapped buffer makes a process more likely to be killed");
	t_ok(labs(adjusted - before) <= 3, "OOMScoreAdjust= makes up for it");
	must(!write_file("/proc/self/oom_score_adj", "0"));
	munmap(map, SCORED);
	close(fd);
	b_destroy("scored", 0);
}

int main(void)
{
	FILE *limit = fopen("/sys/module/mapbuf/parameters/max_bytes", "w");

	if (!limit || fputs("100%", limit) < 0 || fclose(limit))
		t_bail("max_bytes");
	for (store = stores; store->name; store++)
		scarce();
	pressed();
	scored();
	return t_done();
}
