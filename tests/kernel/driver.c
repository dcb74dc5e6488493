// SPDX-License-Identifier: GPL-2.0-only
/*
 * What <linux/mapbuf.h> gives to drivers, and dma-bufs to devices, through
 * kmod/driver_calls.c.
 */
#include "inject.h"
#include "use.h"

#include <poll.h>
#include <sys/eventfd.h>

#include "kmod/driver.h"

#define NAME "driver"
#define NOTIFICATIONS 1000
#define SIZE (6 * MIB + 3 * PAGE)

static int driver;	/* an open file of it */

/* 0 or -errno. */
static int ask(unsigned long command, struct driver_call *call)
{
	return ioctl(driver, command, call) ? -errno : 0;
}

static int plain(unsigned long command)
{
	struct driver_call call = { 0 };

	return ask(command, &call);
}

static int find(const char *name)
{
	struct driver_call call = { 0 };

	memcpy(call.name, name, strlen(name));
	return ask(DRIVER_FIND, &call);
}

static int create(const char *name, uint64_t bytes, unsigned int backing,
		  unsigned int flags)
{
	struct driver_call call = {
		.bytes = bytes, .backing = backing, .flags = flags,
		.uid = 1000, .mode = 0640,
	};

	memcpy(call.name, name, strlen(name));
	return ask(DRIVER_CREATE, &call);
}

static int at_kernel(unsigned long command, uint64_t offset, uint64_t bytes,
		     uint64_t seed)
{
	struct driver_call call = {
		.offset = offset, .bytes = bytes, .seed = seed,
	};

	return ask(command, &call);
}

/* Creating: who owns it, and what is refused. */
static void creates(const struct store *s)
{
	struct driver_call call = { 0 };
	char path[32];
	struct stat st;

	t_ok(!create(NAME, SIZE, s->id,
		     MAPBUF_CREATE_UID | MAPBUF_CREATE_MODE),
	     "%s: a driver creates", s->name);
	snprintf(path, sizeof(path), "/dev/mapbuf%d", b_id(NAME));
	t_ok(!stat(path, &st) && st.st_uid == 1000 &&
	     (st.st_mode & 0777) == 0640, "%s: owner and mode", s->name);
	t_ok(!ask(DRIVER_SIZE, &call) && call.bytes == SIZE,
	     "%s: its size", s->name);
	t_ok(b_try_create(NAME, PAGE, s->id) == -EEXIST,
	     "%s: the name is taken", s->name);
	t_ok(b_destroy(NAME, 0) == -EBUSY && module_unload() == -EAGAIN,
	     "%s: it is in use, and so is the module", s->name);
	t_ok(!plain(DRIVER_DESTROY) && b_id(NAME) < 0 &&
	     access(path, F_OK), "%s: destroyed, it is gone",
	     s->name);

	t_ok(create(NAME, 0, s->id, 0) == -EINVAL, "%s: no bytes", s->name);
	t_ok(create(NAME, PAGE, s->id, 1U << 31) == -EINVAL,
	     "%s: an unknown flag", s->name);
	t_ok(create(NAME, PAGE, MAPBUF_BACKING_RESERVED, 0) == -EINVAL,
	     "%s: not a range of memory", s->name);
	t_ok(create("no/name", PAGE, s->id, 0) == -EINVAL,
	     "%s: no such name", s->name);
	t_ok(create(NAME, 1ULL << 40, s->id, 0) == -ENOSPC,
	     "%s: too much", s->name);
	b_create(NAME, PAGE, s->id);
	t_ok(create(NAME, PAGE, s->id, 0) == -EEXIST,
	     "%s: somebody else's name", s->name);
	b_destroy(NAME, 0);
}

/* The driver and the administrator, each of whom may destroy it. */
static void destroyed(const struct store *s)
{
	int fd;
	char *map;

	must(!create(NAME, SIZE, s->id, 0));
	t_ok(!b_destroy(NAME, MAPBUF_DESTROY_DEFERRED) && b_id(NAME) < 0,
	     "%s: the administrator destroys it", s->name);
	t_ok(!at_kernel(DRIVER_FILL, 0, SIZE, 1) &&
	     !at_kernel(DRIVER_CHECK, 0, SIZE, 1),
	     "%s: its driver still has it", s->name);
	t_ok(create(NAME, PAGE, s->id, 0) == -EBUSY,
	     "%s: a driver has one", s->name);
	t_ok(!plain(DRIVER_DESTROY), "%s: and destroys it, too", s->name);

	must(!create(NAME, SIZE, s->id, 0));
	fd = b_open(NAME, O_RDWR);
	map = b_map(fd, SIZE, 0);
	must(!at_kernel(DRIVER_FILL, 0, SIZE, 2));
	close(fd);
	t_ok(!plain(DRIVER_DESTROY) && filled(map, SIZE, 2),
	     "%s: a process keeps what it has mapped", s->name);
	munmap(map, SIZE);

	b_create(NAME, PAGE, s->id);
	t_ok(!find(NAME), "%s: a driver finds it", s->name);
	t_ok(b_destroy(NAME, 0) == -EBUSY, "%s: and keeps it", s->name);
	t_ok(!b_destroy(NAME, MAPBUF_DESTROY_DEFERRED) && !plain(DRIVER_PUT) &&
	     find(NAME) == -ENOENT, "%s: put, it is gone", s->name);
}

/*
 * Not the handler of an interrupt signals eventfds, but a thread, if it is not
 * on another processor meanwhile; each notification adds 1.
 */
static void eventfds(const struct store *s, int fd)
{
	struct mapbuf_eventfd e = {
		.size = sizeof(e), .fd = eventfd(0, 0),
	};
	struct driver_call call = { .fd = e.fd };
	uint64_t sum = 0, n;
	bool later = false;
	int i;

	must(!ioctl(fd, MAPBUF_IOC_EVENTFD, &e));
	for (i = 0; i < NOTIFICATIONS; i++)
		must(!ask(DRIVER_NOTIFY, &call));
	while (sum < NOTIFICATIONS) {
		must(read(e.fd, &n, 8) == 8);
		sum += n;
	}
	t_ok(sum == NOTIFICATIONS, "%s: an eventfd counts each of %d", s->name,
	     NOTIFICATIONS);
	for (i = 0; i < NOTIFICATIONS && !later; i++) {
		must(!ask(DRIVER_NOTIFY, &call) && read(e.fd, &n, 8) == 8);
		later = !call.entries;
	}
	t_ok(later, "%s: signalled when interrupts are on again", s->name);
	t_ok(!ask(DRIVER_NOTIFY_CANSLEEP, &call) && read(e.fd, &n, 8) == 8 &&
	     n == 1, "%s: or at once, in a thread", s->name);
	close(e.fd);
}

/* The same data in the kernel and in processes. */
static void data(const struct store *s)
{
	struct driver_call call = { .offset = PAGE, .bytes = SIZE - 2 * PAGE };
	struct pollfd waiting = { .events = POLLIN };
	int fd;
	char *map;

	b_create(NAME, SIZE, s->id);
	fd = b_open(NAME, O_RDWR);
	map = b_map(fd, SIZE, 0);
	must(!find(NAME));
	t_ok(!at_kernel(DRIVER_FILL, 0, SIZE, 3) && filled(map, SIZE, 3),
	     "%s: a process sees what the kernel writes", s->name);
	fill(map, SIZE, 4);
	t_ok(!at_kernel(DRIVER_CHECK, 0, SIZE, 4) &&
	     at_kernel(DRIVER_CHECK, 0, SIZE, 5) == -EBADMSG,
	     "%s: the kernel sees what a process writes", s->name);

	t_ok(!ask(DRIVER_TABLE, &call) && call.bytes == SIZE - 2 * PAGE &&
	     (s->id == MAPBUF_BACKING_VMALLOC || call.entries == 1),
	     "%s: a table of a part", s->name);
	call.segment = 64 * KIB;
	t_ok(!ask(DRIVER_TABLE, &call) && call.bytes == SIZE - 2 * PAGE &&
	     call.longest <= 64 * KIB && call.entries >= SIZE / (64 * KIB),
	     "%s: and for a device with a limit", s->name);
	t_ok(at_kernel(DRIVER_TABLE, SIZE, PAGE, 0) == -EINVAL &&
	     at_kernel(DRIVER_TABLE, 0, SIZE + PAGE, 0) == -EINVAL &&
	     at_kernel(DRIVER_TABLE, 0, 0, 0) == -EINVAL &&
	     at_kernel(DRIVER_TABLE, 1, PAGE, 0) == -EINVAL,
	     "%s: not of what is no part", s->name);

	waiting.fd = fd;
	t_ok(poll(&waiting, 1, 0) == 0 && !ask(DRIVER_NOTIFY, &call) &&
	     call.bytes == 1 && poll(&waiting, 1, 0) == 1 && b_seen(fd) == 1,
	     "%s: a notification with interrupts off", s->name);
	eventfds(s, fd);
	plain(DRIVER_PUT);
	munmap(map, SIZE);
	close(fd);
	b_destroy(NAME, 0);
}

static struct driver_call import_call;

static unsigned int import_flags;

static int import(int dmabuf, uint64_t bytes, uint64_t seed,
		  unsigned int segment)
{
	import_call = (struct driver_call) {
		.fd = dmabuf, .bytes = bytes, .seed = seed, .segment = segment,
		.flags = import_flags,
	};
	return ask(DRIVER_IMPORT, &import_call);
}

/* A device has all but the first page of @size, in entries that it takes. */
static void imported(const char *what, int fd, size_t size, bool adjacent)
{
	size_t part = size - PAGE;
	int dmabuf = b_export(fd, PAGE, part), again;
	char *map = b_map(fd, size, 0);
	unsigned int whole;

	fill(map, size, 6);
	t_ok(!import(dmabuf, part, 6 + PAGE / 8, 0) &&
	     import_call.bytes == part, "%s: a device imports a part", what);
	t_ok(filled(map + PAGE, part, 7 + PAGE / 8) && filled(map, PAGE, 6),
	     "%s: what it wrote is there", what);
	whole = import_call.entries;
	again = import(dmabuf, PAGE, 7 + PAGE / 8, 64 * KIB);
	t_ok(!again && import_call.bytes == part &&
	     import_call.longest <= 64 * KIB &&
	     (!adjacent || (import_call.entries ==
			    (part + 64 * KIB - 1) / (64 * KIB) && whole == 1)),
	     "%s: in entries of 64 KiB", what);
	munmap(map, size);
	close(dmabuf);
}

/* A range that is not memory, as any kernel lets devices have it. */
static void imported_range(uint64_t start)
{
	struct mapbuf_create c = {
		.size = sizeof(c), .bytes = MIB, .name = NAME,
		.backing = MAPBUF_BACKING_RESERVED, .phys_addr = start,
	};
	int fd, dmabuf;

	must(!ioctl(b_control(), MAPBUF_IOC_CREATE, &c));
	fd = b_open(NAME, O_RDWR);
	import_flags = 0;
	dmabuf = b_export(fd, 0, PAGE);
	t_ok(import(dmabuf, PAGE, 0, 0) == -EOPNOTSUPP,
	     "a range is not for devices that want pages");
	close(dmabuf);
	import_flags = DRIVER_PEER;
	imported("a range", fd, MIB, true);
	t_ok(import_call.address == start + PAGE, "where it is (%#llx)",
	     (unsigned long long)import_call.address);
	must(!find(NAME));
	t_ok(!at_kernel(DRIVER_FILL, 0, PAGE, 0) &&
	     at_kernel(DRIVER_TABLE, 0, PAGE, 0) == -EOPNOTSUPP,
	     "it has an address, but no pages");
	plain(DRIVER_PUT);
	close(fd);
	b_destroy(NAME, 0);

	c.cache = MAPBUF_CACHE_UNCACHED;
	must(!ioctl(b_control(), MAPBUF_IOC_CREATE, &c));
	must(!find(NAME));
	fd = b_open(NAME, O_RDWR);
	imported("an uncached range", fd, MIB, true);
	t_ok(at_kernel(DRIVER_FILL, 0, PAGE, 0) == -EOPNOTSUPP,
	     "it has no address");
	plain(DRIVER_PUT);
	close(fd);
	b_destroy(NAME, 0);
}

static void imports(void)
{
	const struct store *s;
	uint64_t range = ivshmem();
	int fd;

	if (import(-1, 0, 0, 0) == -EOPNOTSUPP) {
		t_skip("this kernel has no dma-buf, or imports otherwise",
		       "import");
		return;
	}
	for (s = stores; s->name; s++) {
		b_create(NAME, 5 * MIB, s->id);
		fd = b_open(NAME, O_RDWR);
		imported(s->name, fd, 5 * MIB, false);
		close(fd);
		b_destroy(NAME, 0);
	}
	if (range)
		imported_range(range);
}

/* Each allocation of these fails once, on kernels that can make them. */

static int exported;

static void nothing(uintptr_t arg)
{
	(void)arg;
}

static bool unchanged(uintptr_t arg)
{
	(void)arg;
	return true;
}

static bool not_there(uintptr_t arg)
{
	(void)arg;
	return b_id(NAME) < 0 && b_nodes() == 1;
}

static int create_step(uintptr_t backing)
{
	return create(NAME, SIZE, backing, 0);
}

static void create_undo(uintptr_t backing)
{
	(void)backing;
	if (plain(DRIVER_DESTROY))
		t_bail("destroy");
}

static void address_before(uintptr_t backing)
{
	if (create(NAME, SIZE, backing, 0))
		t_bail("create");
}

static int address_step(uintptr_t backing)
{
	(void)backing;
	return at_kernel(DRIVER_FILL, 0, PAGE, 1);
}

static int table_step(uintptr_t backing)
{
	(void)backing;
	return at_kernel(DRIVER_TABLE, 0, SIZE, 1);
}

static int import_step(uintptr_t arg)
{
	int err = import(exported, PAGE, 0, 0);

	(void)arg;
	return err == -EBADMSG ? 0 : err;
}

static void faults(void)
{
	static const struct step steps[] = {
		{ .name = "a driver creates: vmalloc", .before = nothing,
		  .call = create_step, .unchanged = not_there,
		  .undo = create_undo, .arg = MAPBUF_BACKING_VMALLOC },
		{ .name = "a driver creates: contiguous", .before = nothing,
		  .call = create_step, .unchanged = not_there,
		  .undo = create_undo, .arg = MAPBUF_BACKING_CONTIGUOUS },
	};
	struct step address = {
		.name = "an address", .before = nothing, .call = address_step,
		.unchanged = unchanged, .undo = nothing,
	};
	struct step table = address, device = address;
	int fd;
	size_t i;

	if (access("/proc/thread-self/fail-nth", F_OK)) {
		t_skip("this kernel makes no calls fail", "failing calls");
		return;
	}
	inject_set_up();
	/* The first id takes no memory. */
	b_create("first", PAGE, MAPBUF_BACKING_VMALLOC);
	for (i = 0; i < ARRAY_LEN(steps); i++)
		inject(&steps[i], 1);
	address_before(MAPBUF_BACKING_VMALLOC);
	table.name = "a table";
	table.call = table_step;
	inject(&table, 1);
	inject(&address, 1);
	fd = b_open(NAME, O_RDWR);
	exported = b_export(fd, 0, SIZE);
	device.name = "import";
	device.call = import_step;
	device.also = -EIO;
	if (exported >= 0)
		inject(&device, 1);
	close(exported);
	close(fd);
	create_undo(0);
	b_destroy("first", 0);
}

int main(void)
{
	char longest[MAPBUF_NAME_SIZE + 1] = "";
	const struct store *s;

	driver = driver_load();
	memset(longest, 'x', sizeof(longest) - 1);
	t_ok(find(NAME) == -ENOENT && find(longest) == -ENOENT,
	     "no such buffer");
	for (s = stores; s->name; s++) {
		creates(s);
		destroyed(s);
		data(s);
	}
	imports();
	faults();

	/* A driver that goes gives back what it has. */
	b_create(NAME, PAGE, MAPBUF_BACKING_VMALLOC);
	must(!find(NAME));
	driver_unload(driver);
	t_ok(!b_destroy(NAME, 0), "a closed driver uses nothing");
	return t_done();
}
