// SPDX-License-Identifier: GPL-2.0-only
/*
 * A buffer that belongs to edu, whose driver is this program: behind an IOMMU, which
 * gives it an address of its own; behind bounce buffers (swiotlb=), where nothing
 * comes through that is not synchronized; and, on arm64, where it sees memory as it
 * is, or EDU_MOVED bytes further up.
 */
#include "edu.h"
#include "monitor.h"

#define SIZE (4 * MIB)
#define FETCH (MAPBUF_SYNC_FOR_CPU | MAPBUF_SYNC_FROM_DEVICE)
#define GIVE (MAPBUF_SYNC_FOR_DEVICE | MAPBUF_SYNC_TO_DEVICE)

static const struct store page_stores[] = {
	{ "vmalloc", MAPBUF_BACKING_VMALLOC },
	{ "contiguous", MAPBUF_BACKING_CONTIGUOUS },
	{ NULL, 0 },
};

static bool bounced, translated;
static uint64_t moved;
static const char *store;

static int try_owned(unsigned int backing)
{
	return edu_try_buffer("owned", SIZE, backing, edu_bits());
}

static uint64_t at(int fd, uint64_t offset)
{
	struct mapbuf_dma dma;

	must(!b_address(fd, offset, &dma));
	must(dma.bytes >= EDU_TRANSFER);
	return dma.address;
}

static void addresses(int fd)
{
	struct mapbuf_dma dma;
	char *text;

	must(!b_address(fd, 0, &dma));
	if (translated) {
		t_ok(dma.bytes == SIZE, "%s: an IOMMU makes one piece of it",
		     store);
		t_ok(dma.address + SIZE <= 1UL << 28,
		     "%s: which the device reaches", store);
		text = b_sysfs("owned", "dma_addr");
		t_ok(text && strtoull(text, NULL, 16) == dma.address,
		     "%s: sysfs has its address", store);
	}
	text = b_sysfs("owned", "phys_addr");
	if (text && (bounced || translated))
		t_ok(strtoull(text, NULL, 16) != dma.address,
		     "%s: it is not that of the memory", store);
	else if (text)
		t_ok(strtoull(text, NULL, 16) + moved == dma.address,
		     "%s: it is that of the memory, as its bus has it", store);
}

/* The device copies half a page. */
static void copies(char *map, int fd, const struct edu *edu)
{
	static const struct { size_t from, to; const char *what; } places[] = {
		{ 0, PAGE, "a page to the next" },
		{ 64 * KIB + 64, SIZE - EDU_TRANSFER, "to the end" },
		{ MIB + 128 * KIB, HUGE_PAGE, "to another 2 MiB" },
	};
	size_t i;

	fill(map, SIZE, 1);
	must(!b_sync_part(fd, 0, SIZE, GIVE));
	for (i = 0; i < ARRAY_LEN(places); i++) {
		size_t from = places[i].from, to = places[i].to;

		memset(map + to, 0, EDU_TRANSFER);
		must(!b_sync_part(fd, to, EDU_TRANSFER, GIVE));
		edu_load(edu, at(fd, from));
		edu_store(edu, at(fd, to));
		t_ok(bounced == all_zero(map + to, EDU_TRANSFER),
		     "%s: the device copies %s; bounce buffers keep it", store,
		     places[i].what);
		t_ok(!b_sync_part(fd, to, EDU_TRANSFER, FETCH) &&
		     !memcmp(map + to, map + from, EDU_TRANSFER),
		     "%s: until it is fetched", store);
	}
	memset(map, 0xa5, EDU_TRANSFER);
	edu_load(edu, at(fd, 0));
	must(!b_sync_part(fd, 0, EDU_TRANSFER, GIVE));
	edu_store(edu, at(fd, PAGE));
	must(!b_sync_part(fd, PAGE, EDU_TRANSFER, FETCH));
	t_ok(!memcmp(map, map + PAGE, EDU_TRANSFER) != bounced,
	     "%s: what was given too late is not what the device has", store);
}

/* With a driver that lets processes say what is mapped there is nothing for us. */
static void other_driver(int fd)
{
	struct mapbuf_dma dma;

	if (!edu_bind()) {
		t_skip("there is no vfio-pci here", "%s: another driver", store);
		return;
	}
	t_ok(b_address(fd, 0, &dma) == -ENODEV,
	     "%s: a driver for processes has it: no address", store);
	t_ok(b_sync_part(fd, 0, SIZE, FETCH) == -ENODEV,
	     "%s: nothing to be synchronized", store);
	t_ok(b_destroy("owned", 0) == -EBUSY, "%s: it is still in use", store);
	must(edu_unbind());
	t_ok(b_address(fd, 0, &dma) == -ENODEV,
	     "%s: nor when that driver has gone", store);
}

static void whole_life(const struct store *s)
{
	struct edu edu;
	char *map;
	int fd;

	store = s->name;
	if (try_owned(s->id))
		t_bail("%s: create", store);
	fd = b_open("owned", O_RDWR);
	map = b_map(fd, SIZE, 0);
	edu_open_alone(&edu);
	addresses(fd);
	copies(map, fd, &edu);
	edu_close_alone(&edu);
	other_driver(fd);
	munmap(map, SIZE);
	close(fd);
	t_ok(!b_destroy("owned", 0), "%s: nothing holds it", store);
}

/*
 * A buffer in the middle of a transfer, which an IOMMU ends when the device goes, or its
 * driver.  Into bounce buffers that are of others by then nothing must be on its way.
 */
struct transfer {
	struct edu edu;
	char *map;
	int fd;
};

static void begin_transfer(struct transfer *t, const struct store *s)
{
	store = s->name;
	must(!try_owned(s->id));
	t->fd = b_open("owned", O_RDWR);
	t->map = b_map(t->fd, SIZE, 0);
	fill(t->map, SIZE, 3);
	must(!b_sync_part(t->fd, 0, SIZE, GIVE));
	edu_open_alone(&t->edu);
	if (translated)
		edu_begin_store(&t->edu, at(t->fd, 0));
}

/* Nothing is left of it but the memory. */
static void end_transfer(struct transfer *t, const char *why)
{
	struct mapbuf_dma dma;

	t_ok(b_address(t->fd, 0, &dma) == -ENODEV, "%s: %s: no address", store,
	     why);
	t_ok(b_sync_part(t->fd, 0, SIZE, FETCH) == -ENODEV,
	     "%s: %s: nothing to be synchronized", store, why);
	t_ok(filled(t->map + PAGE, SIZE - PAGE, 3 + PAGE / 8),
	     "%s: the memory stays", store);
	edu_close_alone(&t->edu);
}

static void drop_buffer(struct transfer *t)
{
	munmap(t->map, SIZE);
	close(t->fd);
	t_ok(!b_destroy("owned", 0), "%s: it can be destroyed", store);
}

static void unbound(const struct store *s)
{
	struct transfer t;

	if (!edu_bind_to("uio_pci_generic")) {
		t_skip("there is no uio_pci_generic here", "%s: unbound", s->name);
		return;
	}
	begin_transfer(&t, s);
	must(edu_unbind());
	end_transfer(&t, "unbound");
	drop_buffer(&t);
}

static void taken(void)
{
	if (!edu_bind()) {
		t_skip("there is no vfio-pci here", "a device that is taken");
		return;
	}
	t_ok(try_owned(MAPBUF_BACKING_VMALLOC) == -EBUSY,
	     "a device that a driver for processes has");
	must(edu_unbind());
}

/* How a device goes in the middle of a transfer, and the next one comes. */
struct way {
	const char *name;
	void (*leave)(const struct edu *edu, uint64_t address);
	void (*come)(void);
};

static void leave_sysfs(const struct edu *edu, uint64_t address)
{
	(void)edu;
	(void)address;
	must(!write_file(edu_file("remove"), "1"));
}

static void come_sysfs(void)
{
	must(!write_file("/sys/bus/pci/rescan", "1"));
}

static const struct way sysfs = { "removed", leave_sysfs, come_sysfs };

/*
 * device_del asks the kernel for the device, which takes longer than a transfer: so
 * there is one after the other until the device is gone, and its registers with it.
 */
static void leave_machine(const struct edu *edu, uint64_t address)
{
	pid_t pid;

	pid = translated ? fork() : 0;
	must(pid >= 0);
	while (translated && !pid) {
		edu_begin_store(edu, address);
		usleep(1000);
	}
	monitor_delete(PLUGGED);
	if (translated)
		must(!kill(pid, SIGKILL) && waitpid(pid, NULL, 0) == pid);
}

static void come_machine(void)
{
	double limit = seconds() + patience(60);

	monitor_add(PLUGGED);
	while (access(edu_file("resource0"), F_OK)) {
		if (seconds() > limit)
			t_bail("the device does not come");
		usleep(5000);
	}
}

static const struct way machine = { "deleted", leave_machine, come_machine };

/* The device's own memory: nothing is to be synchronized, nor can it be lost. */
static void coherent(const struct way *way)
{
	uint64_t address;
	struct edu edu;
	char *map, byte;
	int fd;

	store = "coherent";
	must(!try_owned(MAPBUF_BACKING_COHERENT));
	fd = b_open("owned", O_RDWR);
	map = b_map(fd, SIZE, 0);
	edu_open_alone(&edu);
	t_ok(all_zero(map, SIZE), "%s: it is filled with zeroes", store);
	fill(map, SIZE, 4);
	edu_load(&edu, at(fd, 3 * PAGE));
	edu_store(&edu, at(fd, SIZE - EDU_TRANSFER));
	t_ok(!memcmp(map + SIZE - EDU_TRANSFER, map + 3 * PAGE, EDU_TRANSFER),
	     "%s: the device reads and writes it", store);
	t_ok(filled(map, SIZE - EDU_TRANSFER, 4), "%s: and nothing else", store);
	address = at(fd, 0);
	if (!bounced)
		edu_begin_store(&edu, address);
	way->leave(&edu, address);
	t_ok(pread(fd, &byte, 1, 0) < 0 && errno == ENODEV,
	     "%s: %s: it goes with its device", store, way->name);
	edu_close_alone(&edu);
	way->come();
	munmap(map, SIZE);
	close(fd);
	t_ok(!b_destroy("owned", 0), "%s: it can be destroyed", store);
}

static void gone(const struct store *s, const struct way *way)
{
	struct mapbuf_dma dma;
	struct transfer t;

	begin_transfer(&t, s);
	must(!b_address(t.fd, 0, &dma));
	way->leave(&t.edu, dma.address);
	t_ok(access(edu_file(""), F_OK), "%s: %s: the device is gone", store,
	     way->name);
	end_transfer(&t, way->name);
	way->come();
	must(!access(edu_file(""), F_OK));
	t_ok(b_address(t.fd, 0, &dma) == -ENODEV,
	     "%s: the next device there is not its own", store);
	drop_buffer(&t);
	t_ok(!try_owned(s->id) && !b_destroy("owned", 0),
	     "%s: the next device can have one", store);
}

/* usage: owned [PORT], which is that of QEMU's monitor: with the device PLUGGED */
int main(int argc, char **argv)
{
	const struct way *way = argc > 1 ? &machine : &sysfs;
	const struct store *s;

	bounced = edu_is_told("swiotlb=");
	translated = edu_is_told("iommu");
	moved = setting("EDU_MOVED", 0);
	if (argc > 1) {
		monitor_open(argv[1]);
		edu_device = PLUGGED_DEVICE;
	}
	/* As the program before left it */
	edu_unbind();
	if (argc == 1) {
		for (s = page_stores; s->name; s++)
			whole_life(s);
		taken();
	}
	if (moved)
		t_ok(edu_try_buffer("owned", SIZE, MAPBUF_BACKING_VMALLOC, 32) == -EIO,
		     "with too few bits the device reaches no memory");
	coherent(way);
	/* Last: the device may still write to these addresses, of a next buffer then. */
	for (s = page_stores; s->name; s++)
		unbound(s);
	for (s = page_stores; s->name; s++)
		gone(s, way);
	return t_done();
}
