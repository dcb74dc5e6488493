// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that do not see memory itself: all DMA goes through bounce buffers
 * (swiotlb=force), so what is not synchronized, in the right direction, is not
 * there.  The device is that of kmod/driver_calls.c.
 */
#include "use.h"

#include <linux/dma-buf.h>

#include "kmod/driver.h"

#define SIZE (4 * MIB)
/* enum dma_data_direction of the kernel */
#define BOTH_WAYS 0
#define TO_DEVICE 1

static int device;
static const char *store;

static int ask(unsigned long command, int fd, unsigned int flags, uint64_t seed)
{
	struct driver_call call = {
		.fd = fd, .flags = flags, .seed = seed, .bytes = SIZE,
	};

	return ioctl(device, command, &call) ? -errno : 0;
}

#define device_fill(seed) must(!ask(DRIVER_DEVICE_FILL, 0, 0, seed))
#define device_sees(seed) (!ask(DRIVER_DEVICE_CHECK, 0, 0, seed))
#define begin(fd, how) must(!b_sync(fd, DMA_BUF_SYNC_START | (how)))
#define end(fd, how) must(!b_sync(fd, DMA_BUF_SYNC_END | (how)))

/* Whoever exports again reaches the device that has mapped another dma-buf. */
static void by_another(char *map, int one, int two, int part)
{
	must(!ask(DRIVER_MAP, one, BOTH_WAYS, 0));
	device_fill(1);
	begin(two, DMA_BUF_SYNC_READ);
	t_ok(filled(map, SIZE, 1), "%s: what the device wrote is fetched by another dma-buf",
	     store);
	end(two, DMA_BUF_SYNC_READ);

	begin(two, DMA_BUF_SYNC_WRITE);
	fill(map, SIZE, 2);
	end(two, DMA_BUF_SYNC_WRITE);
	t_ok(device_sees(2), "%s: and what a process writes gets there", store);

	device_fill(3);
	begin(part, DMA_BUF_SYNC_READ);
	t_ok(filled(map + SIZE - PAGE, PAGE, 3 + (SIZE - PAGE) / 8),
	     "%s: by one of a part, too", store);
	end(part, DMA_BUF_SYNC_READ);
	must(!ask(DRIVER_UNMAP, 0, 0, 0));
}

/* Each access of a process leaves alone what others have written. */
static void nothing_lost(char *map, int one, int two)
{
	must(!ask(DRIVER_MAP, one, TO_DEVICE, 0));
	fill(map, SIZE, 4);
	begin(two, DMA_BUF_SYNC_READ);
	end(two, DMA_BUF_SYNC_READ);
	t_ok(filled(map, SIZE, 4),
	     "%s: nothing is fetched from a device that only reads", store);
	must(!ask(DRIVER_UNMAP, 0, 0, 0));

	must(!ask(DRIVER_MAP, one, BOTH_WAYS, 0));
	begin(one, DMA_BUF_SYNC_WRITE);
	fill(map, SIZE, 5);
	begin(two, DMA_BUF_SYNC_READ);
	t_ok(filled(map, SIZE, 5), "%s: nor while a process writes", store);
	end(two, DMA_BUF_SYNC_READ);
	end(one, DMA_BUF_SYNC_WRITE);
	t_ok(device_sees(5), "%s: the device gets it when that ends", store);

	begin(two, DMA_BUF_SYNC_READ);
	device_fill(6);
	end(two, DMA_BUF_SYNC_READ);
	t_ok(device_sees(6), "%s: reading takes nothing from the device", store);
	must(!ask(DRIVER_UNMAP, 0, 0, 0));
}

/* A process that ends while it writes keeps nobody from what devices write. */
static void unfinished(char *map, int node, int one, int two)
{
	int lost = b_export(node, 0, SIZE);

	must(!ask(DRIVER_MAP, one, BOTH_WAYS, 0));
	begin(lost, DMA_BUF_SYNC_WRITE);
	fill(map, SIZE, 14);
	close(lost);
	t_ok(device_sees(14), "%s: what nobody ends is given to the device", store);
	device_fill(7);
	begin(two, DMA_BUF_SYNC_READ);
	t_ok(filled(map, SIZE, 7), "%s: an access that nobody ends", store);
	end(two, DMA_BUF_SYNC_READ);
	must(!ask(DRIVER_UNMAP, 0, 0, 0));
}

/* What happens to a part happens to nothing else. */
static void parts(char *map, int node, int one, int two, int part)
{
	int first = b_export(node, 0, PAGE);
	const size_t at = SIZE - PAGE;

	must(!ask(DRIVER_MAP, one, BOTH_WAYS, 0));
	device_fill(10);
	begin(part, DMA_BUF_SYNC_WRITE);
	fill(map + at, PAGE, 11);
	begin(first, DMA_BUF_SYNC_READ);
	t_ok(filled(map, PAGE, 10), "%s: one part is fetched while another is written",
	     store);
	end(first, DMA_BUF_SYNC_READ);
	device_fill(12);
	end(part, DMA_BUF_SYNC_WRITE);
	begin(two, DMA_BUF_SYNC_READ);
	t_ok(filled(map, at, 12) && filled(map + at, PAGE, 11),
	     "%s: to give one part to the device takes nothing else from it", store);
	end(two, DMA_BUF_SYNC_READ);

	fill(map + at, PAGE, 13);
	begin(first, DMA_BUF_SYNC_READ);
	end(first, DMA_BUF_SYNC_READ);
	t_ok(filled(map + at, PAGE, 13),
	     "%s: to fetch one part leaves alone what others have written", store);
	must(!ask(DRIVER_UNMAP, 0, 0, 0));
	close(first);
}

/* An importer may map what it has attached to more than once. */
static void twice(char *map, int one)
{
	fill(map, SIZE, 8);
	must(!ask(DRIVER_MAP, one, TO_DEVICE, 0));
	must(!ask(DRIVER_MAP, one, TO_DEVICE, 0));
	t_ok(device_sees(8), "%s: mapped twice", store);
	must(!ask(DRIVER_UNMAP, 0, 0, 0));
	fill(map, SIZE, 9);
	begin(one, DMA_BUF_SYNC_WRITE);
	end(one, DMA_BUF_SYNC_WRITE);
	t_ok(device_sees(9), "%s: and the first one is still there", store);
	must(!ask(DRIVER_UNMAP, 0, 0, 0));
}

int main(void)
{
	const struct store *s;

	device = driver_load();
	if (ask(DRIVER_MAP, -1, BOTH_WAYS, 0) == -EOPNOTSUPP) {
		t_skip("this kernel has no dma-buf, or imports otherwise",
		       "bounce buffers");
		return t_done();
	}
	for (s = stores; s->name; s++) {
		int node, one, two, part;
		char *map;

		store = s->name;
		b_create("bounce", SIZE, s->id);
		node = b_open("bounce", O_RDWR);
		map = b_map(node, SIZE, 0);
		one = b_export(node, 0, SIZE);
		two = b_export(node, 0, SIZE);
		part = b_export(node, SIZE - PAGE, PAGE);
		by_another(map, one, two, part);
		nothing_lost(map, one, two);
		unfinished(map, node, one, two);
		parts(map, node, one, two, part);
		twice(map, one);
		munmap(map, SIZE);
		close(one);
		close(two);
		close(part);
		close(node);
		t_ok(!b_destroy("bounce", 0), "%s: nothing holds it", store);
	}
	driver_unload(device);
	return t_done();
}
