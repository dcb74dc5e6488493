// SPDX-License-Identifier: GPL-2.0-only
/* The kinds of memory that a user can choose from. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/dma-heap.h>
#include <linux/udmabuf.h>

#include <mapbuf.h>

#include "bench.h"
#include "ctl.h"
#include "property.h"
#include "system.h"

/* The one size that is measured, whatever the machine's default is. */
#ifndef MFD_HUGE_2MB
#define MFD_HUGE_2MB (21U << 26)
#endif

#define HUGE_DIR "/sys/kernel/mm/hugepages/hugepages-2048kB"
#define THP_DIR "/sys/kernel/mm/transparent_hugepage"

void bench_touch(void *at, size_t bytes)
{
	size_t i, page = sysconf(_SC_PAGESIZE);
	volatile char *byte = at;

	for (i = 0; i < bytes; i += page)
		byte[i] = 1;
}

void *bench_map(const struct bench *bench, const struct bench_source *source,
		const struct bench_memory *memory)
{
	void *at;

	at = mmap(NULL, bench->bytes, PROT_READ | PROT_WRITE,
		  memory->fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED,
		  memory->fd, 0);
	if (at == MAP_FAILED)
		bench_die(source->name);
	/* Without such pages in the kernel there is nothing to advise. */
	if (source->advice)
		madvise(at, bench->bytes, source->advice);
	return at;
}

void bench_unmap(const struct bench *bench, void *at)
{
	if (munmap(at, bench->bytes))
		bench_die("munmap");
}

/* What is allocated by the first touch would be measured as if it cost so. */
static void fill(const struct bench *bench, const struct bench_source *source,
		 const struct bench_memory *memory)
{
	void *at = bench_map(bench, source, memory);

	bench_touch(at, bench->bytes);
	bench_unmap(bench, at);
}

void bench_put(struct bench *bench, struct bench_memory *memory)
{
	if (memory->buffer)
		bench_buffer_free(bench, memory->buffer);
	else if (memory->fd >= 0)
		close(memory->fd);
}

int bench_buffer_new(struct bench *bench, const char *name,
		     const char *backing, uint64_t bytes,
		     struct mapbuf **buffer)
{
	struct properties properties = {
		.size = bytes, .backing = backing,
		.cache = mapbuf_caches()[0], .numa_node = -1, .mode = 0600
	};
	struct mapbuf_options *options = properties_to_options(&properties);
	char *why = NULL;

	if (!options || mapbuf_control_create(bench->control, name, options,
					      NULL))
		why = explain_create(errno, &properties);
	mapbuf_options_free(options);
	if (why) {
		bench_lack(bench, "%s", why);
		free(why);
		return -1;
	}
	*buffer = mapbuf_open(name, O_RDWR);
	if (!*buffer)
		bench_die(name);
	return 0;
}

void bench_buffer_free(struct bench *bench, struct mapbuf *buffer)
{
	/* It is gone when nobody, udev for instance, has it open any more. */
	if (mapbuf_control_destroy(bench->control, mapbuf_name(buffer),
				   MAPBUF_DEFERRED))
		bench_die(mapbuf_name(buffer));
	mapbuf_close(buffer);
}

static int get_mapbuf(struct bench *bench, const struct bench_source *source,
		      struct bench_memory *memory)
{
	if (bench_buffer_new(bench, bench->name, source->backing, bench->bytes,
			     &memory->buffer))
		return -1;
	memory->fd = mapbuf_fd(memory->buffer);
	return 0;
}

static int new_memfd(struct bench *bench, const struct bench_source *source,
		     struct bench_memory *memory, unsigned int flags)
{
	memory->fd = memfd_create(bench->name,
				  MFD_CLOEXEC | MFD_ALLOW_SEALING | flags);
	if (memory->fd < 0 || ftruncate(memory->fd, bench->bytes)) {
		bench_lack(bench, "memfd_create: %s", strerror(errno));
		bench_put(bench, memory);
		return -1;
	}
	fill(bench, source, memory);
	return 0;
}

static int get_memfd(struct bench *bench, const struct bench_source *source,
		     struct bench_memory *memory)
{
	return new_memfd(bench, source, memory, 0);
}

static int get_memfd_huge(struct bench *bench,
			  const struct bench_source *source,
			  struct bench_memory *memory)
{
	char *setting = system_read(THP_DIR "/shmem_enabled");
	int is_off = setting && (strstr(setting, "[never]") ||
				 strstr(setting, "[deny]"));

	if (!setting)
		return bench_lack(bench, "this kernel has no 2 MiB pages for files in memory");
	free(setting);
	if (is_off)
		return bench_lack_until(bench, "echo advise >" THP_DIR "/shmem_enabled",
					"switched off");
	return new_memfd(bench, source, memory, 0);
}

static unsigned long read_number(const char *path)
{
	char *text = system_read("%s", path);
	unsigned long number = text ? strtoul(text, NULL, 10) : 0;

	free(text);
	return number;
}

static int get_hugetlbfs(struct bench *bench,
			 const struct bench_source *source,
			 struct bench_memory *memory)
{
	unsigned long available = read_number(HUGE_DIR "/free_hugepages") -
				  read_number(HUGE_DIR "/resv_hugepages");
	unsigned long needed = bench->bytes / BENCH_HUGE;
	char command[128];

	if (available < needed) {
		snprintf(command, sizeof(command),
			 "echo %lu >" HUGE_DIR "/nr_hugepages",
			 read_number(HUGE_DIR "/nr_hugepages") + needed -
			 available);
		return bench_lack_until(bench, command,
					"%lu free pages of 2 MiB are needed, there are %lu",
					needed, available);
	}
	return new_memfd(bench, source, memory, MFD_HUGETLB | MFD_HUGE_2MB);
}

static int get_tmpfs(struct bench *bench, const struct bench_source *source,
		     struct bench_memory *memory)
{
	char *path = system_path("/dev/shm");
	int error = 0;

	memory->fd = open(path, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	free(path);
	if (memory->fd < 0)
		error = errno;
	else
		error = posix_fallocate(memory->fd, 0, bench->bytes);
	if (error) {
		bench_put(bench, memory);
		return bench_lack(bench, "/dev/shm: %s", strerror(error));
	}
	fill(bench, source, memory);
	return 0;
}

static int get_anonymous(struct bench *bench,
			 const struct bench_source *source,
			 struct bench_memory *memory)
{
	(void)bench;
	(void)source;
	(void)memory;
	return 0;
}

/* -1 if the device cannot be opened; @command makes it, or is "". */
static int open_device(struct bench *bench, const char *path,
		       const char *advice, const char *command)
{
	char *whole = system_path("%s", path);
	int fd = open(whole, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		bench_lack_until(bench, errno == ENOENT ? command : "",
				 "%s: %s (%s)", path, strerror(errno), advice);
	free(whole);
	return fd;
}

static int get_heap(struct bench *bench, const struct bench_source *source,
		    struct bench_memory *memory)
{
	struct dma_heap_allocation_data data = {
		.len = bench->bytes, .fd_flags = O_RDWR | O_CLOEXEC
	};
	int heap, failed;

	(void)source;
	heap = open_device(bench, "/dev/dma_heap/system",
			   "this requires a kernel with CONFIG_DMABUF_HEAPS_SYSTEM",
			   "");
	if (heap < 0)
		return -1;
	failed = ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &data);
	if (failed)
		bench_lack(bench, "it provides no memory: %s", strerror(errno));
	close(heap);
	if (failed)
		return -1;
	memory->fd = data.fd;
	return 0;
}

static int get_udmabuf(struct bench *bench, const struct bench_source *source,
		       struct bench_memory *memory)
{
	struct udmabuf_create create = {
		.flags = UDMABUF_FLAGS_CLOEXEC, .size = bench->bytes
	};
	struct bench_memory under = { .fd = -1 };
	int device;

	device = open_device(bench, "/dev/udmabuf",
			     "this requires a kernel with CONFIG_UDMABUF",
			     "modprobe udmabuf");
	if (device < 0)
		return -1;
	if (!new_memfd(bench, source, &under, 0)) {
		if (fcntl(under.fd, F_ADD_SEALS, F_SEAL_SHRINK))
			bench_die("F_ADD_SEALS");
		create.memfd = under.fd;
		memory->fd = ioctl(device, UDMABUF_CREATE, &create);
		if (memory->fd < 0)
			bench_lack(bench, "it does not accept this memory: %s (raise /sys/module/udmabuf/parameters/size_limit_mb)",
				   strerror(errno));
		bench_put(bench, &under);
	}
	close(device);
	return memory->fd < 0 ? -1 : 0;
}

/* Where all files in memory have 2 MiB pages the plain memfd shall not. */
const struct bench_source bench_sources[BENCH_SOURCES] = {
	[BENCH_VMALLOC] = { "mapbuf vmalloc", get_mapbuf, "vmalloc", 0 },
	[BENCH_CONTIGUOUS] = {
		"mapbuf contiguous", get_mapbuf, "contiguous", 0
	},
	[BENCH_MEMFD] = { "memfd", get_memfd, NULL, MADV_NOHUGEPAGE },
	[BENCH_MEMFD_HUGE] = {
		"memfd, 2 MiB pages", get_memfd_huge, NULL, MADV_HUGEPAGE
	},
	[BENCH_HUGETLBFS] = { "hugetlbfs", get_hugetlbfs, NULL, 0 },
	[BENCH_TMPFS] = { "tmpfs file", get_tmpfs, NULL, 0 },
	[BENCH_ANONYMOUS] = {
		"anonymous, allocated by touch", get_anonymous, NULL, 0
	},
	[BENCH_HEAP] = { "dma-heap system", get_heap, NULL, 0 },
	[BENCH_UDMABUF] = { "udmabuf", get_udmabuf, NULL, 0 },
};
