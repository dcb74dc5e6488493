// SPDX-License-Identifier: GPL-2.0-only
/* Memory runs out: ENOMEM for who asked, and nobody is killed for it. */
#include "t.h"

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

int main(void)
{
	FILE *limit = fopen("/sys/module/mapbuf/parameters/max_bytes", "w");

	if (!limit || fputs("100%", limit) < 0 || fclose(limit))
		t_bail("max_bytes");
	for (store = stores; store->name; store++)
		scarce();
	return t_done();
}
