// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is left when the last user has gone: memory that is clear, whoever the
 * users were, and pins that count until they are gone.
 */
#include "use.h"

#include <sys/time.h>
#include <sys/uio.h>

#define SIZE (8 * MIB)
#define ALL (64 * MIB)
#define STEP HUGE_PAGE
#define MAX_BYTES "/sys/module/mapbuf/parameters/max_bytes"

static const char *store;
static unsigned int id;

static void create_clearing(const char *name, size_t size)
{
	struct mapbuf_create c = {
		.size = sizeof(c), .bytes = size, .backing = id,
		.flags = MAPBUF_CREATE_ZERO_LAST_CLOSE,
	};

	snprintf(c.name, sizeof(c.name), "%s", name);
	if (ioctl(b_control(), MAPBUF_IOC_CREATE, &c))
		t_bail("create %s: %s", name, strerror(errno));
}

/* Whether the next user finds zeroes. */
static bool found_clear(const char *name, size_t size)
{
	int fd = b_open(name, O_RDWR);
	char *map = b_map(fd, size, 0);
	bool clear = all_zero(map, size);

	munmap(map, size);
	close(fd);
	return clear;
}

/* Memory that is reached through a dma-buf is in use. */
static void by_dmabuf(void)
{
	int fd, dmabuf;
	char *map;

	if (!has_dmabuf()) {
		t_skip("no dma-bufs", "%s: a dma-buf is a user", store);
		return;
	}
	create_clearing("last", SIZE);
	fd = b_open("last", O_RDWR);
	dmabuf = b_export(fd, 0, SIZE);
	map = b_map(dmabuf, SIZE, 0);
	fill(map, SIZE, 1);
	close(fd);
	t_ok(filled(map, SIZE, 1),
	     "%s: kept when the last file closes under a dma-buf's mapping", store);
	close(dmabuf);
	t_ok(filled(map, SIZE, 1), "%s: and when the dma-buf is closed", store);
	munmap(map, SIZE);
	t_ok(found_clear("last", SIZE),
	     "%s: clear when the mapping of the dma-buf has gone", store);

	fd = b_open("last", O_RDWR);
	dmabuf = b_export(fd, STEP, STEP);
	close(fd);
	map = b_map(dmabuf, STEP, 0);
	fill(map, STEP, 2);
	munmap(map, STEP);
	close(dmabuf);
	t_ok(found_clear("last", SIZE),
	     "%s: clear of what a dma-buf wrote after the last close", store);
	t_ok(!b_destroy("last", 0), "%s: nothing holds it", store);
}

static void make_pipe(int ends[2])
{
	if (pipe(ends) || fcntl(ends[1], F_SETPIPE_SZ, 1 << 20) < 0)
		t_bail("pipe");
}

/* Pin a byte of each piece of a mapping. */
static void pin_into(int end, char *map, size_t size)
{
	size_t at;

	for (at = 0; at < size; at += STEP) {
		struct iovec iov = { map + at, 1 };

		if (vmsplice(end, &iov, 1, 0) != 1)
			t_bail("vmsplice");
	}
}

/* With a pipe of its own. */
static void pin_pieces(char *map, size_t size, int *end)
{
	int ends[2];

	make_pipe(ends);
	pin_into(ends[1], map, size);
	*end = ends[0];
	close(ends[1]);
}

static long pinned(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/class/mapbuf/mapbuf%d/pinned",
		 b_id(name));
	return sum_of(path, "%ld", "%ld");
}

static int try_open(const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/mapbuf%d", b_id(name));
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* What was pinned by the last user is not for the next one to write to. */
static void by_pin(void)
{
	int fd, end;
	char *map, byte;

	create_clearing("last", SIZE);
	fd = b_open("last", O_RDWR);
	map = b_map(fd, SIZE, 0);
	memset(map, 'a', SIZE);
	pin_pieces(map + PAGE, 1, &end);
	munmap(map, SIZE);
	close(fd);

	fd = try_open("last");
	t_ok(fd == -EBUSY, "%s: no next user while a page is pinned (%d)", store,
	     fd);
	if (fd >= 0) {
		map = b_map(fd, SIZE, 0);
		memset(map, 'b', SIZE);
	}
	t_ok(read(end, &byte, 1) == 1 && byte == 'a',
	     "%s: the pin has what the last user wrote", store);
	close(fd);
	close(end);
	t_ok(found_clear("last", SIZE), "%s: clear when the pin has gone", store);
	t_ok(!b_destroy("last", 0), "%s: nothing holds it then", store);
}

/* Who waits for it to be cleared can be interrupted. */
static void on_alarm(int signal)
{
	(void)signal;
}

static void interrupted(void)
{
	struct itimerval often = { { 0, 5000 }, { 0, 5000 } };
	struct itimerval never = { { 0, 0 }, { 0, 0 } };
	struct sigaction action = { .sa_handler = on_alarm };
	int fd, end, err;
	char *map;

	create_clearing("last", SIZE);
	fd = b_open("last", O_RDWR);
	map = b_map(fd, SIZE, 0);
	pin_pieces(map, 1, &end);
	munmap(map, SIZE);
	close(fd);

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	do
		err = try_open("last");
	while (err == -EBUSY);
	setitimer(ITIMER_REAL, &never, NULL);
	t_ok(err == -EINTR, "%s: a signal ends waiting for a clear buffer (%d)",
	     store, err);
	close(end);
	b_destroy("last", MAPBUF_DESTROY_DEFERRED);
}

static void pins_count(void)
{
	int fd, end;
	char *map;

	t_ok(b_bytes("used") == 0, "%s: nothing is used at first", store);
	b_create("pinned", ALL, id);
	fd = b_open("pinned", O_RDWR);
	map = b_map(fd, ALL, 0);
	memset(map, 1, ALL);
	t_ok(pinned("pinned") == 0, "%s: what is mapped is not pinned", store);
	pin_pieces(map, ALL, &end);
	t_ok(pinned("pinned") >= (long)(ALL / STEP * PAGE),
	     "%s: pins are shown (%ld)", store, pinned("pinned"));
	munmap(map, ALL);
	t_ok(pinned("pinned") >= (long)(ALL / STEP * PAGE),
	     "%s: unmapped, too", store);
	close(fd);
	t_ok(b_destroy("pinned", 0) == -EBUSY,
	     "%s: destroy is EBUSY while pages are pinned", store);
	t_ok(!b_destroy("pinned", MAPBUF_DESTROY_DEFERRED),
	     "%s: unless it is deferred", store);
	t_ok(b_bytes("used") == (long)ALL &&
	     b_bytes("pinned") == (long)ALL,
	     "%s: they count when the buffer is gone", store);
	t_ok(b_try_create("other", ALL, id) == -ENOSPC,
	     "%s: against max_bytes", store);
	close(end);
	t_ok(b_bytes("used") == 0 &&
	     b_bytes("pinned") == 0,
	     "%s: until the pins are gone", store);
	t_ok(!b_try_create("other", ALL, id), "%s: then there is room", store);
	t_ok(!b_destroy("other", 0), "%s: destroyed", store);
}

/* Room is made for a buffer without anybody looking. */
static void room_by_itself(void)
{
	int fd, end;
	char *map;

	write_file(MAX_BYTES, "64M");
	b_create("pinned", ALL, id);
	fd = b_open("pinned", O_RDWR);
	map = b_map(fd, ALL, 0);
	pin_pieces(map, STEP, &end);
	munmap(map, ALL);
	close(fd);
	b_destroy("pinned", MAPBUF_DESTROY_DEFERRED);
	t_ok(b_try_create("other", ALL, id) == -ENOSPC,
	     "%s: one pinned piece counts", store);
	t_ok(!b_try_create("other", ALL / 2, id), "%s: and no more", store);
	b_destroy("other", 0);
	close(end);
	t_ok(!b_try_create("other", ALL, id),
	     "%s: a pin that has gone makes room at once", store);
	b_destroy("other", 0);
}

static void leave_pins(unsigned int end)
{
	int fd;

	b_create("pinned", ALL, id);
	fd = b_open("pinned", O_RDWR);
	pin_into(end, b_map(fd, ALL, 0), ALL);
	must(!b_destroy("pinned", MAPBUF_DESTROY_DEFERRED));
}

/* Memory comes back by itself, also after the module has gone. */
static void comes_back(bool unload)
{
	long before = all_free();
	int ends[2];

	make_pipe(ends);
	child(leave_pins, ends[1]);
	if (!reap())
		t_bail("pin");
	if (unload)
		t_ok(!module_unload(), "%s: the module unloads under pins",
		     store);
	else
		t_ok(before - all_free() > (long)(ALL / 2 / KIB),
		     "%s: what is pinned stays, in whole pieces", store);
	close(ends[0]);
	close(ends[1]);
	while (before - all_free() > (long)(ALL / 8 / KIB))
		usleep(10000);
	t_ok(true, "%s: memory comes back when the pins are gone", store);
	if (unload && module_load(""))
		t_bail("load the module");
}

int main(void)
{
	const struct store *s;

	for (s = stores; s->name; s++) {
		store = s->name;
		id = s->id;
		comes_back(false);
		comes_back(true);
	}
	for (s = stores; s->name; s++) {
		store = s->name;
		id = s->id;
		write_file(MAX_BYTES, "70M");
		by_dmabuf();
		by_pin();
		interrupted();
		pins_count();
		room_by_itself();
	}
	return t_done();
}
