// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a driver of the kernel maps of a buffer for its device, and its dma-bufs: in
 * entries that the device takes, synchronized by whoever does that, and users of the
 * buffer.  Behind bounce buffers (swiotlb=force) what is not synchronized is not there.
 */
#include "owned.h"

#include <linux/dma-buf.h>

#define SIZE (4 * MIB)
#define PART (MIB + 3 * PAGE)
#define AT (512 * KIB)
#define BIDIRECTIONAL 0	/* enum dma_data_direction */
#define TO_DEVICE 1
#define FROM_DEVICE 2

static int driver;
static bool bounced;
static const char *store;

static int ask(unsigned long command, struct driver_call call)
{
	return ioctl(driver, command, &call) ? -errno : 0;
}

#define CALL(...) ((struct driver_call){ __VA_ARGS__ })

static int map_sg(uint64_t offset, uint64_t bytes, unsigned int direction)
{
	return ask(DRIVER_MAP_SG, CALL(.offset = offset, .bytes = bytes,
				       .flags = direction));
}

static int device_writes(uint64_t seed)
{
	return ask(DRIVER_SG_FILL, CALL(.bytes = PART, .seed = seed));
}

static bool device_sees(uint64_t seed)
{
	return !ask(DRIVER_SG_CHECK, CALL(.bytes = PART, .seed = seed));
}

static int driver_syncs(unsigned int direction, bool for_cpu)
{
	return ask(DRIVER_SYNC, CALL(.offset = AT, .bytes = PART,
				     .flags = direction, .mode = for_cpu));
}

static void refused(void)
{
	struct driver_call call = { .bytes = SIZE, .segment = 64 * KIB };

	t_ok(map_sg(0, SIZE + PAGE, BIDIRECTIONAL) == -EINVAL,
	     "%s: more than there is", store);
	t_ok(map_sg(1, PAGE, BIDIRECTIONAL) == -EINVAL, "%s: half a page", store);
	t_ok(map_sg(0, 0, BIDIRECTIONAL) == -EINVAL, "%s: nothing", store);
	t_ok(driver_syncs(BIDIRECTIONAL, true) == -ENODEV,
	     "%s: a synchronization with no device", store);
	t_ok(!ioctl(driver, DRIVER_MAP_SG, &call) && call.longest == 64 * KIB &&
	     call.entries >= SIZE / (64 * KIB),
	     "%s: no entry is longer than the device takes", store);
	t_ok(map_sg(0, PAGE, BIDIRECTIONAL) == -EBUSY, "%s: one at a time", store);
	must(!ask(DRIVER_UNMAP_SG, CALL()));
	t_ok(ask(DRIVER_SYNC, CALL(.bytes = SIZE + 1)) == -EINVAL,
	     "%s: a synchronization of more than there is", store);
	t_ok(ask(DRIVER_SYNC, CALL(.bytes = PAGE, .flags = 3)) == -EINVAL,
	     "%s: in no direction", store);
}

static void data(int fd, char *map)
{
	memset(map, 0, SIZE);
	must(!map_sg(AT, PART, BIDIRECTIONAL));
	must(!device_writes(1));
	t_ok(filled(map + AT, PART, 1) == !bounced,
	     "%s: what the device wrote is there only without bounce buffers",
	     store);
	t_ok(!driver_syncs(FROM_DEVICE, true) && filled(map + AT, PART, 1),
	     "%s: the driver fetches it", store);
	t_ok(all_zero(map, AT) && all_zero(map + AT + PART, SIZE - AT - PART),
	     "%s: and nothing else", store);
	fill(map + AT, PART, 2);
	t_ok(device_sees(bounced ? 1 : 2),
	     "%s: what a process writes is not yet there behind bounce buffers",
	     store);
	t_ok(!b_sync_part(fd, AT, PART, GIVE) && device_sees(2),
	     "%s: it gives it to the device", store);
	must(!device_writes(3));
	t_ok(!b_sync_part(fd, AT, PART, FETCH) && filled(map + AT, PART, 3),
	     "%s: and fetches it", store);
	t_ok(b_sync_part(fd, 0, AT, FETCH) == -ENODEV,
	     "%s: what is not mapped is not synchronized", store);
	must(!ask(DRIVER_UNMAP_SG, CALL()));

	fill(map + AT, PART, 4);
	must(!map_sg(AT, PART, TO_DEVICE));
	t_ok(device_sees(4), "%s: to the device: it is there at once", store);
	must(!ask(DRIVER_UNMAP_SG, CALL()));
	must(!map_sg(AT, PART, FROM_DEVICE));
	must(!device_writes(5));
	must(!ask(DRIVER_UNMAP_SG, CALL()));
	t_ok(filled(map + AT, PART, 5), "%s: from the device: with the end", store);
}

/* A dma-buf that a driver makes. */
static void dma_buf(char *map)
{
	struct driver_call call = { .offset = AT, .bytes = PART };
	char *part;

	if (ioctl(driver, DRIVER_DMA_BUF, &call)) {
		must(errno == EOPNOTSUPP && !has_dmabuf());
		t_skip("this kernel has no dma-buf", "%s: a dma-buf", store);
		return;
	}
	part = mmap(NULL, PART, PROT_READ | PROT_WRITE, MAP_SHARED, call.fd, 0);
	must(part != MAP_FAILED);
	fill(part, PART, 6);
	t_ok(filled(map + AT, PART, 6), "%s: a dma-buf of a part", store);
	t_ok(!strcmp(b_sysfs("mapsg", "exports") ?: "", "1"), "%s: is counted",
	     store);
	munmap(part, PART);
	close(call.fd);
	call.bytes = SIZE;
	t_fails(ioctl(driver, DRIVER_DMA_BUF, &call), EINVAL,
		"%s: a dma-buf of more than there is", store);
}

/* Each mapping keeps the buffer. */
static void kept(void)
{
	must(!map_sg(AT, PART, BIDIRECTIONAL));
	must(!ask(DRIVER_PUT, CALL()));
	t_ok(b_destroy("mapsg", 0) == -EBUSY, "%s: mapped, it is in use", store);
	must(!b_destroy("mapsg", MAPBUF_DESTROY_DEFERRED));
	t_ok(!device_writes(7) && device_sees(7),
	     "%s: destroyed, it is still the device's", store);
	t_ok(module_unload() == -EAGAIN, "%s: so the module stays", store);
	must(!ask(DRIVER_UNMAP_SG, CALL()));
}

static void whole_life(const struct store *s)
{
	char *map;
	int fd;

	store = s->name;
	must(!ask(DRIVER_CREATE, CALL(.name = "mapsg", .bytes = SIZE,
				      .backing = s->id)));
	fd = b_open("mapsg", O_RDWR);
	map = b_map(fd, SIZE, 0);
	refused();
	data(fd, map);
	dma_buf(map);
	munmap(map, SIZE);
	close(fd);
	kept();
}

/* Memory of a device is no other's, and its own has no pages but an address. */
static void coherent(void)
{
	store = "coherent";
	must(!ask(DRIVER_CREATE, CALL(.name = "mapsg", .bytes = 2 * MIB,
				      .backing = MAPBUF_BACKING_COHERENT,
				      .with_device = 1)));
	must(!map_sg(AT, PART, BIDIRECTIONAL));
	t_ok(!device_writes(8) && device_sees(8), "%s: the device's own", store);
	t_ok(!ask(DRIVER_CHECK, CALL(.offset = AT, .bytes = PART, .seed = 8)),
	     "%s: the kernel sees it at once", store);
	must(!ask(DRIVER_UNMAP_SG, CALL()));
	t_ok(ask(DRIVER_DMA_BUF, CALL(.bytes = PAGE)) == -EOPNOTSUPP,
	     "%s: no dma-buf", store);
	must(!ask(DRIVER_DESTROY, CALL()));
}

int main(void)
{
	const struct store *s;

	bounced = is_bounced();
	driver = driver_load();
	for (s = stores; s->name; s++)
		whole_life(s);
	coherent();
	driver_unload(driver);
	return t_done();
}
