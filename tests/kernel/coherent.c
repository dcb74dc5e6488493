// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of the device that the buffer belongs to: seen by both without a
 * synchronization, also where bounce buffers would want one; and gone with the device
 * or its driver.
 */
#include "owned.h"

/* Without a CMA area the page allocator has this much in one piece. */
#define SIZE (2 * MIB)

static int driver;

static int try_coherent(const char *device, uint64_t bytes, unsigned int flags,
			unsigned int bits)
{
	return try_owned("coherent", bytes, MAPBUF_BACKING_COHERENT, device,
			 flags, bits);
}

static void refused(void)
{
	struct mapbuf_create request = {
		.size = sizeof(request), .bytes = SIZE, .name = "coherent",
		.backing = MAPBUF_BACKING_COHERENT, .device = DEVICE,
	};

	t_ok(try_coherent("", SIZE, 0, 0) == -EINVAL, "of no device");
	t_ok(try_coherent(DEVICE, SIZE, MAPBUF_CREATE_NUMA_NODE, 0) == -EINVAL,
	     "of a NUMA node");
	request.phys_addr = MIB;
	t_fails(ioctl(b_control(), MAPBUF_IOC_CREATE, &request), EINVAL,
		"at an address");
	request.phys_addr = 0;
	request.cache = MAPBUF_CACHE_UNCACHED;
	t_fails(ioctl(b_control(), MAPBUF_IOC_CREATE, &request), EINVAL,
		"with a caching that is not the device's");
	t_ok(try_coherent(DEVICE, 1ULL << 40, 0, 0) == -ENOSPC,
	     "more than all buffers may have");
	t_ok(try_coherent(DEVICE, 512 * MIB, 0, 0) == -ENOMEM,
	     "more than there is in one piece");
	t_ok(!b_nodes(), "nothing was made");
}

static void shown(int fd)
{
	struct mapbuf_dma dma;
	char *text;

	text = b_sysfs("coherent", "backing");
	t_ok(text && !strcmp(text, "coherent"), "sysfs has the store");
	must(!b_address(fd, 0, &dma));
	t_ok(dma.bytes == SIZE, "it is one piece to the device");
	text = b_sysfs("coherent", "dma_addr");
	t_ok(text && strtoull(text, NULL, 16) == dma.address,
	     "and sysfs has its address");
	must(!b_address(fd, PAGE, &dma));
	t_ok(dma.bytes == SIZE - PAGE &&
	     dma.address - PAGE == strtoull(text, NULL, 16), "so has a part");
	t_ok(!b_sysfs("coherent", "phys_addr"), "where it is in memory is not told");
}

static void shared(int fd, char *map)
{
	char *copy = malloc(SIZE);

	t_ok(all_zero(map, SIZE), "it is filled with zeroes");
	must(device_does(driver, fd, SIZE, DRIVER_ADDRESS_FILL, 1));
	t_ok(filled(map, SIZE, 1), "what the device writes is there");
	fill(map, SIZE, 2);
	t_ok(device_does(driver, fd, SIZE, DRIVER_ADDRESS_CHECK, 2),
	     "the device sees what a process writes");
	t_ok(!b_sync_part(fd, 0, SIZE, FETCH) && !b_sync_part(fd, 0, SIZE, GIVE) &&
	     filled(map, SIZE, 2), "a synchronization changes nothing");

	must(copy && pread(fd, copy, SIZE, 0) == SIZE);
	t_ok(filled(copy, SIZE, 2), "it can be read");
	fill(copy, SIZE, 3);
	must(pwrite(fd, copy, SIZE, 0) == SIZE);
	t_ok(filled(map, SIZE, 3), "and written to");
	free(copy);
}

/* Its pages are nobody's but the device's. */
static void not_pinned(int fd, char *map)
{
	struct iovec part = { .iov_base = map, .iov_len = PAGE };
	int pipe_fds[2], dmabuf;

	must(!pipe(pipe_fds));
	t_fails(vmsplice(pipe_fds[1], &part, 1, 0), EFAULT, "it cannot be pinned");
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	dmabuf = b_export(fd, 0, SIZE);
	t_ok(dmabuf == -EOPNOTSUPP, "nor given to other devices");
	t_ok(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED &&
	     errno == EINVAL, "nor mapped privately");
}

static void whole_life(void)
{
	char *map;
	int fd;

	must(!try_coherent(DEVICE, SIZE, 0, 0));
	fd = b_open("coherent", O_RDWR);
	map = b_map(fd, SIZE, 0);
	shown(fd);
	shared(fd, map);
	not_pinned(fd, map);
	munmap(map, SIZE);
	close(fd);
	t_ok(!b_destroy("coherent", 0), "nothing holds it");

	must(!try_coherent(DEVICE, SIZE, MAPBUF_CREATE_ZERO_LAST_CLOSE, 0));
	fd = b_open("coherent", O_RDWR);
	map = b_map(fd, SIZE, 0);
	fill(map, SIZE, 4);
	munmap(map, SIZE);
	close(fd);
	fd = b_open("coherent", O_RDWR);
	map = b_map(fd, SIZE, 0);
	t_ok(all_zero(map, SIZE), "the next user sees nothing of the last one");
	munmap(map, SIZE);
	must(!b_destroy("coherent", MAPBUF_DESTROY_DEFERRED));
	close(fd);

	must(!try_coherent(DEVICE, PAGE, 0, 24));
	fd = b_open("coherent", O_RDWR);
	t_ok(device_does(driver, fd, PAGE, DRIVER_ADDRESS_FILL, 5),
	     "a device that reaches 16 MiB");
	close(fd);
	must(!b_destroy("coherent", 0));
	must(!try_coherent(DEVICE, PAGE, 0, 64));
	must(!b_destroy("coherent", 0));
}

/* What is left of a buffer whose memory has gone. */
static void lost(const char *why, int fd, char *map)
{
	struct mapbuf_dma dma;
	char byte;

	t_ok(raised(map, false) && raised(map + SIZE - 1, true), "%s: a touch raises SIGBUS",
	     why);
	t_ok(pread(fd, &byte, 1, 0) < 0 && errno == ENODEV, "%s: nothing to read",
	     why);
	t_ok(b_address(fd, 0, &dma) == -ENODEV, "%s: no address", why);
	t_ok(b_sync_part(fd, 0, PAGE, FETCH) == -ENODEV,
	     "%s: nothing to synchronize", why);
	t_ok(b_open("coherent", O_RDONLY) < 0 && errno == ENODEV,
	     "%s: nor can it be opened", why);
	munmap(map, SIZE);
	close(fd);
	t_ok(!b_destroy("coherent", 0), "%s: it can be destroyed", why);
}

static void drivers(void)
{
	char *map;
	int fd;

	must(!write_file(DEVICES "driver_override", "mapbuf-owner"));
	must(!try_coherent(DEVICE, SIZE, 0, 0));
	fd = b_open("coherent", O_RDWR);
	map = b_map(fd, SIZE, 0);
	fill(map, SIZE, 6);
	must(!write_file(OWNER "bind", "mapbuf-driver"));
	t_ok(device_does(driver, fd, SIZE, DRIVER_ADDRESS_CHECK, 6) &&
	     filled(map, SIZE, 6), "a driver comes: the memory stays");
	must(!write_file(OWNER "unbind", "mapbuf-driver"));
	lost("a driver goes", fd, map);

	must(!write_file(OWNER "bind", "mapbuf-driver"));
	t_ok(!try_coherent(DEVICE, SIZE, 0, 0), "while there is one");
	fd = b_open("coherent", O_RDWR);
	map = b_map(fd, SIZE, 0);
	fill(map, SIZE, 7);
	must(!write_file(OWNER "unbind", "mapbuf-driver"));
	must(!write_file(OWNER "bind", "mapbuf-driver"));
	lost("another driver comes", fd, map);
	must(!write_file(OWNER "unbind", "mapbuf-driver"));
	must(!write_file(DEVICES "driver_override", "\n"));
}

static void in_kernel(void)
{
	struct driver_call call = {
		.name = "coherent", .bytes = SIZE, .with_device = 1,
		.backing = MAPBUF_BACKING_COHERENT, .seed = 8,
	};
	char *map;
	int fd;

	must(!ioctl(driver, DRIVER_CREATE, &call));
	fd = b_open("coherent", O_RDWR);
	map = b_map(fd, SIZE, 0);
	call.bytes = SIZE;
	call.offset = 0;
	must(!ioctl(driver, DRIVER_FILL, &call));
	t_ok(filled(map, SIZE, 8), "a driver of the kernel fills it");
	t_fails(ioctl(driver, DRIVER_TABLE, &call), EOPNOTSUPP,
		"but has no pages of it");
	munmap(map, SIZE);
	close(fd);
	must(!ioctl(driver, DRIVER_DESTROY, &call));
}

static void make_and_use(unsigned int seed)
{
	char name[16], byte, *map;
	int i, fd;

	snprintf(name, sizeof(name), "race%u", seed);
	for (i = 0; i < 100; i++) {
		int err = try_owned(name, SIZE / 2, MAPBUF_BACKING_COHERENT,
				    DEVICE, 0, 0);

		must(!err || err == -ENODEV || err == -ENOMEM);
		if (err)
			continue;
		fd = b_open(name, O_RDWR);
		must(fd >= 0 || errno == ENODEV);
		map = fd < 0 ? MAP_FAILED : mmap(NULL, SIZE / 2, PROT_READ,
						 MAP_SHARED, fd, 0);
		must(map != MAP_FAILED || fd < 0 || errno == ENODEV);
		if (map != MAP_FAILED) {
			(void)raised(map + (i * PAGE) % (SIZE / 2), false);
			munmap(map, SIZE / 2);
		}
		if (fd >= 0) {
			must(pread(fd, &byte, 1, i) == 1 || errno == ENODEV);
			close(fd);
		}
		must(!b_destroy(name, 0));
	}
}

static void removed(void)
{
	char *map;
	int fd;

	must(!try_coherent(DEVICE, SIZE, 0, 0));
	fd = b_open("coherent", O_RDWR);
	map = b_map(fd, SIZE, 0);
	fill(map, SIZE, 9);
	driver_unload(driver);
	lost("a device that is removed", fd, map);
	driver = driver_load();
}

int main(void)
{
	driver = driver_load();
	refused();
	whole_life();
	drivers();
	in_kernel();
	race_drivers(make_and_use);
	removed();
	driver_unload(driver);
	return t_done();
}
