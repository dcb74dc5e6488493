// SPDX-License-Identifier: GPL-2.0-only
/*
 * A machine that changes while buffers are in use: processors and memory that
 * go and come, sleep.
 */
#include "use.h"

#include <dirent.h>
#include <glob.h>
#include <sched.h>

#define CPU "/sys/devices/system/cpu/cpu1/online"
#define MEMORY "/sys/devices/system/memory"
#define SIZE (HUGE_PAGE + 3 * PAGE)
#define RANGE (32 * MIB)
#define CPU_ROUNDS 5
#define MEMORY_ROUNDS 3
#define MAX_BLOCKS 64

/*
 * SeaBIOS forgets, when the machine wakes up, where the registers are that put
 * it to sleep and switch it off.
 */
#define BRIDGE "/sys/bus/pci/devices/0000:00:1f.0/config"
#define PMBASE 0x40

static int end[2];	/* a pipe: closed to end the workers */
static int begun[2];	/* each worker says there that it has begun */

static bool ended(void)
{
	char byte;

	return read(end[0], &byte, 1) == 0;
}

/* Creates, faults, checks and destroys until the machine is stable again. */
static void worker(unsigned int seed)
{
	unsigned int backing = seed % 2 ? MAPBUF_BACKING_VMALLOC :
					  MAPBUF_BACKING_CONTIGUOUS;
	size_t size = seed < 2 ? SIZE : RANGE;
	int i, err, made = 0;
	char name[32];

	close(end[1]);
	snprintf(name, sizeof(name), "plug%u", seed);
	for (i = 0; !ended(); i++) {
		err = use_whole_life(name, size, SIZE, backing, i);
		must(!err || (err == -ENOMEM && size == RANGE));
		if (!err && !made++)
			must(write(begun[1], "", 1) == 1 && !close(begun[1]));
	}
	must(made > 0);
	t_note("worker %u: %d buffers in %d tries", seed, made, i);
}

/* Returns when each has had its first buffer. */
static void work_begin(unsigned int workers)
{
	unsigned int i;
	char byte;

	if (pipe2(end, O_NONBLOCK) || pipe(begun))
		t_bail("pipe");
	for (i = 0; i < workers; i++)
		child(worker, i);
	close(begun[1]);
	for (i = 0; i < workers && read(begun[0], &byte, 1) == 1; i++)
		;
	close(begun[0]);
}

static bool work_end(void)
{
	bool ok;

	close(end[1]);
	ok = reap();
	close(end[0]);
	return ok;
}

static void processors(void)
{
	int i, err, done = 0;

	if (access(CPU, W_OK)) {
		t_skip("no second processor that can go", "processors");
		return;
	}
	work_begin(3);
	for (i = 0; i < CPU_ROUNDS; i++) {
		err = write_file(CPU, "0");
		usleep(50000);
		if (!err && !write_file(CPU, "1"))
			done++;
		usleep(50000);
	}
	t_ok(work_end(), "a processor goes and comes while buffers are used");
	t_ok(done == CPU_ROUNDS, "it did %d times", done);
}

static unsigned long block_size(void)
{
	FILE *file = fopen(MEMORY "/block_size_bytes", "r");
	unsigned long size = 0;

	if (file && fscanf(file, "%lx", &size) != 1)
		size = 0;
	if (file)
		fclose(file);
	return size;
}

static int block_set(unsigned int block, const char *state)
{
	char path[128];

	snprintf(path, sizeof(path), MEMORY "/memory%u/state", block);
	return write_file(path, state);
}

static unsigned int blocks_of(unsigned int *blocks)
{
	DIR *dir = opendir(MEMORY);
	struct dirent *entry;
	unsigned int n = 0;

	while (dir && n < MAX_BLOCKS && (entry = readdir(dir)))
		n += sscanf(entry->d_name, "memory%u", &blocks[n]) == 1;
	if (dir)
		closedir(dir);
	return n;
}

/* The search for more than there is in one piece comes to what is gone, too. */
static bool passes_over(const unsigned int *blocks, unsigned int n,
			unsigned int but)
{
	unsigned int i = n;
	int err;

	while (i-- > 0) {
		if (blocks[i] != but && !block_set(blocks[i], "offline"))
			break;
	}
	if (i >= n)
		return false;
	err = b_try_create("more", meminfo("MemAvailable") * KIB / 4 * 3,
			   MAPBUF_BACKING_CONTIGUOUS);
	if (!err)
		b_destroy("more", 0);
	if (block_set(blocks[i], "online_kernel"))
		t_bail("memory%u does not come back", blocks[i]);
	return !err || err == -ENOMEM || err == -ENOSPC;
}

/* A block with a buffer stays; others may go, and come back. */
static void memory(void)
{
	unsigned int blocks[MAX_BLOCKS], n = blocks_of(blocks), i, gone = 0;
	unsigned long bytes = block_size(), at;
	char *map;
	int fd;

	if (!n || !bytes) {
		t_skip("this kernel keeps its memory", "memory");
		return;
	}
	b_create("stays", RANGE, MAPBUF_BACKING_CONTIGUOUS);
	fd = b_open("stays", O_RDWR);
	map = b_map(fd, RANGE, 0);
	fill(map, RANGE, 80);
	at = strtoul(b_sysfs("stays", "phys_addr"), NULL, 0);
	t_ok(block_set(at / bytes, "offline") < 0,
	     "memory with a buffer in it does not go");

	work_begin(4);
	for (i = n; i-- > 0 && gone < MEMORY_ROUNDS;) {
		if (blocks[i] == at / bytes || block_set(blocks[i], "offline"))
			continue;
		gone++;
		usleep(100000);
		if (block_set(blocks[i], "online_kernel"))
			t_bail("memory%u does not come back", blocks[i]);
	}
	t_ok(work_end(), "memory goes and comes while buffers are made");
	if (gone)
		t_ok(passes_over(blocks, n, at / bytes),
		     "what is gone is passed over");
	t_ok(gone > 0, "%u of %u blocks of %lu MiB did", gone, n, bytes / MIB);
	t_ok(filled(map, RANGE, 80), "what was in a buffer is still there");
	munmap(map, RANGE);
	close(fd);
	b_destroy("stays", 0);
}

/* Sleep that only the firmware ends.  The other kind this machine never ends. */
static bool offered(const char *path, const char *word)
{
	FILE *file = fopen(path, "r");
	char line[128] = "";

	if (file && !fgets(line, sizeof(line), file))
		line[0] = '\0';
	if (file)
		fclose(file);
	return strstr(line, word);
}

/*
 * As the machine wakes up, the kernel evaluates ACPI methods before it has a
 * clock (irqrouter_resume()).  If that takes a new slab, a random number is asked
 * for, and that warns for want of a clock: 6.1 did.  So let the processor that
 * does it have a slab with free objects.
 */
static void spare_acpi_objects(void)
{
	cpu_set_t first, all;
	char text[16];
	glob_t found;
	size_t i;

	must(!sched_getaffinity(0, sizeof(all), &all));
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	must(!sched_setaffinity(0, sizeof(first), &first));
	if (!glob("/sys/bus/acpi/devices/*/status", 0, NULL, &found)) {
		for (i = 0; i < found.gl_pathc; i++) {
			int fd = open(found.gl_pathv[i], O_RDONLY);

			must(read(fd, text, sizeof(text)) > 0);
			close(fd);
		}
		globfree(&found);
	}
	must(!sched_setaffinity(0, sizeof(all), &all));
}

/*
 * What is around the buffer goes, and comes back with an alarm, which wakes up
 * nobody if it comes before the machine sleeps.  The first sleep tells how long
 * that takes: the clock stands meanwhile.
 */
static void asleep(const struct store *s)
{
	static double takes = 1.5;
	char bridge[8], when[16];
	int fd, pci = open(BRIDGE, O_RDWR);
	double start;
	char *map;

	b_create("sleep", SIZE, s->id);
	fd = b_open("sleep", O_RDWR);
	map = b_map(fd, SIZE, 0);
	fill(map, SIZE, 81);
	snprintf(when, sizeof(when), "+%d", 2 + (int)(10 * takes));
	if (pci < 0 || pread(pci, bridge, 8, PMBASE) != 8 ||
	    write_file("/sys/class/rtc/rtc0/wakealarm", when))
		t_bail("the bridge, the clock");
	start = seconds();
	spare_acpi_objects();
	t_ok(!write_file("/sys/power/state", "mem"), "%s: the machine sleeps",
	     s->name);
	if (pwrite(pci, bridge, 8, PMBASE) != 8)
		t_bail("write to the bridge");
	takes = seconds() - start;
	t_ok(filled(map, SIZE, 81), "%s: and the data is still there (%.1f s)",
	     s->name, takes);
	munmap(map, SIZE);
	close(fd);
	close(pci);
	t_ok(!b_destroy("sleep", 0), "%s: destroy", s->name);
}

static void sleeping(void)
{
	const struct store *s;

	if (access(BRIDGE, R_OK) || !offered("/sys/power/state", "mem") ||
	    !offered("/sys/power/mem_sleep", "deep") ||
	    write_file("/sys/power/mem_sleep", "deep")) {
		t_skip("the firmware does not offer it", "suspend to RAM");
		return;
	}
	for (s = stores; s->name; s++)
		asleep(s);
}

int main(void)
{
	/* Memory that goes takes the free objects of all slabs with it. */
	sleeping();
	processors();
	memory();
	return t_done();
}
