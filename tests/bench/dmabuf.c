// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: dmabuf MIB...
 *
 * Buffers as dma-bufs, beside those of the system.  Prints lines
 *
 *	dmabuf SIZE ROW WHOSE LATE EXPORT MMAP TOUCH MUNMAP ATTACH MAP UNMAP
 *		DETACH CLOSE PIECES
 *
 * in instructions: EXPORT of memory that is there, but for dma-heap, whose
 * memory exists as a dma-buf only and is allocated by that; what a device does
 * that imports it; and in how many pieces it sees it.
 */
#include "line.h"

#include <linux/dma-heap.h>
#include <linux/udmabuf.h>

#include "kmod/mapcost.h"

enum {
	EXPORT, MMAP, TOUCH, MUNMAP, ATTACH, MAP, UNMAP, DETACH, CLOSE, STEPS
};

/* A kind of memory: @make gives a descriptor, @export a dma-buf; or -errno */
struct kind {
	const char *row;
	const char *whose;
	unsigned int backing;
	int (*make)(const struct kind *kind, size_t bytes);
	int (*export)(int fd, size_t bytes);
};

static int cost_fd;

static int make_buffer(const struct kind *kind, size_t bytes)
{
	int err = b_try_create("dmabuf", bytes, kind->backing);

	return err ? err : b_open("dmabuf", O_RDWR);
}

static int export_buffer(int fd, size_t bytes)
{
	return b_export(fd, 0, bytes);
}

static int make_heap(const struct kind *kind, size_t bytes)
{
	int fd = open("/dev/dma_heap/system", O_RDWR | O_CLOEXEC);

	(void)kind;
	(void)bytes;
	return fd < 0 ? -errno : fd;
}

static int export_heap(int fd, size_t bytes)
{
	struct dma_heap_allocation_data data = {
		.len = bytes, .fd_flags = O_RDWR | O_CLOEXEC,
	};

	return ioctl(fd, DMA_HEAP_IOCTL_ALLOC, &data) ? -errno : (int)data.fd;
}

static int make_memfd(const struct kind *kind, size_t bytes)
{
	int fd;

	(void)kind;
	if (access("/dev/udmabuf", F_OK))
		return -errno;
	fd = memfd_create("dmabuf", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0 || ftruncate(fd, bytes) || fallocate(fd, 0, 0, bytes) ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK))
		t_bail("a sealed memfd");
	return fd;
}

static int export_memfd(int fd, size_t bytes)
{
	struct udmabuf_create create = {
		.memfd = fd, .flags = UDMABUF_FLAGS_CLOEXEC, .size = bytes,
	};
	int device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	int dmabuf = ioctl(device, UDMABUF_CREATE, &create);

	if (dmabuf < 0)
		dmabuf = -errno;
	close(device);
	return dmabuf;
}

static const struct kind kinds[] = {
	{ "mapbuf vmalloc", "mapbuf", MAPBUF_BACKING_VMALLOC, make_buffer,
	  export_buffer },
	{ "mapbuf contiguous", "mapbuf", MAPBUF_BACKING_CONTIGUOUS, make_buffer,
	  export_buffer },
	{ "dma-heap", "system", 0, make_heap, export_heap },
	{ "udmabuf", "system", 0, make_memfd, export_memfd },
};

/* 0, or an error of importing it. */
static int import(int dmabuf, uint64_t *steps, unsigned int *pieces)
{
	struct mapcost_import request = { .fd = dmabuf };

	if (ioctl(cost_fd, MAPCOST_IMPORT, &request))
		return errno;
	steps[ATTACH] = request.attach;
	steps[MAP] = request.map;
	steps[UNMAP] = request.unmap;
	steps[DETACH] = request.detach;
	*pieces = request.pieces;
	return 0;
}

/* 0, or an error in errno. */
static int once(const struct kind *kind, int fd, size_t bytes, uint64_t *steps,
		unsigned int *pieces)
{
	uint64_t at[STEPS + 1];
	int dmabuf, i, err;
	size_t j;
	char *map;

	at[EXPORT] = now();
	dmabuf = kind->export(fd, bytes);
	if (dmabuf < 0)
		return -dmabuf;
	at[MMAP] = now();
	map = b_map(dmabuf, bytes, 0);
	at[TOUCH] = now();
	for (j = 0; j < bytes; j += PAGE)
		*(volatile char *)(map + j) = 1;
	at[MUNMAP] = now();
	munmap(map, bytes);
	at[MUNMAP + 1] = now();
	for (i = EXPORT; i <= MUNMAP; i++)
		steps[i] = at[i + 1] - at[i];
	err = import(dmabuf, steps, pieces);
	at[CLOSE] = now();
	close(dmabuf);
	steps[CLOSE] = now() - at[CLOSE];
	return err;
}

static void measure(const struct kind *kind, size_t bytes)
{
	uint64_t best[STEPS] = { 0 }, steps[STEPS];
	int i, fd = kind->make(kind, bytes), err = fd < 0 ? -fd : 0;
	double values[STEPS + 1];
	unsigned int pieces = 0;

	for (i = 0; i < 5 && !err; i++) {
		err = once(kind, fd, bytes, steps, &pieces);
		least(best, steps, STEPS, !i);
	}
	if (fd >= 0)
		close(fd);
	if (kind->make == make_buffer)
		b_destroy("dmabuf", 0);
	if (err) {
		line_error(bytes, kind->row, err);
		return;
	}
	for (i = 0; i < STEPS; i++)
		values[i] = best[i];
	values[STEPS] = pieces;
	line("dmabuf", bytes, kind->row, kind->whose, values, STEPS + 1);
}

int main(int argc, char **argv)
{
	size_t j;
	int i;

	cost_fd = open("/dev/mapcost", O_RDWR | O_CLOEXEC);
	if (cost_fd < 0)
		t_bail("open /dev/mapcost");
	write_file("/sys/module/udmabuf/parameters/size_limit_mb", "4096");
	for (i = 1; i < argc; i++) {
		for (j = 0; j < ARRAY_LEN(kinds); j++)
			measure(&kinds[j], atol(argv[i]) * MIB);
	}
	return 0;
}
