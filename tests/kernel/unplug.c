// SPDX-License-Identifier: GPL-2.0-only
/*
 * A reserved buffer whose device is removed: who has it keeps nothing of it, and
 * whoever gets the addresses next keeps all.
 */
#include "use.h"

#include <glob.h>
#include <sys/syscall.h>

#include <linux/dma-buf.h>
#include <linux/userfaultfd.h>

#include "kmod/driver.h"

#define HOLE 0x30000000UL	/* memmap=64M$0x30000000 */
#define ROUNDS 15

/* Whether a touch is answered by SIGBUS. */
static bool fails(char *at, bool write)
{
	return raised(at, write);
}

static int try_open(const char *name)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/mapbuf%d", b_id(name));
	fd = open(path, O_RDWR);
	return fd < 0 ? -errno : fd;
}

/* What is removed, and comes again at the same place. */
struct place {
	const char *what;
	uint64_t (*add)(void);	/* where its memory is */
	void (*remove)(void);
	size_t size;
};

static uint64_t bar_add(void)
{
	must(!write_file("/sys/bus/pci/rescan", "1"));
	return ivshmem();
}

static void bar_remove(void)
{
	glob_t found;
	size_t i;

	must(!glob("/sys/bus/pci/devices/*/device", 0, NULL, &found));
	for (i = 0; i < found.gl_pathc; i++) {
		char *path = found.gl_pathv[i], id[16] = "";
		int fd = open(path, O_RDONLY);

		must(read(fd, id, sizeof(id) - 1) > 0);
		close(fd);
		if (!strcmp(id, "0x1110\n")) {
			strcpy(strrchr(path, '/'), "/remove");
			must(!write_file(path, "1"));
		}
	}
	globfree(&found);
}

static int driver = -1;

static uint64_t region_add(void)
{
	struct driver_call call = { .address = HOLE, .bytes = 4 * MIB };

	must(!ioctl(driver, DRIVER_REGION, &call));
	return HOLE;
}

static void region_remove(void)
{
	struct driver_call call = { 0 };

	must(!ioctl(driver, DRIVER_REGION, &call));
}

static const struct place places[] = {
	{ "BAR", bar_add, bar_remove, MIB },
	{ "region of a platform device", region_add, region_remove, 4 * MIB },
};

/* Whatever a process has of a buffer. */
struct held {
	int fd, mem, dmabuf;
	char *map, *untouched, *exported;
	size_t size;
};

static void hold(struct held *h, const char *name, size_t size)
{
	h->size = size;
	h->fd = b_open(name, O_RDWR);
	h->mem = open("/proc/self/mem", O_RDWR);
	h->map = b_map(h->fd, size, 0);
	h->untouched = b_map(h->fd, size, 0);
	fill(h->map, size, 1);
	h->dmabuf = b_export(h->fd, 0, size);
	h->exported = h->dmabuf >= 0 ? b_map(h->dmabuf, size, 0) : NULL;
}

static void drop(struct held *h)
{
	munmap(h->map, h->size);
	munmap(h->untouched, h->size);
	if (h->exported)
		munmap(h->exported, h->size);
	if (h->dmabuf >= 0)
		close(h->dmabuf);
	close(h->mem);
	close(h->fd);
}

static int import(int dmabuf)
{
	struct driver_call call = { .fd = dmabuf, .flags = DRIVER_PEER };

	return ioctl(driver, DRIVER_IMPORT, &call) ? -errno : 0;
}

/* As the kernel warns of an error. */
static void scrap_is_seen(const struct held *h, const char *what)
{
	struct driver_call call = {
		.fd = h->dmabuf,
		.bytes = h->size,
		.seed = 1,
	};

	int err = ioctl(driver, DRIVER_DMA_BUF_VMAP, &call) ? errno : 0;

	if (err == EOPNOTSUPP)
		t_skip("this kernel imports in another way", "%s: scrap", what);
	else
		t_ok(err == EBADMSG,
		     "%s: the kernel sees other memory by the dma-buf", what);
}

static void dmabuf_has_nothing(const struct held *h, const char *what)
{
	int err;

	if (h->dmabuf < 0) {
		t_skip("this kernel cannot export it", "%s: dma-buf", what);
		return;
	}
	t_ok(fails(h->exported, false) && fails(h->exported + PAGE, true),
	     "%s: SIGBUS in a mapping of its dma-buf", what);
	t_ok(b_sync(h->dmabuf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW) == -ENODEV,
	     "%s: synchronizing the dma-buf is ENODEV", what);
	t_fails((intptr_t)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, h->dmabuf, 0),
		ENODEV, "%s: mapping the dma-buf is ENODEV", what);
	err = import(h->dmabuf);
	if (err == -EOPNOTSUPP)
		t_skip("this kernel imports in another way", "%s: import", what);
	else
		t_ok(err == -ENODEV, "%s: no device gets the dma-buf", what);
	scrap_is_seen(h, what);
}

static void has_nothing(const struct held *h, const char *name, const char *what)
{
	char text[8] = "";

	t_ok(fails(h->map, false) && fails(h->map + h->size - PAGE, true),
	     "%s: SIGBUS where it was mapped", what);
	t_ok(fails(h->untouched + PAGE, true) && fails(h->untouched, false),
	     "%s: SIGBUS where it was to be mapped", what);
	t_fails(pread(h->fd, text, 8, PAGE), ENODEV, "%s: read is ENODEV", what);
	t_fails(pwrite(h->fd, "hostile", 8, 0), ENODEV, "%s: write is ENODEV",
		what);
	t_ok(pread(h->mem, text, 8, (uintptr_t)h->map) < 0 &&
	     pwrite(h->mem, "hostile", 8, (uintptr_t)h->untouched) < 0,
	     "%s: /proc/self/mem fails", what);
	t_fails((intptr_t)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, h->fd, 0),
		ENODEV, "%s: mmap is ENODEV", what);
	if (h->dmabuf >= 0)
		t_ok(b_export(h->fd, 0, PAGE) == -ENODEV,
		     "%s: export is ENODEV", what);
	dmabuf_has_nothing(h, what);
	t_ok(try_open(name) == -ENODEV, "%s: open is ENODEV", what);
	t_ok(strtoul(b_sysfs(name, "errors"), NULL, 10) == h->size / PAGE,
	     "%s: all its pages count as errors", what);
}

/* The buffer is destroyed while the next one has the addresses, or before. */
static void removed(const struct place *place, bool next_is_there)
{
	uint64_t start = place->add();
	const char *what = place->what;
	struct held old, next;

	t_ok(start && !reserve("old", start, place->size, 0, 0), "%s: a buffer", what);
	hold(&old, "old", place->size);
	place->remove();
	has_nothing(&old, "old", what);
	if (next_is_there) {
		t_ok(place->add() == start &&
		     !reserve("next", start, place->size, 0, 0),
		     "%s: the same addresses again", what);
		hold(&next, "next", place->size);
		has_nothing(&old, "old", what);
	}
	drop(&old);
	t_ok(!b_destroy("old", 0), "%s: destroy", what);
	if (!next_is_there)
		return;
	t_ok(filled(next.map, place->size, 1), "%s: the next one has all of it",
	     what);
	t_ok(reserve("third", start, PAGE, 0, 0) == -EBUSY,
	     "%s: and its claim", what);
	drop(&next);
	t_ok(!b_destroy("next", 0) && !reserve("third", start, PAGE, 0, 0) &&
	     !b_destroy("third", 0), "%s: which ends with it", what);
	place->remove();
}

/* No part of it is the removed device's. */
static void others_stay(void)
{
	uint64_t bar = bar_add();
	struct held other;

	must(!reserve("other", HOLE + 8 * MIB, MIB, 0, 0));
	hold(&other, "other", MIB);
	must(!reserve("old", bar, MIB, 0, 0));
	bar_remove();
	t_ok(filled(other.map, MIB, 1) && !fails(other.untouched, true),
	     "a buffer elsewhere keeps its memory");
	drop(&other);
	t_ok(!b_destroy("other", 0) && !b_destroy("old", 0), "destroy both");
}

struct use {
	int fd;
	char *map, *copy;
	unsigned int seed;
};

/* Until it is taken away. */
static void use_mapping(void *data)
{
	const struct use *use = data;

	fill(use->map, MIB, use->seed);
	if (pread(use->fd, use->copy, MIB, 0) < 0 ||
	    pwrite(use->fd, use->map, MIB, 0) < 0)
		must(errno == ENODEV || errno == EFAULT);
}

/* Uses whatever buffer has the name, until a signal ends it. */
static void use_on(unsigned int seed)
{
	char *copy = calloc(1, MIB);

	for (;;) {
		int fd = try_open("old"), dmabuf;
		char *map;

		if (fd < 0)
			continue;
		map = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (map != MAP_FAILED) {
			raised_in(use_mapping, &(struct use){ fd, map, copy, seed });
			munmap(map, MIB);
		}
		dmabuf = b_export(fd, 0, MIB);
		if (dmabuf >= 0) {
			import(dmabuf);
			close(dmabuf);
		}
		close(fd);
	}
}

/*
 * Nobody makes a buffer where the device was and will be again: QEMU does not
 * survive that its BAR is moved under a processor that is there.
 */
static int place_lock;

static void create_on(unsigned int seed)
{
	for (;; seed++) {
		uint64_t start;

		must(!lockf(place_lock, F_LOCK, 0));
		start = ivshmem();
		if (start)
			reserve("old", start, MIB, 0, seed % 2 ?
				MAPBUF_CREATE_ZERO : MAPBUF_CREATE_ZERO_LAST_CLOSE);
		must(!lockf(place_lock, F_ULOCK, 0));
		b_destroy("old", seed % 3 ? MAPBUF_DESTROY_DEFERRED : 0);
	}
}

/*
 * All at once.  That nothing is left to be claimed says that each claim has gone;
 * the kernel complains of the rest.
 */
static void races(void)
{
	pid_t pids[4];
	size_t i;

	place_lock = open("/tmp/place", O_RDWR | O_CREAT, 0600);
	bar_add();
	for (i = 0; i < ARRAY_LEN(pids); i++)
		pids[i] = child(i ? use_on : create_on, i);
	for (i = 0; i < ROUNDS; i++) {
		must(!lockf(place_lock, F_LOCK, 0));
		bar_remove();
		bar_add();
		must(!lockf(place_lock, F_ULOCK, 0));
	}
	for (i = 0; i < ARRAY_LEN(pids); i++)
		kill(pids[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	b_destroy("old", 0);
	t_ok(ivshmem() && !reserve("last", ivshmem(), MIB, 0, 0) &&
	     !b_destroy("last", 0), "removed %d times while it was used", ROUNDS);
}

/* In memory of which nobody resolves faults. */
static void read_without_end(unsigned int seed)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register area = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int faults = syscall(SYS_userfaultfd, O_CLOEXEC);
	int fd = b_open("old", O_RDWR);
	char *memory = mmap(NULL, MIB, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	area.range.start = (uintptr_t)memory;
	area.range.len = MIB;
	must(!ioctl(faults, UFFDIO_API, &api) &&
	     !ioctl(faults, UFFDIO_REGISTER, &area));
	if (seed)
		must(pread(fd, memory, MIB, 0) < 0);
	else
		must(pwrite(fd, memory, MIB, 0) < 0);
}

/* Who stops in the middle of a call does not keep a device from going. */
static void stuck(void)
{
	pid_t reader, writer;

	must(!reserve("old", bar_add(), MIB, 0, 0));
	reader = child(read_without_end, 1);
	writer = child(read_without_end, 0);
	wait_asleep(reader);
	wait_asleep(writer);
	bar_remove();
	t_ok(!kill(reader, SIGKILL) && waitpid(reader, NULL, 0) == reader &&
	     !kill(writer, SIGKILL) && waitpid(writer, NULL, 0) == writer &&
	     !b_destroy("old", 0), "removed while processes are stuck with it");
}

int main(void)
{
	size_t i;

	driver = driver_load();
	if (!ivshmem())
		t_bail("there is an ivshmem device");
	for (i = 0; i < ARRAY_LEN(places); i++) {
		removed(&places[i], false);
		removed(&places[i], true);
	}
	others_stay();
	stuck();
	races();
	driver_unload(driver);
	return t_done();
}
