// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: buffers COUNT...
 *
 * What it costs to create, open, find, list and destroy one buffer, while there
 * are so many others, each number larger than the one before.  Prints lines
 * whose second field is that number:
 *
 *	buffers COUNT ROW WHOSE LATE INSTRUCTIONS
 *
 * The rows "device" are what the kernel charges for a device with a node, and
 * nothing else.
 */
#include "line.h"

#include "../../src/lib/mapbuf.h"
#include "kmod/mapcost.h"

#define ROUNDS 16
#define ONE "one"
#define LINK "/dev/mapbuf/" ONE

enum {
	CREATE, OPEN, CLOSE, LOOKUP, FIND, SCAN, DESTROY, DEVICE_ADD,
	DEVICE_DEL, STEPS
};

static const char *const rows[STEPS][2] = {
	[CREATE] = { "create", "mapbuf" },
	[OPEN] = { "open", "mapbuf" },
	[CLOSE] = { "close", "mapbuf" },
	[LOOKUP] = { "look up a name", "mapbuf" },
	[FIND] = { "find by udev's link, open, close", "mapbuf" },
	[SCAN] = { "find without udev, open, close", "mapbuf" },
	[DESTROY] = { "destroy", "mapbuf" },
	[DEVICE_ADD] = { "device: device_create", "driver" },
	[DEVICE_DEL] = { "device: device_unregister", "driver" },
};

static int cost_fd;

static void have_devices(unsigned int count)
{
	if (ioctl(cost_fd, MAPCOST_DEVICES, count))
		t_bail("%u devices", count);
}

static void open_by_name(void)
{
	struct mapbuf *buffer = mapbuf_open(ONE, O_RDWR);

	if (!buffer)
		t_bail("open %s by its name", ONE);
	mapbuf_close(buffer);
}

/* A driver finds it in the same table, and destroys nothing either. */
static void look_up(void)
{
	if (b_destroy(ONE, 0) != -EBUSY)
		t_bail("destroy a buffer that is open");
}

static void one(uint64_t steps[STEPS], unsigned int others)
{
	uint64_t start = now();
	char path[64];
	int id, fd;

	id = b_create(ONE, PAGE, MAPBUF_BACKING_VMALLOC);
	steps[CREATE] = now() - start;

	snprintf(path, sizeof(path), "/dev/mapbuf%d", id);
	start = now();
	fd = open(path, O_RDWR | O_CLOEXEC);
	steps[OPEN] = now() - start;
	start = now();
	look_up();
	steps[LOOKUP] = now() - start;
	start = now();
	if (close(fd))
		t_bail("open %s", path);
	steps[CLOSE] = now() - start;

	start = now();
	open_by_name();
	steps[SCAN] = now() - start;
	if (symlink(path, LINK))
		t_bail("symlink " LINK);
	start = now();
	open_by_name();
	steps[FIND] = now() - start;
	unlink(LINK);

	start = now();
	if (b_destroy(ONE, 0))
		t_bail("destroy");
	steps[DESTROY] = now() - start;
	start = now();
	have_devices(others + 1);
	steps[DEVICE_ADD] = now() - start;
	start = now();
	have_devices(others);
	steps[DEVICE_DEL] = now() - start;
}

/* Of one of them, when all are listed. */
static double list_one(unsigned int others)
{
	uint64_t start, took, best = 0;
	struct mapbuf_list *list;
	int round;

	b_create(ONE, PAGE, MAPBUF_BACKING_VMALLOC);
	for (round = 0; round < 3; round++) {
		start = now();
		list = mapbuf_list_read();
		if (!list || mapbuf_list_count(list) != others + 1)
			t_bail("list %u buffers", others + 1);
		mapbuf_list_free(list);
		took = now() - start;
		least(&best, &took, 1, !round);
	}
	b_destroy(ONE, 0);
	return (double)best / (others + 1);
}

static void have_buffers(unsigned int from, unsigned int to)
{
	char name[32];

	for (; from < to; from++) {
		snprintf(name, sizeof(name), "other%u", from);
		b_create(name, PAGE, MAPBUF_BACKING_VMALLOC);
	}
}

static void measure(unsigned int others)
{
	uint64_t best[STEPS] = { 0 }, steps[STEPS] = { 0 };
	double each;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		one(steps, others);
		least(best, steps, STEPS, !i);
	}
	for (i = 0; i < STEPS; i++)
		line_counts("buffers", others, rows[i][0], rows[i][1], &best[i],
			    1);
	each = list_one(others);
	line("buffers", others, "list, each", "mapbuf", &each, 1);
}

int main(int argc, char **argv)
{
	unsigned int others, there = 0;
	char name[32];
	int i;

	cost_fd = open("/dev/mapcost", O_RDWR | O_CLOEXEC);
	if (cost_fd < 0)
		t_bail("open /dev/mapcost");
	/* As udev would. */
	mkdir("/dev/mapbuf", 0755);
	for (i = 1; i < argc; i++, there = others) {
		others = atoi(argv[i]);
		have_devices(others);
		have_buffers(there, others);
		measure(others);
	}
	have_devices(0);
	while (there--) {
		snprintf(name, sizeof(name), "other%u", there);
		if (b_destroy(name, 0))
			t_bail("destroy %s", name);
	}
	return 0;
}
