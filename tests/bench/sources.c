// SPDX-License-Identifier: GPL-2.0-only
#include "sources.h"

#include <sys/prctl.h>

#include <linux/dma-heap.h>
#include <linux/udmabuf.h>

#include "kmod/mapways.h"

/* memmap=1G$0x40000000 */
#define HOLE 0x40000000UL
#define HOLE_BYTES GIB

/* Several at a time are beside each other. */
static unsigned long part_of_hole(size_t bytes)
{
	static size_t next;
	unsigned long part;

	if (bytes > HOLE_BYTES - next)
		next = 0;
	part = HOLE + next;
	next += bytes;
	return part;
}

/* Have the memory behind a file; the descriptor, or -errno with it closed. */
static int filled_file(int fd, size_t bytes)
{
	size_t i;
	char *at;

	at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED) {
		int err = -errno;

		close(fd);
		return err;
	}
	for (i = 0; i < bytes; i += PAGE)
		at[i] = 0;
	munmap(at, bytes);
	return fd;
}

static int get_mapways(const struct source *source, size_t bytes)
{
	struct mapways_request request = {
		.memory = source->arg, .mapping = source->arg2, .bytes = bytes,
	};
	int fd = open("/dev/mapways", O_RDWR | O_CLOEXEC);

	if (source->arg == MAPWAYS_PHYS)
		request.phys = part_of_hole(bytes);
	if (fd < 0 || !ioctl(fd, MAPWAYS_GET, &request))
		return fd < 0 ? -errno : fd;
	close(fd);
	return -errno;
}

static int get_mapbuf(const struct source *source, size_t bytes)
{
	struct mapbuf_create c = {
		.size = sizeof(c), .bytes = bytes, .backing = source->arg,
	};
	static unsigned int number;
	char path[64];
	int fd;

	if (source->arg == MAPBUF_BACKING_RESERVED)
		c.phys_addr = part_of_hole(bytes);
	snprintf(c.name, sizeof(c.name), "bench%u", number++);
	if (ioctl(b_control(), MAPBUF_IOC_CREATE, &c))
		return -errno;
	snprintf(path, sizeof(path), "/dev/mapbuf%u", c.id);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		t_bail("open %s", path);
	return fd;
}

static void put_mapbuf(int fd)
{
	struct mapbuf_info info = { .size = sizeof(info) };

	if (ioctl(fd, MAPBUF_IOC_INFO, &info) ||
	    b_destroy(info.name, MAPBUF_DESTROY_DEFERRED))
		t_bail("destroy");
}

/* With 2 MiB pages if @arg. */
static int get_memfd(const struct source *source, size_t bytes)
{
	int fd, err;

	err = write_file("/sys/kernel/mm/transparent_hugepage/shmem_enabled",
			 source->arg ? "always" : "never");
	if (err)
		return err;
	fd = memfd_create("bench", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0 || ftruncate(fd, bytes))
		t_bail("memfd");
	return source->late ? fd : filled_file(fd, bytes);
}

static int get_tmpfs(const struct source *source, size_t bytes)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, bytes))
		t_bail("a file in /tmp");
	return source->late ? fd : filled_file(fd, bytes);
}

static void set_huge_pages(long number)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", number);
	if (write_file("/proc/sys/vm/nr_hugepages", text))
		t_bail("nr_hugepages");
}

static size_t whole_huge_pages(size_t bytes)
{
	return (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
}

static int get_hugetlb(const struct source *source, size_t bytes)
{
	long pages = meminfo("HugePages_Total");
	int fd;

	bytes = whole_huge_pages(bytes);
	pages += bytes / HUGE_PAGE;
	set_huge_pages(pages);
	if (meminfo("HugePages_Total") != pages) {
		set_huge_pages(0);
		return -ENOMEM;
	}
	fd = memfd_create("bench", MFD_CLOEXEC | MFD_HUGETLB);
	if (fd < 0 || ftruncate(fd, bytes))
		t_bail("a file of huge pages");
	return source->late ? fd : filled_file(fd, bytes);
}

static int get_heap(const struct source *source, size_t bytes)
{
	struct dma_heap_allocation_data data = {
		.len = bytes, .fd_flags = O_RDWR | O_CLOEXEC,
	};
	int heap = open("/dev/dma_heap/system", O_RDWR | O_CLOEXEC);
	int err;

	(void)source;
	if (heap < 0)
		return -errno;
	err = ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &data) ? -errno : 0;
	close(heap);
	return err ? err : (int)data.fd;
}

static int get_udmabuf(const struct source *source, size_t bytes)
{
	struct udmabuf_create create = {
		.flags = UDMABUF_FLAGS_CLOEXEC, .size = bytes,
	};
	int device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	int fd;

	if (device < 0)
		return -errno;
	write_file("/sys/module/udmabuf/parameters/size_limit_mb", "4096");
	fd = get_memfd(source, bytes);
	if (fd < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK))
		t_bail("a sealed memfd");
	create.memfd = fd;
	fd = ioctl(device, UDMABUF_CREATE, &create);
	if (fd < 0)
		fd = -errno;
	close(create.memfd);
	close(device);
	return fd;
}

#define DRIVER(name, memory, mapping) \
	{ name, "driver", get_mapways, NULL, MAPWAYS_##memory, \
	  MAPWAYS_##mapping, 0, false }
#define MAPBUF(name, backing, flags) \
	{ name, "mapbuf", get_mapbuf, put_mapbuf, MAPBUF_BACKING_##backing, 0, \
	  flags, false }
#define SYSTEM(name, get, arg, flags, late) \
	{ name, "system", get, NULL, arg, 0, flags, late }

const struct source sources[] = {
	DRIVER("kmalloc, remap_pfn_range", KMALLOC, REMAP_PFN),
	DRIVER("alloc_pages, remap_pfn_range", ALLOC_PAGES, REMAP_PFN),
	DRIVER("alloc_pages_exact, remap_pfn_range", PAGES_EXACT, REMAP_PFN),
	DRIVER("vmalloc, vm_insert_page", VMALLOC, INSERT_PAGE),
	DRIVER("vmalloc, remap_vmalloc_range", VMALLOC, REMAP_VMALLOC),
	DRIVER("alloc_page, vm_insert_pages", SINGLE_PAGES, INSERT_PAGES),
	DRIVER("vmalloc, fault handler", VMALLOC, FAULT),
	DRIVER("memmap=, remap_pfn_range", PHYS, REMAP_PFN),
	MAPBUF("mapbuf vmalloc", VMALLOC, 0),
	MAPBUF("mapbuf contiguous", CONTIGUOUS, 0),
	MAPBUF("mapbuf reserved", RESERVED, 0),
	SYSTEM("memfd", get_memfd, 0, 0, false),
	SYSTEM("memfd, MAP_POPULATE", get_memfd, 0, MAP_POPULATE, false),
	SYSTEM("memfd, 2 MiB pages", get_memfd, 1, 0, false),
	SYSTEM("hugetlbfs", get_hugetlb, 0, 0, false),
	SYSTEM("tmpfs file", get_tmpfs, 0, 0, false),
	SYSTEM("dma-heap", get_heap, 0, 0, false),
	SYSTEM("udmabuf", get_udmabuf, 0, 0, false),
	SYSTEM("anonymous, 4 KiB pages", NULL, 0, MAP_ANONYMOUS, true),
	SYSTEM("anonymous, 2 MiB pages", NULL, 1, MAP_ANONYMOUS, true),
	SYSTEM("new memfd", get_memfd, 0, 0, true),
	SYSTEM("new memfd, 2 MiB pages", get_memfd, 1, 0, true),
	SYSTEM("new hugetlbfs", get_hugetlb, 0, 0, true),
	SYSTEM("new tmpfs file", get_tmpfs, 0, 0, true),
	{ NULL, NULL, NULL, NULL, 0, 0, 0, false }
};

void source_put(const struct source *source, int fd)
{
	if (source->put)
		source->put(fd);
	if (fd >= 0)
		close(fd);
	if (source->get == get_hugetlb)
		set_huge_pages(0);
}

static size_t map_bytes(const struct source *source, size_t bytes)
{
	return source->get == get_hugetlb ? whole_huge_pages(bytes) : bytes;
}

void *source_map(const struct source *source, int fd, size_t bytes)
{
	/* Without a file, @arg says whether 2 MiB pages may be used. */
	if (!source->get)
		prctl(PR_SET_THP_DISABLE, !source->arg, 0, 0, 0);
	return mmap(NULL, map_bytes(source, bytes), PROT_READ | PROT_WRITE,
		    (source->get ? MAP_SHARED : MAP_PRIVATE) | source->flags,
		    fd, 0);
}

void source_unmap(const struct source *source, void *at, size_t bytes)
{
	if (munmap(at, map_bytes(source, bytes)))
		t_bail("munmap");
}
