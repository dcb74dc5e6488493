// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel says of memory. */
#include "t.h"

#include <sched.h>
#include <sys/syscall.h>

#include <linux/membarrier.h>

long meminfo(const char *field)
{
	FILE *file = fopen("/proc/meminfo", "r");
	char line[256];
	long value = -1;

	while (file && value < 0 && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, field, strlen(field)) &&
		    line[strlen(field)] == ':')
			value = atol(line + strlen(field) + 1);
	}
	if (file)
		fclose(file);
	return value;
}

long mem_free(void)
{
	if (!b_try_create("settle", 4 * MIB, MAPBUF_BACKING_CONTIGUOUS))
		b_destroy("settle", 0);
	return meminfo("MemFree");
}

long sum_of(const char *path, const char *format, const char *format2)
{
	FILE *file = fopen(path, "r");
	long sum = 0, value;
	char line[256];

	if (!file)
		t_bail("open %s", path);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, format, &value) == 1 ||
		    sscanf(line, format2, &value) == 1)
			sum += value;
	}
	fclose(file);
	return sum;
}

long b_bytes(const char *which)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/class/misc/mapbuf-control/%s", which);
	return sum_of(path, "%ld", "%ld");
}

/* Each processor that comes to this has done what was urgent there. */
static void visit_processors(void)
{
	cpu_set_t all, one;
	int i;

	if (sched_getaffinity(0, sizeof(all), &all))
		t_bail("sched_getaffinity");
	for (i = 0; i < CPU_SETSIZE; i++) {
		if (!CPU_ISSET(i, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(i, &one);
		sched_setaffinity(0, sizeof(one), &one);
	}
	sched_setaffinity(0, sizeof(all), &all);
}

/* What waits to be freed is, on a busy machine some time later. */
long all_free(void)
{
	long was, is = -1;
	int i = 0;

	syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
	do {
		was = is;
		visit_processors();
		usleep(50000);
		is = sum_of("/proc/zoneinfo", " pages free %ld", " count: %ld");
	} while (is != was && ++i < 40);
	return is * (long)(PAGE / KIB);
}

bool page_frames(const void *at, size_t count, uint64_t *frames)
{
	static int fd = -1;
	bool all = true;
	size_t i;

	if (fd < 0)
		fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (pread(fd, frames, count * 8, (uintptr_t)at / PAGE * 8) !=
	    (ssize_t)count * 8)
		t_bail("read pagemap");
	for (i = 0; i < count; i++) {
		all &= frames[i] >> 63;
		frames[i] &= (1ULL << 55) - 1;
	}
	return all;
}

long smaps_range(const void *at, size_t len, const char *field)
{
	FILE *file = fopen("/proc/self/smaps", "r");
	unsigned long from = (unsigned long)at, start, end;
	bool inside = false;
	char line[512];
	long sum = -1;

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = start < from + len && end > from;
		else if (inside && !strncmp(line, field, strlen(field)) &&
			 line[strlen(field)] == ':')
			sum = (sum < 0 ? 0 : sum) +
			      atol(line + strlen(field) + 1);
	}
	if (file)
		fclose(file);
	return sum;
}

long smaps(const void *address, const char *field)
{
	return smaps_range(address, 1, field);
}
