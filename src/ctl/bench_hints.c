// SPDX-License-Identifier: GPL-2.0-only
/* What the machine lacks for speed. */
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bench.h"
#include "size.h"
#include "system.h"
#include "xalloc.h"

/* Pages that are asked where they are */
#define SAMPLES 64

int bench_lack(struct bench *bench, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(bench->why, sizeof(bench->why), format, arguments);
	va_end(arguments);
	bench->fix[0] = '\0';
	return -1;
}

int bench_lack_until(struct bench *bench, const char *command,
		     const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(bench->why, sizeof(bench->why), format, arguments);
	va_end(arguments);
	snprintf(bench->fix, sizeof(bench->fix), "%s", command);
	return -1;
}

void bench_hint(struct bench *bench, const char *about, const char *format,
		...)
{
	struct bench_hint *hint;
	va_list arguments;
	char text[BENCH_WHY_SIZE];

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	bench->hints = xgrow(bench->hints, bench->hint_count,
			     sizeof(*bench->hints));
	hint = &bench->hints[bench->hint_count++];
	hint->about = xstrdup(about);
	hint->text = xstrdup(text);
	hint->command = NULL;
}

void bench_hint_lack(struct bench *bench, const char *about)
{
	bench_hint(bench, about, "%s", bench->why);
	if (bench->fix[0])
		bench->hints[bench->hint_count - 1].command =
			xstrdup(bench->fix);
}

/* In bytes; UINT64_MAX if the kernel does not tell. */
static uint64_t available(void)
{
	char *text = system_read("/proc/meminfo"), *line = NULL;
	unsigned long long kib;
	uint64_t bytes = UINT64_MAX;

	if (text)
		line = strstr(text, "MemAvailable:");
	if (line && sscanf(line, "MemAvailable: %llu", &kib) == 1)
		bytes = kib * 1024;
	free(text);
	return bytes;
}

void bench_fit(struct bench *bench)
{
	char wanted[SIZE_TEXT], taken[SIZE_TEXT];
	uint64_t bytes = available() / 4 / BENCH_HUGE * BENCH_HUGE;

	if (bytes < BENCH_HUGE)
		bytes = BENCH_HUGE;
	if (bench->bytes <= bytes)
		return;
	size_format(wanted, bench->bytes);
	size_format(taken, bytes);
	bench_hint(bench, "memory", "too little is free for %s, so it was measured with %s",
		   wanted, taken);
	bench->bytes = bytes;
}

void bench_hint_machine(struct bench *bench)
{
	char *governor = system_read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");

	if (governor && strcmp(governor, "performance") != 0)
		bench_hint(bench, "processor", "its speed changes: the governor is %s (cpupower frequency-set -g performance)",
			   governor);
	free(governor);
}

static int kernel_is_before(int major, int minor)
{
	struct utsname name;
	int has_major, has_minor;

	if (uname(&name) ||
	    sscanf(name.release, "%d.%d", &has_major, &has_minor) != 2)
		return 0;
	return has_major < major || (has_major == major && has_minor < minor);
}

static const char *why_small(const char *backing)
{
	char *setting;

	setting = system_read("/sys/kernel/mm/transparent_hugepage/enabled");
	if (!setting)
		return "this kernel has no transparent huge pages";
	free(setting);
	if (strcmp(backing, "contiguous") == 0 && kernel_is_before(6, 12) &&
	    !kernel_is_before(6, 2))
		return "kernels from 6.2 to 6.11 use them only for the backing vmalloc";
	return "free memory is in smaller pieces (create buffers at boot)";
}

static int has_several_nodes(void)
{
	char *online = system_read("/sys/devices/system/node/online");
	int several = online && strpbrk(online, ",-");

	free(online);
	return several;
}

static void hint_node(struct bench *bench, const struct bench_source *source,
		      char *at)
{
	unsigned int cpu, node, known = 0, other = 0;
	int places[SAMPLES], i, elsewhere = 0;
	void *pages[SAMPLES];

	for (i = 0; i < SAMPLES; i++)
		pages[i] = at + bench->bytes / SAMPLES * i;
	if (getcpu(&cpu, &node) ||
	    syscall(SYS_move_pages, 0, (unsigned long)SAMPLES, pages, NULL,
		    places, 0))
		return;
	for (i = 0; i < SAMPLES; i++) {
		if (places[i] < 0)
			continue;
		known++;
		if (places[i] != (int)node) {
			other++;
			elsewhere = places[i];
		}
	}
	if (other)
		bench_hint(bench, source->name, "%u%% of its memory is not on NUMA node %u, where processor %u is, but on node %d for instance (numactl, or --numa-node of create)",
			   100 * other / known, node, cpu, elsewhere);
}

void bench_hint_mapping(struct bench *bench, const struct bench_source *source,
			char *at, double huge)
{
	if (huge < 100)
		bench_hint(bench, source->name, "%.0f%% of the mapping has 2 MiB pages: %s",
			   huge, why_small(source->backing));
	if (has_several_nodes())
		hint_node(bench, source, at);
}
