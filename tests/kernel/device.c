// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers that belong to a device: that of kmod/driver_calls.c, which does what it is told
 * with addresses.  With and without bounce buffers (swiotlb=force): behind them what
 * is not synchronized, in the right direction, is not there.
 */
#include "owned.h"

#include <linux/dma-buf.h>
#include <poll.h>

#define SIZE (4 * MIB)

static int driver;
static bool bounced;
static const char *store;

static int try_create(const char *name, unsigned int backing,
		      const char *device, unsigned int flags, unsigned int bits)
{
	return try_owned(name, SIZE, backing, device, flags, bits);
}

#define device_fills(fd, seed) \
	must(device_does(driver, fd, SIZE, DRIVER_ADDRESS_FILL, seed))
#define device_sees(fd, seed) \
	device_does(driver, fd, SIZE, DRIVER_ADDRESS_CHECK, seed)

static void refused(void)
{
	static const char full[MAPBUF_DEVICE_SIZE] = {
		[0 ... MAPBUF_DEVICE_SIZE - 1] = 'x'
	};
	struct mapbuf_create request = {
		.size = sizeof(request), .bytes = SIZE, .name = "no",
		.device = DEVICE,
	};
	char longest[MAPBUF_DEVICE_SIZE];

	t_ok(try_create("no", 0, "mapbuf-driver", 0, 0) == -EINVAL,
	     "a device without a bus");
	t_ok(try_create("no", 0, "/mapbuf-driver", 0, 0) == -EINVAL,
	     "a bus without a name");
	t_ok(try_create("no", 0, "platform/", 0, 0) == -EINVAL,
	     "a device without a name");
	t_ok(try_create("no", 0, full, 0, 0) == -EINVAL, "a name without an end");
	memcpy(longest, full, sizeof(longest));
	memcpy(longest, "platform/", 9);
	longest[MAPBUF_DEVICE_SIZE - 1] = '\0';
	t_ok(try_create("no", 0, longest, 0, 0) == -ENODEV,
	     "the longest name of a device");
	t_ok(try_create("no", 0, "platform/no-such-device", 0, 0) == -ENODEV,
	     "a device that is not there");
	t_ok(try_create("no", 0, "usb/1-1", 0, 0) == -EOPNOTSUPP,
	     "a bus of other devices");
	t_ok(try_create("no", 0, "platform/../mapbuf-driver", 0, 0) == -ENODEV,
	     "a path is not a name");
	t_ok(try_create("no", 0, "", MAPBUF_CREATE_SHOW_ADDRESS, 0) == -EINVAL,
	     "to show the address for no device");
	request.device[MAPBUF_DEVICE_SIZE - 1] = 'x';
	t_fails(ioctl(b_control(), MAPBUF_IOC_CREATE, &request), EINVAL,
		"something after the end of the name");
	t_ok(!b_nodes(), "nothing was made");
}

static void requests(int fd)
{
	int reader = b_open("device", O_RDONLY), other;
	struct mapbuf_dma dma;

	t_ok(b_sync_part(fd, 0, 0, FETCH) == -EINVAL, "%s: sync of nothing", store);
	t_ok(b_sync_part(fd, SIZE, 1, FETCH) == -EINVAL, "%s: sync at the end",
	     store);
	t_ok(b_sync_part(fd, 1, SIZE, FETCH) == -EINVAL, "%s: sync beyond it",
	     store);
	t_ok(b_sync_part(fd, 1, -1ULL, FETCH) == -EINVAL,
	     "%s: sync of more than there is", store);
	t_ok(b_sync_part(fd, 0, 1, MAPBUF_SYNC_FROM_DEVICE) == -EINVAL,
	     "%s: sync for nobody", store);
	t_ok(b_sync_part(fd, 0, 1, FETCH | GIVE) == -EINVAL, "%s: sync for both",
	     store);
	t_ok(b_sync_part(fd, 0, 1, MAPBUF_SYNC_FOR_CPU) == -EINVAL,
	     "%s: sync in no direction", store);
	t_ok(b_sync_part(fd, 0, 1, FETCH | 16) == -EINVAL, "%s: an unknown flag",
	     store);
	t_ok(b_sync_part(reader, 0, 1, FETCH) == -EACCES,
	     "%s: sync by one who cannot write", store);
	t_ok(b_address(fd, SIZE, &dma) == -EINVAL, "%s: the address of the end",
	     store);
	close(reader);

	b_create("none", PAGE, MAPBUF_BACKING_VMALLOC);
	other = b_open("none", O_RDWR);
	t_ok(b_sync_part(other, 0, PAGE, FETCH) == -ENODEV,
	     "%s: sync with no device", store);
	t_ok(b_address(other, 0, &dma) == -ENODEV,
	     "%s: the address for no device", store);
	t_ok(!b_sysfs("none", "dma_addr"), "%s: nor is it in sysfs", store);
	close(other);
	must(!b_destroy("none", 0));
}

/* What a process without privileges is told, in its exit status. */
static void stranger(unsigned int flags)
{
	int writer = b_open("device", O_RDWR), reader = b_open("device", O_RDONLY);
	struct mapbuf_dma dma;

	must(!setresgid(1, 1, 1) && !setresuid(1, 1, 1));
	must(b_address(reader, 0, &dma) == -EPERM);
	must(b_address(writer, 0, &dma) ==
	     (flags & MAPBUF_CREATE_SHOW_ADDRESS ? 0 : -EPERM));
	must(!b_sysfs("device", "dma_addr"));
}

static void shown(int fd)
{
	char link[256] = "", path[64], *text;
	struct mapbuf_dma dma;
	bool whole;

	snprintf(path, sizeof(path), "/sys/class/mapbuf/mapbuf%d/device",
		 b_id("device"));
	t_ok(readlink(path, link, sizeof(link) - 1) > 0 &&
	     !strcmp(strrchr(link, '/'), "/mapbuf-driver"),
	     "%s: sysfs shows the device", store);
	must(!b_address(fd, 0, &dma));
	whole = dma.bytes == SIZE;
	t_ok(whole || bounced || strcmp(store, "contiguous"),
	     "%s: one range is in one piece", store);
	text = b_sysfs("device", "dma_addr");
	t_ok(whole ? text && strtoull(text, NULL, 16) == dma.address : !text,
	     "%s: and its address, if it is one", store);
	text = b_sysfs("device", "phys_addr");
	if (text && !bounced)
		t_ok(strtoull(text, NULL, 16) == dma.address,
		     "%s: which is where it is", store);
	else if (text)
		t_ok(strtoull(text, NULL, 16) != dma.address,
		     "%s: which is that of the bounce buffer", store);
	child(stranger, 0);
	t_ok(reap(), "%s: but not to strangers", store);
}

static void transfers(char *map, int fd)
{
	const size_t at = 64 * KIB - PAGE, n = 3 * PAGE;
	int dmabuf;

	memset(map, 0, SIZE);
	must(!b_sync_part(fd, 0, SIZE, GIVE));
	device_fills(fd, 1);
	t_ok(filled(map, SIZE, 1) == !bounced,
	     "%s: what the device wrote is there only without bounce buffers",
	     store);
	must(!b_sync_part(fd, at, n, FETCH));
	t_ok(filled(map + at, n, 1 + at / 8), "%s: a part is fetched", store);
	if (bounced)
		t_ok(all_zero(map, at) && all_zero(map + at + n, SIZE - at - n),
		     "%s: and nothing else", store);
	t_ok(!b_sync_part(fd, 0, SIZE, FETCH) && filled(map, SIZE, 1),
	     "%s: all of it is fetched", store);

	fill(map, SIZE, 2);
	t_ok(device_sees(fd, bounced ? 1 : 2),
	     "%s: what a process wrote is not yet there behind bounce buffers",
	     store);
	must(!b_sync_part(fd, 0, SIZE,
			  MAPBUF_SYNC_FOR_DEVICE | MAPBUF_SYNC_FROM_DEVICE));
	t_ok(device_sees(fd, bounced ? 1 : 2),
	     "%s: nor in the wrong direction", store);
	t_ok(!b_sync_part(fd, 0, SIZE, GIVE) && device_sees(fd, 2),
	     "%s: it is given to the device", store);

	device_fills(fd, 3);
	dmabuf = b_export(fd, 0, SIZE);
	if (dmabuf == -EOPNOTSUPP) {
		t_skip("this kernel has no dma-buf", "%s: by a dma-buf", store);
		return;
	}
	must(!b_sync(dmabuf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ));
	t_ok(filled(map, SIZE, 3), "%s: a dma-buf reaches the device, too",
	     store);
	must(!b_sync(dmabuf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ));
	close(dmabuf);
}

/* Whether the address has been said to be another one, or none. */
static bool was_told(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLPRI };
	char text[64];

	if (poll(&poll_fd, 1, 0) != 1 || !(poll_fd.revents & POLLPRI))
		return false;
	(void)!pread(fd, text, sizeof(text), 0);
	return true;
}

static int watch_address(void)
{
	char path[64], text[64];
	int fd;

	snprintf(path, sizeof(path), "/sys/class/mapbuf/mapbuf%d/dma_addr",
		 b_id("device"));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	must(fd >= 0);
	(void)!pread(fd, text, sizeof(text), 0);
	return fd;
}

/* A driver comes, goes, and comes again. */
static void drivers(char *map, int fd)
{
	int watch = watch_address();
	struct mapbuf_dma dma;

	must(!write_file(DEVICES "driver_override", "mapbuf-owner"));
	fill(map, SIZE, 4);
	must(!b_sync_part(fd, 0, SIZE, GIVE));
	must(!write_file(OWNER "bind", "mapbuf-driver"));
	t_ok(!b_address(fd, 0, &dma), "%s: with a driver it has an address", store);
	t_ok(was_told(watch), "%s: perhaps another one", store);
	t_ok(device_sees(fd, 4), "%s: where the device sees the same", store);

	must(!write_file(OWNER "unbind", "mapbuf-driver"));
	t_ok(b_address(fd, 0, &dma) == -ENODEV, "%s: when the driver goes it has none",
	     store);
	t_ok(was_told(watch), "%s: and says so", store);
	t_ok(b_sync_part(fd, 0, SIZE, FETCH) == -ENODEV,
	     "%s: nor is anything to be synchronized", store);
	t_ok(filled(map, SIZE, 4), "%s: but the memory is there", store);

	must(!write_file(OWNER "bind", "mapbuf-driver"));
	t_ok(device_sees(fd, 4), "%s: the next driver has it again", store);
	must(!write_file(OWNER "unbind", "mapbuf-driver"));
	must(!write_file(DEVICES "driver_override", "\n"));
	close(watch);
}

static void whole_life(const struct store *s)
{
	unsigned int flags = s->id == MAPBUF_BACKING_VMALLOC ?
			     MAPBUF_CREATE_SHOW_ADDRESS : 0;
	char *map;
	int fd;

	store = s->name;
	if (try_create("device", s->id, DEVICE, 0, 0))
		t_bail("%s: create", store);
	fd = b_open("device", O_RDWR);
	map = b_map(fd, SIZE, 0);
	requests(fd);
	shown(fd);
	transfers(map, fd);
	drivers(map, fd);
	munmap(map, SIZE);
	close(fd);
	t_ok(!b_destroy("device", 0), "%s: nothing holds it", store);

	must(!try_create("device", s->id, DEVICE, flags, 0));
	child(stranger, flags);
	t_ok(reap(), "%s: the address is for those who may have it", store);
	must(!b_destroy("device", 0));
}

/* What one user has left in bounce buffers does not come to the next one. */
static void cleared(const struct store *s)
{
	char *map;
	int fd;

	store = s->name;
	must(!try_create("device", s->id, DEVICE,
			 MAPBUF_CREATE_ZERO_LAST_CLOSE, 0));
	fd = b_open("device", O_RDWR);
	map = b_map(fd, SIZE, 0);
	fill(map, SIZE, 6);
	must(!b_sync_part(fd, 0, SIZE, GIVE));
	munmap(map, SIZE);
	close(fd);
	fd = b_open("device", O_RDWR);
	map = b_map(fd, SIZE, 0);
	must(!b_sync_part(fd, 0, SIZE, FETCH));
	t_ok(all_zero(map, SIZE), "%s: nothing of the last user is fetched",
	     store);
	munmap(map, SIZE);
	close(fd);
	must(!b_destroy("device", 0));
}

/* The memory that is taken is what the device reaches. */
static void mask(const struct store *s)
{
	struct mapbuf_dma dma = { 0 };
	uint64_t at, highest = 0;
	char *text;
	int fd;

	store = s->name;
	must(!try_create("device", s->id, DEVICE, 0, 28));
	fd = b_open("device", O_RDWR);
	for (at = 0; at < SIZE; at += dma.bytes) {
		must(!b_address(fd, at, &dma));
		if (dma.address + dma.bytes > highest)
			highest = dma.address + dma.bytes;
	}
	t_ok(highest <= 1UL << 28, "%s: a device that reaches 256 MiB", store);
	close(fd);
	must(!b_destroy("device", 0));

	must(!try_create("device", s->id, DEVICE, MAPBUF_CREATE_SHOW_ADDRESS, 0));
	text = b_sysfs("device", "dma_bits");
	t_ok(text && !strcmp(text, "0"), "%s: DMA bits are what was asked for",
	     store);
	text = b_sysfs("device", "phys_addr");
	if (text)
		t_ok(strtoull(text, NULL, 16) < 1UL << 28,
		     "%s: the device is asked, if nothing was", store);
	must(!b_destroy("device", 0));
	must(!try_create("device", s->id, DEVICE, 0, 64));
	must(!b_destroy("device", 0));
}

/* A driver of the kernel with a buffer of its own device. */
static void in_kernel(void)
{
	struct driver_call call = {
		.name = "device", .bytes = SIZE, .with_device = 1,
		.backing = MAPBUF_BACKING_CONTIGUOUS,
	};
	struct mapbuf_dma dma;
	int fd;

	must(!ioctl(driver, DRIVER_CREATE, &call));
	fd = b_open("device", O_RDWR);
	must(!b_address(fd, PAGE, &dma));
	call.offset = PAGE;
	t_ok(!ioctl(driver, DRIVER_DMA_ADDRESS, &call) &&
	     call.address == dma.address && call.bytes == dma.bytes,
	     "a driver is told the same address");
	call.offset = SIZE;
	t_fails(ioctl(driver, DRIVER_DMA_ADDRESS, &call), EINVAL,
		"but none at the end");
	close(fd);
	must(!ioctl(driver, DRIVER_DESTROY, &call));
}

static void make_and_use(unsigned int seed)
{
	struct mapbuf_dma dma;
	char name[16];
	int i, fd, err;

	snprintf(name, sizeof(name), "race%u", seed);
	for (i = 0; i < 100; i++) {
		err = try_create(name, MAPBUF_BACKING_VMALLOC, DEVICE, 0, 0);
		must(!err || err == -ENODEV || err == -EIO);
		if (err)
			continue;
		fd = b_open(name, O_RDWR);
		err = b_address(fd, 0, &dma);
		must(!err || err == -ENODEV);
		err = b_sync_part(fd, 0, SIZE, FETCH);
		must(!err || err == -ENODEV);
		close(fd);
		must(!b_destroy(name, 0));
	}
}

/* The device goes while its buffer is in use. */
static void removed(const struct store *s)
{
	struct mapbuf_dma dma;
	char path[64], *map;
	int fd, watch;

	store = s->name;
	must(!try_create("device", s->id, DEVICE, 0, 0));
	fd = b_open("device", O_RDWR);
	map = b_map(fd, SIZE, 0);
	fill(map, SIZE, 5);
	must(!b_sync_part(fd, 0, SIZE, GIVE));
	watch = watch_address();
	driver_unload(driver);
	t_ok(was_told(watch), "%s: a device that is removed: it says so", store);
	t_ok(b_address(fd, 0, &dma) == -ENODEV, "%s: there is no address", store);
	t_ok(b_sync_part(fd, 0, SIZE, FETCH) == -ENODEV,
	     "%s: nothing is to be synchronized", store);
	snprintf(path, sizeof(path), "/sys/class/mapbuf/mapbuf%d/device",
		 b_id("device"));
	t_ok(access(path, F_OK) && errno == ENOENT,
	     "%s: sysfs shows no device", store);
	t_ok(filled(map, SIZE, 5), "%s: the memory stays", store);
	close(watch);
	driver = driver_load();
	t_ok(b_address(fd, 0, &dma) == -ENODEV,
	     "%s: another one of that name is not its device", store);
	munmap(map, SIZE);
	close(fd);
	t_ok(!b_destroy("device", 0), "%s: it can be destroyed", store);
}

int main(void)
{
	const struct store *s;

	bounced = is_bounced();
	driver = driver_load();
	refused();
	for (s = stores; s->name; s++)
		whole_life(s);
	for (s = stores; s->name; s++)
		cleared(s);
	in_kernel();
	race_drivers(make_and_use);
	for (s = stores; s->name; s++)
		removed(s);
	/* Bounce buffers are beyond what such a device reaches. */
	for (s = stores; !bounced && s->name; s++)
		mask(s);
	driver_unload(driver);
	return t_done();
}
