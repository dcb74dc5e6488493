// SPDX-License-Identifier: GPL-2.0-only
/*
 * A buffer as the memory of a driver in user space: its device reads and
 * writes the buffer through an IOMMU.
 */
#include "edu.h"

#define SIZE (8 * MIB)
#define PART_AT (HUGE_PAGE + 3 * PAGE)
#define PART (HUGE_PAGE + PAGE)
/* Where the device finds them: its addresses have 28 bits. */
#define IOVA (16 * MIB)
#define PART_IOVA (64 * MIB)
#define SCRATCH_IOVA (128 * MIB)
#define BOTH (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

static struct edu edu;

/* The device copies.  Half a page from anywhere crosses pages, too. */
static void device_copies(uint64_t from, uint64_t to)
{
	edu_load(&edu, from);
	edu_store(&edu, to);
}

static bool same(const char *a, const char *b)
{
	return !memcmp(a, b, EDU_TRANSFER);
}

static void copies(const char *store)
{
	static const struct { size_t from, to; const char *what; } places[] = {
		{ 0, PAGE, "a page to the next" },
		{ 3 * PAGE - 1000, SIZE - EDU_TRANSFER, "from two pages" },
		{ MIB, HUGE_PAGE - 500, "to two pieces of 2 MiB" },
	};
	int fd = b_open("vfio", O_RDWR);
	/* Not with malloc(), which would keep it */
	char *copy = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *map = b_map(fd, SIZE, 0);
	size_t i;

	fill(map, SIZE, 1);
	memcpy(copy, map, SIZE);
	edu_open(&edu);
	t_ok(!edu_map(&edu, map, SIZE, IOVA, BOTH), "%s: mapped for the device",
	     store);
	for (i = 0; i < ARRAY_LEN(places); i++) {
		device_copies(IOVA + places[i].from, IOVA + places[i].to);
		memcpy(copy + places[i].to, copy + places[i].from,
		       EDU_TRANSFER);
		t_ok(!memcmp(map, copy, SIZE), "%s: the device copies %s",
		     store, places[i].what);
	}
	t_ok(b_destroy("vfio", 0) == -EBUSY, "%s: in use", store);
	t_ok(!edu_unmap(&edu, IOVA, SIZE), "%s: unmapped", store);
	/* Of which QEMU and the kernel tell, too */
	edu_store(&edu, IOVA);
	t_ok(!memcmp(map, copy, SIZE), "%s: the device cannot write there",
	     store);
	edu_close(&edu);
	munmap(map, SIZE);
	munmap(copy, SIZE);
	close(fd);
}

/* A mapping of a part, and one of a part of that */
static void parts(const char *store)
{
	int fd = b_open("vfio", O_RDWR);
	char *map = b_map(fd, SIZE, 0), *part = b_map(fd, PART, PART_AT);

	fill(map, SIZE, 2);
	edu_open(&edu);
	t_ok(!edu_map(&edu, part, PART, PART_IOVA, BOTH) &&
	     !edu_map(&edu, map + MIB, 16 * PAGE, IOVA, BOTH),
	     "%s: two parts are mapped", store);
	device_copies(IOVA + PAGE, PART_IOVA + PART - EDU_TRANSFER);
	t_ok(same(map + MIB + PAGE, map + PART_AT + PART - EDU_TRANSFER),
	     "%s: the device copies from one to the other", store);
	t_ok(filled(map, PART_AT + PART - EDU_TRANSFER, 2) &&
	     filled(map + PART_AT + PART, SIZE - PART_AT - PART,
		    2 + (PART_AT + PART) / 8), "%s: and nowhere else", store);
	edu_close(&edu);
	munmap(part, PART);
	munmap(map, SIZE);
	close(fd);
}

static void refused(const char *store)
{
	int fd = b_open("vfio", O_RDWR), reading = b_open("vfio", O_RDONLY);
	char *area = mmap(NULL, 2 * SIZE, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *map = mmap(area, SIZE, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, fd, 0);
	char *view = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, reading, 0);

	fill(map, SIZE, 3);
	edu_open(&edu);
	t_ok(edu_map(&edu, map, SIZE + PAGE, IOVA, BOTH) == -EFAULT,
	     "%s: not beyond the end of the mapping", store);
	t_ok(edu_map(&edu, map + 1, PAGE, IOVA, BOTH) == -EINVAL,
	     "%s: not in parts of pages", store);
	t_ok(edu_map(&edu, view, SIZE, IOVA, BOTH) == -EFAULT,
	     "%s: not for writing what is open for reading", store);
	t_ok(!edu_map(&edu, view, SIZE, IOVA, VFIO_DMA_MAP_FLAG_READ),
	     "%s: but for reading", store);
	t_ok(edu_map(&edu, map, PAGE, IOVA, BOTH) == -EEXIST,
	     "%s: not twice at an address", store);
	edu_load(&edu, IOVA);
	edu_store(&edu, IOVA + PAGE);
	t_ok(filled(map, SIZE, 3), "%s: which the device cannot write to",
	     store);
	t_ok(!edu_map(&edu, map + MIB, PAGE, PART_IOVA, BOTH), "%s: a page",
	     store);
	edu_store(&edu, PART_IOVA);
	t_ok(same(map + MIB, map), "%s: but it has read it", store);
	edu_close(&edu);
	munmap(view, SIZE);
	munmap(area, 2 * SIZE);
	close(reading);
	close(fd);
}

/* Asks for memory that may have been freed, and writes to it. */
static void take_memory(void)
{
	char *map;
	int fd;

	b_create("other", 64 * MIB, MAPBUF_BACKING_VMALLOC);
	fd = b_open("other", O_RDWR);
	map = b_map(fd, 64 * MIB, 0);
	memset(map, 0xff, 64 * MIB);
	munmap(map, 64 * MIB);
	close(fd);
	b_destroy("other", 0);
}

/* The device has the pages, nobody else. */
static void outlives(const struct store *s)
{
	char *scratch = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int fd = b_open("vfio", O_RDWR);
	char *map = b_map(fd, SIZE, 0);
	long before;

	fill(map, SIZE, 4);
	edu_open(&edu);
	t_ok(!edu_map(&edu, map, SIZE, IOVA, BOTH) &&
	     !edu_map(&edu, scratch, PAGE, SCRATCH_IOVA, BOTH),
	     "%s: mapped for the device", s->name);
	munmap(map, SIZE);
	close(fd);
	t_ok(b_destroy("vfio", 0) == -EBUSY &&
	     !b_destroy("vfio", MAPBUF_DESTROY_DEFERRED),
	     "%s: unmapped and closed, destroying has to be deferred", s->name);
	take_memory();
	device_copies(IOVA + HUGE_PAGE + PAGE, SCRATCH_IOVA);
	t_ok(filled(scratch, EDU_TRANSFER, 4 + (HUGE_PAGE + PAGE) / 8),
	     "%s: the device still has the data", s->name);
	device_copies(IOVA, IOVA + SIZE - PAGE);
	device_copies(IOVA + SIZE - PAGE, SCRATCH_IOVA);
	t_ok(filled(scratch, EDU_TRANSFER, 4), "%s: and writes to it", s->name);
	before = mem_free();
	t_ok(!edu_unmap(&edu, IOVA, SIZE) &&
	     !sum_of("/sys/class/misc/mapbuf-control/pinned", "%ld", "%ld") &&
	     mem_free() - before > (long)(SIZE / KIB) / 2,
	     "%s: the memory goes with the device's mapping", s->name);
	edu_close(&edu);
	munmap(scratch, PAGE);
	b_create("vfio", SIZE, s->id);
}

/* Maps it and, as the device writes, waits for its end. */
static void hold(unsigned int ready)
{
	int fd = b_open("vfio", O_RDWR);

	edu_open(&edu);
	must(!edu_map(&edu, b_map(fd, SIZE, 0), SIZE, IOVA, BOTH));
	edu_begin_store(&edu, IOVA + MIB);
	must(write(ready, "", 1) == 1);
	pause();
}

static pid_t holder(void)
{
	int ends[2];
	char byte;
	pid_t pid;

	if (pipe(ends))
		t_bail("pipe");
	pid = child(hold, ends[1]);
	close(ends[1]);
	if (read(ends[0], &byte, 1) != 1)
		t_bail("the child that holds the device");
	close(ends[0]);
	return pid;
}

static bool kill_it(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status);
}

static void killed(const struct store *s)
{
	int i, bad = 0;

	for (i = 0; i < 5; i++) {
		bad += !kill_it(holder());
		bad += b_destroy("vfio", 0) != 0;
		take_memory();
		b_create("vfio", SIZE, s->id);
	}
	t_ok(!bad, "%s: a process is killed while its device writes", s->name);
}

static void unbinds(unsigned int unused)
{
	(void)unused;
	must(edu_unbind());
}

/* A driver that waits for its users, as this one does, gets no further. */
static void vanishes(const char *store)
{
	pid_t user = holder(), other = child(unbinds, 0);
	int status;

	wait_asleep(other);
	t_ok(!waitpid(other, &status, WNOHANG) && b_destroy("vfio", 0) == -EBUSY,
	     "%s: the device is to go, and waits for its user", store);
	t_ok(kill_it(user) && waitpid(other, &status, 0) == other && !status,
	     "%s: the user goes, and the device", store);
	t_ok(edu_bind(), "%s: it is back", store);
}

static void all(const struct store *s)
{
	copies(s->name);
	parts(s->name);
	refused(s->name);
	outlives(s);
	killed(s);
	vanishes(s->name);
}

int main(void)
{
	t_ok(edu_bind(), "the device is given to processes");
	in_each(stores, "vfio", SIZE, all);
	return t_done();
}
