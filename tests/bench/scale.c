// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: scale
 *
 * How much more two processes on two processors get done than one on one: with
 * something of their own each, and sharing it.  2 is all there is; what waits for
 * the other's locks gets 1 or less.  By the clock, so not where that counts
 * instructions.  Prints lines as those of bench.c:
 *
 *	scale 0 ROW WHOSE LATE OPEN FAULT NOTIFY
 *		in hundredths: opening and closing; mapping, touching and unmapping
 *		16 MiB; telling of new data, and seeing it
 */
#include "../kernel/t.h"

#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>

#define SIZE (16 * MIB)
#define ROUNDS 5
#define SECONDS 1.0

/**
 * struct thing - what the processes use
 * @path: to open
 * @fd: open
 * @event: an eventfd, or -1 if @fd tells of new data
 */
struct thing {
	char path[64];
	int fd;
	int event;
};

static void use_open(const struct thing *thing)
{
	must(!close(open(thing->path, O_RDWR)));
}

static void use_fault(const struct thing *thing)
{
	char *map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			 thing->fd, 0);
	size_t at;

	must(map != MAP_FAILED);
	for (at = 0; at < SIZE; at += HUGE_PAGE)
		((volatile char *)map)[at] = 1;
	munmap(map, SIZE);
}

static void use_notify(const struct thing *thing)
{
	struct pollfd p = { .events = POLLIN };
	uint64_t one = 1;

	p.fd = thing->event < 0 ? thing->fd : thing->event;
	if (thing->event < 0)
		must(b_notify(thing->fd) > 0);
	else
		must(write(thing->event, &one, sizeof(one)) == sizeof(one));
	must(poll(&p, 1, 0) >= 0);
	if (thing->event < 0)
		must(b_seen(thing->fd) > 0);
	else
		must(read(thing->event, &one, sizeof(one)) > 0 ||
		     errno == EAGAIN);
}

static void (*const uses[])(const struct thing *thing) = {
	use_open, use_fault, use_notify,
};

/* What two processes share: whether to go on, and how often each did it. */
static struct {
	volatile bool go;
	volatile bool stop;
	volatile unsigned long count[2];
} *shared;

static const struct thing *things[2];
static void (*doing)(const struct thing *thing);

static void work(unsigned int number)
{
	unsigned long n = 0;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(number, &cpus);
	must(!sched_setaffinity(0, sizeof(cpus), &cpus));
	while (!shared->go)
		sched_yield();
	for (; !shared->stop; n++)
		doing(things[number]);
	shared->count[number] = n;
}

static unsigned long done_by(unsigned int processes)
{
	unsigned int i;

	memset((void *)shared, 0, sizeof(*shared));
	for (i = 0; i < processes; i++)
		child(work, i);
	usleep(20000);
	shared->go = true;
	usleep(SECONDS * 1e6);
	shared->stop = true;
	must(reap());
	return shared->count[0] + shared->count[1];
}

/* The best of several: whatever comes in between only takes away. */
static unsigned long ratio(void)
{
	unsigned long one = 1, two = 0, n;
	unsigned int round;

	for (round = 0; round < ROUNDS; round++) {
		n = done_by(1);
		one = n > one ? n : one;
		n = done_by(2);
		two = n > two ? n : two;
	}
	return two * 100 / one;
}

static void row(const char *name, const char *whose, const struct thing *one,
		const struct thing *other)
{
	size_t i;

	things[0] = one;
	things[1] = other;
	printf("scale\t0\t%s\t%s\tthere", name, whose);
	for (i = 0; i < ARRAY_LEN(uses); i++) {
		doing = uses[i];
		printf("\t%lu", ratio());
		fflush(stdout);
	}
	putchar('\n');
}

static void make_buffer(struct thing *thing, const char *name)
{
	int id = b_create(name, SIZE, MAPBUF_BACKING_VMALLOC);

	snprintf(thing->path, sizeof(thing->path), "/dev/mapbuf%d", id);
	thing->fd = b_open(name, O_RDWR);
	thing->event = -1;
}

/* In a tmpfs with 2 MiB pages. */
static void make_file(struct thing *thing, const char *name)
{
	char *map;

	snprintf(thing->path, sizeof(thing->path), "/dev/shm/%s", name);
	thing->fd = open(thing->path, O_RDWR | O_CREAT, 0600);
	thing->event = eventfd(0, EFD_NONBLOCK);
	if (thing->fd < 0 || ftruncate(thing->fd, SIZE) || thing->event < 0)
		t_bail("%s", thing->path);
	map = b_map(thing->fd, SIZE, 0);
	memset(map, 1, SIZE);
	munmap(map, SIZE);
}

int main(void)
{
	struct thing buffer[2], file[2];

	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		t_bail("mmap");
	if (system("mount -o remount,huge=always /dev/shm"))
		t_bail("tmpfs with 2 MiB pages");
	make_buffer(&buffer[0], "one");
	make_buffer(&buffer[1], "other");
	make_file(&file[0], "one");
	make_file(&file[1], "other");

	row("mapbuf, a buffer each", "mapbuf", &buffer[0], &buffer[1]);
	row("mapbuf, the same buffer", "mapbuf", &buffer[0], &buffer[0]);
	row("tmpfs and eventfd, a file each", "system", &file[0], &file[1]);
	row("tmpfs and eventfd, the same", "system", &file[0], &file[0]);
	return 0;
}
