// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers that the device tree describes, nodes.dts: what becomes one, what does
 * not, and why, and what becomes of them when the module or the node goes.
 */
#include "../../src/ctl/ctl.h"
#include "../../src/ctl/property.h"
#include "../devices/edu.h"
#include "../kernel/use.h"

#include <sys/klog.h>

#define DRIVER "/sys/bus/platform/drivers/mapbuf/"
#define MOVED_BY 0x30000000UL	/* its bus has memory that much further down */

static const struct buffer {
	const char *name, *backing;
	uint64_t size, start;
	const char *device;	/* last part of its path, or NULL */
} buffers[] = {
	{ "adc-0", "contiguous", 2 * MIB, 0, "adc0" },
	{ "frames", "vmalloc", MIB + PAGE, 0, "frames" },
	{ "wide", "vmalloc", MIB, 0, "wide" },
	{ "hole", "reserved", 4 * MIB, 0x60000000, NULL },
	{ "part", "reserved", MIB, 0x60800000, NULL },
	{ "of-private", "coherent", 2 * MIB, 0, "of-private" },
	{ "of-shared", "coherent", 2 * MIB, 0, "of-shared" },
	{ "coherent", "coherent", MIB, 0, "coherent" },
	{ "translated", "vmalloc", 4 * MIB, 0, "translated" },
	{ "of-edu", "vmalloc", 4 * MIB, 0, "0000:00:05.0" },
	{ "of-moved", "contiguous", MIB, 0, "test-bus:moved" },
	{ "inside", "contiguous", MIB, 0, "test-bus:inside" },
};

/* The node, and what its only line in the kernel log has, too. */
static const char *const refused[][2] = {
	{ "bad-label", "its label" },
	{ "bad-same-name", "there is a buffer of that name" },
	{ "bad-no-size", "neither size nor memory-region" },
	{ "bad-zero-size", "size is 0" },
	{ "bad-cells", "12 bytes, not one cell or two" },
	{ "bad-vast-size", "max_bytes" },
	{ "bad-backing", "no mapbuf,backing \"kmalloc\"" },
	{ "bad-no-region", "\"reserved\" without a memory-region" },
	{ "bad-region-backing", "that of its memory-region is \"reserved\"" },
	{ "bad-region-size", "/reserved-memory/other@60800000 has 2097152" },
	{ "bad-claimed", "claimed its memory-region" },
	{ "bad-ram", "/reserved-memory/ram@61000000 is System RAM" },
	{ "bad-odd", "whole pages" },
	{ "bad-two-regions", "not one node of /reserved-memory" },
	{ "bad-pool", "leave mapbuf,device out" },
	{ "bad-not-reserved", "nothing has been reserved for memory-region" },
	{ "bad-cache", "mapbuf,cache is \"uc\"" },
	{ "bad-bits", "mapbuf,dma-bits is 8, not from 12 to 64" },
	{ "bad-few-bits", "mapbuf,dma-bits is 20, too few" },
	{ "bad-device", "disabled" },
};

static char kernel_log[1 << 20];

static uint64_t number(const char *name, const char *file, int base)
{
	const char *text = b_sysfs(name, file);

	return text ? strtoull(text, NULL, base) : 0;
}

static bool belongs_to(const char *name, const char *device)
{
	char path[64], link[256] = "";

	snprintf(path, sizeof(path), "/sys/class/mapbuf/mapbuf%d/device",
		 b_id(name));
	if (readlink(path, link, sizeof(link) - 1) < 0)
		return !device;
	return device && !strcmp(strrchr(link, '/') + 1, device);
}

static void described(const struct buffer *b)
{
	char *text = b_sysfs(b->name, "backing");

	t_ok(text && !strcmp(text, b->backing), "%s: is a %s buffer", b->name,
	     b->backing);
	t_ok(number(b->name, "size", 10) == b->size, "%s: has its size", b->name);
	t_ok(belongs_to(b->name, b->device), "%s: belongs to %s", b->name,
	     b->device ? b->device : "no device");
	if (b->start)
		t_ok(number(b->name, "phys_addr", 16) == b->start,
		     "%s: is where its region is", b->name);
}

static void usable(const struct buffer *b)
{
	int fd = b_open(b->name, O_RDWR);
	char *map = b_map(fd, b->size, 0);

	fill(map, b->size, 1);
	t_ok(filled(map, b->size, 1), "%s: keeps data", b->name);
	munmap(map, b->size);
	close(fd);
}

static void addresses(void)
{
	t_ok(number("adc-0", "dma_addr", 16) == number("adc-0", "phys_addr", 16),
	     "an address for its own device");
	t_ok(number("of-moved", "dma_addr", 16) + MOVED_BY ==
	     number("of-moved", "phys_addr", 16),
	     "an address for a device with dma-ranges");
	t_ok(number("inside", "dma_addr", 16) + MOVED_BY ==
	     number("inside", "phys_addr", 16),
	     "dma-ranges are heeded for its own device, too");
	t_ok(number("of-private", "dma_addr", 16) == 0x62000000,
	     "a pool of its own is where its region is");
	t_ok(number("of-shared", "dma_addr", 16) - 0x64000000 < 16 * MIB,
	     "one that is shared comes from its region");
	t_ok(number("translated", "dma_addr", 16),
	     "behind an IOMMU it has one address");
	t_ok(number("wide", "dma_bits", 10) == 40, "DMA bits are those of the node");
}

/* The device that a node names reads and writes the buffer. */
static void device_has_it(void)
{
	int fd = b_open("of-edu", O_RDWR);
	char *map = b_map(fd, 4 * MIB, 0);
	struct mapbuf_dma dma;
	struct edu edu;

	fill(map, EDU_TRANSFER, 2);
	memset(map + HUGE_PAGE, 0, EDU_TRANSFER);
	edu_open_alone(&edu);
	must(!b_address(fd, 0, &dma));
	edu_load(&edu, dma.address);
	must(!b_address(fd, HUGE_PAGE, &dma));
	edu_store(&edu, dma.address);
	edu_close_alone(&edu);
	t_ok(!memcmp(map, map + HUGE_PAGE, EDU_TRANSFER),
	     "the device of another node copies in its buffer");
	munmap(map, 4 * MIB);
	close(fd);
}

static int count(const char *text)
{
	const char *at;
	int n = 0;

	for (at = strstr(kernel_log, text); at; at = strstr(at + 1, text))
		n++;
	return n;
}

/* Whether a line names that node; the first one, cut off, in *@line. */
static int lines(const char *node, char **line)
{
	char name[64], *at;
	int n = 0;

	snprintf(name, sizeof(name), "no buffer for /%s:", node);
	for (at = strstr(kernel_log, name); at; at = strstr(at + 1, name))
		*line = n++ ? *line : at;
	return n;
}

static void said(void)
{
	char copy[256], *line = NULL;
	size_t i;

	must(klogctl(3, kernel_log, sizeof(kernel_log) - 1) > 0);
	for (i = 0; i < ARRAY_LEN(refused); i++) {
		t_ok(lines(refused[i][0], &line) == 1, "%s: one line says that it is no buffer",
		     refused[i][0]);
		snprintf(copy, sizeof(copy), "%s", line ? line : "");
		copy[strcspn(copy, "\n")] = '\0';
		if (!t_ok(strstr(copy, refused[i][1]), "%s: and why",
			  refused[i][0]))
			t_note("%s", copy);
	}
}

static int nodes(void)
{
	size_t i;
	int n = 0;

	for (i = 0; i < 64; i++) {
		char path[32];

		snprintf(path, sizeof(path), "/sys/class/mapbuf/mapbuf%zu", i);
		n += !access(path, F_OK);
	}
	return n;
}

/* udev loads a module by what the device says of itself. */
static void alias(void)
{
	char uevent[64] = "", module[1 << 20];
	static const char wanted[] = "alias=of:N*T*Cmapbuf,buffer";
	int fd = open("/sys/bus/platform/devices/frames/modalias", O_RDONLY);
	ssize_t n;
	bool found = false;

	must(read(fd, uevent, sizeof(uevent) - 1) > 0);
	close(fd);
	fd = open("/t/mapbuf.ko", O_RDONLY);
	while ((n = read(fd, module, sizeof(module))) > 0) {
		found |= !!memmem(module, n, wanted, sizeof(wanted));
		if (n == sizeof(module))
			lseek(fd, -(off_t)sizeof(wanted), SEEK_CUR);
	}
	close(fd);
	t_ok(found && !strcmp(uevent, "of:NframesT(null)Cmapbuf,buffer\n"),
	     "the node loads the module");
}

/* The node leaves its driver while the buffer is in use. */
static void leaves(void)
{
	int fd = b_open("frames", O_RDWR);
	char *map = b_map(fd, MIB, 0);
	struct mapbuf_dma dma;

	fill(map, MIB, 3);
	must(!b_address(fd, 0, &dma));
	must(!write_file(DRIVER "unbind", "frames"));
	t_ok(!b_sysfs("frames", "size"), "unbound: its name is free");
	t_ok(filled(map, MIB, 3), "unbound: the memory stays with its user");
	t_ok(b_address(fd, 0, &dma) == -ENODEV, "unbound: it has no address");
	munmap(map, MIB);
	close(fd);
	must(!write_file(DRIVER "bind", "frames"));
	t_ok(number("frames", "size", 10) == MIB + PAGE, "bound: it is there again");
}

/* Memory of a pool goes with the driver, and is there for the next one. */
static void leaves_pool(void)
{
	int fd = b_open("of-private", O_RDWR);
	char byte;

	must(pread(fd, &byte, 1, 0) == 1);
	must(!write_file(DRIVER "unbind", "of-private"));
	t_fails(pread(fd, &byte, 1, 0), ENODEV, "unbound: a pool takes its memory back");
	close(fd);
	must(!write_file(DRIVER "bind", "of-private"));
	t_ok(number("of-private", "dma_addr", 16) == 0x62000000,
	     "bound: the pool gives it again");
}

/* Nothing holds them: they can be destroyed, and then do not come in the way. */
static void destroyed(void)
{
	t_ok(!b_destroy("frames", 0), "an idle one can be destroyed");
	t_ok(!b_try_create("frames", PAGE, MAPBUF_BACKING_VMALLOC),
	     "and another one of its name created");
	must(!write_file(DRIVER "unbind", "frames"));
	t_ok(number("frames", "size", 10) == PAGE,
	     "which stays when the node leaves the driver");
	must(!b_destroy("frames", 0));
	must(!write_file(DRIVER "bind", "frames"));
	t_ok(!b_destroy("hole", 0), "a reserved one can be destroyed");
	must(!write_file(DRIVER "unbind", "hole"));
	must(!write_file(DRIVER "bind", "hole"));
	t_ok(number("hole", "size", 10) == 4 * MIB, "and is there again");
}

/* For the sources of mapbufctl */
void message(enum level level, const char *format, ...)
{
	(void)level;
	t_bail("%s", format);
}

/* As Region= finds them, in what the kernel shows of the device tree. */
static void regions(void)
{
	static const char *const no_ranges[] = {
		"ram", "private", "shared", "ranges", "fre",
	};
	struct region region = { 0 };
	char reason[REASON_SIZE] = "";
	size_t i;

	t_ok(!region_find("", "free", &region, reason) &&
	     region.start == 0x60a00000 && region.size == MIB,
	     "mapbufctl finds a region");
	t_ok(!reserve("region", region.start, region.size, 0, 0),
	     "which becomes a buffer");
	t_ok(reserve("again", region.start, region.size, 0, 0) == -EBUSY,
	     "but not two");
	must(!b_destroy("region", 0));
	for (i = 0; i < ARRAY_LEN(no_ranges); i++)
		t_ok(region_find("", no_ranges[i], &region, reason),
		     "%s is no range for a buffer: %s", no_ranges[i], reason);
}

/* The device that a node refers to comes when the module is there already. */
static void late_device(void)
{
	double limit = seconds() + patience(60);

	must(!write_file("/sys/bus/pci/devices/" EDU_DEVICE "/remove", "1"));
	must(!module_unload());
	must(!module_load(""));
	t_ok(nodes() == ARRAY_LEN(buffers) - 1 && !b_sysfs("of-edu", "size"),
	     "without its device a buffer is not there");
	must(!write_file("/sys/bus/pci/rescan", "1"));
	/* The link is the last of it. */
	while (!belongs_to("of-edu", "0000:00:05.0") && seconds() < limit)
		usleep(10000);
	t_ok(seconds() < limit, "but as soon as the device is");
	t_ok(nodes() == ARRAY_LEN(buffers), "as all of them");
}

static void reloaded(void)
{
	int fd = b_open("adc-0", O_RDWR);

	t_ok(module_unload() == -EWOULDBLOCK, "the module stays while one is open");
	close(fd);
	close(b_control());
	t_ok(!module_unload(), "it unloads when none is");
	t_ok(!nodes(), "and they are gone");
	t_ok(!module_load("apply=0") && !nodes() && !module_unload(),
	     "with apply=0 it creates none");
	t_ok(!module_load(""), "it loads");
	t_ok(nodes() == ARRAY_LEN(buffers), "and all are there again");
}

int main(void)
{
	size_t i;

	t_ok(nodes() == ARRAY_LEN(buffers), "as many buffers as there are good nodes");
	for (i = 0; i < ARRAY_LEN(buffers); i++) {
		described(&buffers[i]);
		usable(&buffers[i]);
	}
	addresses();
	device_has_it();
	said();
	alias();
	leaves();
	leaves_pool();
	destroyed();
	regions();
	reloaded();
	late_device();
	must(klogctl(3, kernel_log, sizeof(kernel_log) - 1) > 0);
	t_ok(count("has lost its memory") == 1,
	     "only one that was in use has lost its memory");
	/* What the next program would find. */
	t_ok(!module_unload(), "it unloads with all of them");
	return t_done();
}
