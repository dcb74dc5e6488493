// SPDX-License-Identifier: GPL-2.0-only
/* Create, use, destroy: who may, what stays, and that memory comes back. */
#include "use.h"

#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>

#include <linux/netlink.h>

#define AGAIN 50

static const char *store;
static unsigned int id;

static void in_use(void)
{
	char *map;
	int fd;

	b_create("use", MIB, id);
	t_ok(!strcmp(b_sysfs("use", "name"), "use") &&
	     atol(b_sysfs("use", "size")) == MIB &&
	     !strcmp(b_sysfs("use", "backing"), store) &&
	     !strcmp(b_sysfs("use", "cache"), "wb") &&
	     !strcmp(b_sysfs("use", "on_last_close"), "keep"),
	     "%s: sysfs", store);

	fd = b_open("use", O_RDWR);
	t_ok(atoi(b_sysfs("use", "opens")) == 1, "%s: sysfs opens", store);
	t_ok(b_destroy("use", 0) == -EBUSY, "%s: destroy while open is EBUSY",
	     store);
	t_ok(module_unload() < 0, "%s: unload while open is refused", store);
	map = b_map(fd, MIB, 0);
	close(fd);
	memset(map, 1, MIB);
	t_ok(b_destroy("use", 0) == -EBUSY, "%s: destroy while mapped is EBUSY",
	     store);
	t_ok(module_unload() < 0, "%s: unload while mapped is refused", store);
	t_ok(atoi(b_sysfs("use", "opens")) == 1,
	     "%s: a mapping holds its open file", store);
	munmap(map, MIB);
	t_ok(!b_destroy("use", 0), "%s: destroy when idle", store);
	t_ok(b_id("use") < 0, "%s: nothing is left in sysfs", store);
}

static void deferred(void)
{
	char *map;
	int fd;

	b_create("late", MIB, id);
	fd = b_open("late", O_RDWR);
	map = b_map(fd, MIB, 0);
	fill(map, MIB, 30);
	t_ok(!b_destroy("late", MAPBUF_DESTROY_DEFERRED) && b_id("late") < 0,
	     "%s: deferred destroy takes the name at once", store);
	t_ok(b_destroy("late", 0) == -ENOENT, "%s: and for good", store);
	t_ok(!b_try_create("late", MIB, id), "%s: the name is free", store);
	t_ok(filled(map, MIB, 30), "%s: the memory is still there", store);
	munmap(map, MIB);
	close(fd);
	t_ok(!b_destroy("late", 0), "%s: the new one is another", store);
}

/* A file of a buffer in sysfs, read for the first time */
static int count_open(const char *name, const char *file)
{
	char path[128], text[32];
	int fd;

	snprintf(path, sizeof(path), "/sys/class/mapbuf/mapbuf%d/%s",
		 b_id(name), file);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, text, sizeof(text)) <= 0)
		t_bail("%s", path);
	return fd;
}

static bool count_wait(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLPRI };

	return poll(&p, 1, timeout_ms) == 1 && p.revents & POLLPRI;
}

/* What it says if it tells of a change, else -1 */
static int count_change(int fd)
{
	char text[32] = "";

	if (!count_wait(fd, 0) || pread(fd, text, sizeof(text) - 1, 0) <= 0)
		return -1;
	return atoi(text);
}

static void wait_for_open(unsigned int fd)
{
	must(count_wait(fd, -1));
}

/* poll() tells of opening, mapping and their ends. */
static void told(void)
{
	int opens, mappings, fd;
	char *map;

	b_create("told", MIB, id);
	opens = count_open("told", "opens");
	mappings = count_open("told", "mappings");
	t_ok(count_change(opens) < 0 && count_change(mappings) < 0,
	     "%s: nothing is told before something changes", store);
	wait_asleep(child(wait_for_open, opens));
	fd = b_open("told", O_RDWR);
	t_ok(reap(), "%s: who waits for an open is woken up", store);
	t_ok(count_change(opens) == 1 && count_change(opens) < 0,
	     "%s: an open is told once", store);
	map = b_map(fd, MIB, 0);
	t_ok(count_change(mappings) == 1, "%s: a mapping is told", store);
	munmap(map, MIB);
	t_ok(count_change(mappings) == 0, "%s: and its end", store);
	close(fd);
	t_ok(count_change(opens) == 0, "%s: a close is told", store);

	fd = b_open("told", O_RDWR);
	map = b_map(fd, MIB, 0);
	t_ok(!b_destroy("told", MAPBUF_DESTROY_DEFERRED) &&
	     count_change(opens) < 0,
	     "%s: the file of a buffer that is gone says nothing", store);
	/* Tells those whose files nobody can open any more. */
	munmap(map, MIB);
	close(fd);
	close(opens);
	close(mappings);
}

/* Calls of what takes a lock of all of sysfs, while a buffer is used. */
static long tells(void)
{
	long before = counted_calls();
	int fd = b_open("quiet", O_RDWR);

	munmap(b_map(fd, MIB, 0), MIB);
	close(fd);
	return counted_calls() - before;
}

static void untold(void)
{
	int opens;

	if (!count_calls("kernfs_notify")) {
		t_skip("no kprobes", "%s: nobody is told", store);
		return;
	}
	b_create("quiet", MIB, id);
	t_ok(!tells(), "%s: where nobody listens, nobody is told", store);
	opens = count_open("quiet", "opens");
	t_ok(tells() == 2, "%s: who listens is, of each", store);
	close(opens);
	t_ok(!tells(), "%s: and not after that", store);
	b_destroy("quiet", 0);
	stop_counting();
}

/* A message of the kernel about a buffer: whether it is gone. */
static bool heard_of_removal(int events)
{
	char text[4096];
	ssize_t n = recv(events, text, sizeof(text), 0);

	return n > 0 && !strncmp(text, "remove@", 7) && strstr(text, "/mapbuf/");
}

/* Whoever makes it anew, as soon as the kernel says that it is gone, can. */
static void make_again(unsigned int events)
{
	int i;

	for (i = 0; i < AGAIN; i++) {
		while (!heard_of_removal(events))
			;
		must(!b_try_create("again", PAGE, id));
	}
}

/* Whether a child has ended, which stays to be reaped. */
static bool ended(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT);
	return info.si_pid;
}

static void again(void)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK, .nl_groups = 1,
	};
	int events = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
			    NETLINK_KOBJECT_UEVENT), i;
	pid_t pid;

	if (events < 0 || bind(events, (void *)&address, sizeof(address)))
		t_bail("hear of events");
	b_create("again", PAGE, id);
	pid = child(make_again, events);
	for (i = 0; i < AGAIN; i++) {
		while (b_destroy("again", 0) == -ENOENT && !ended(pid))
			sched_yield();
	}
	t_ok(reap(), "%s: made anew when its end is heard of", store);
	close(events);
	b_destroy("again", 0);
}

static void wiped_at_last_close(void)
{
	struct mapbuf_create c = {
		.size = sizeof(c), .bytes = MIB, .name = "wipe",
		.backing = id, .flags = MAPBUF_CREATE_ZERO_LAST_CLOSE,
	};
	char *map;
	int fd, fd2;

	ioctl(b_control(), MAPBUF_IOC_CREATE, &c);
	t_ok(!strcmp(b_sysfs("wipe", "on_last_close"), "zero"),
	     "%s: sysfs on_last_close", store);
	fd = b_open("wipe", O_RDWR);
	fd2 = b_open("wipe", O_RDWR);
	map = b_map(fd, MIB, 0);
	fill(map, MIB, 31);
	close(fd2);
	t_ok(filled(map, MIB, 31), "%s: kept while somebody has it", store);
	close(fd);
	t_ok(filled(map, MIB, 31), "%s: kept while it is mapped", store);
	munmap(map, MIB);
	fd = b_open("wipe", O_RDWR);
	map = b_map(fd, MIB, 0);
	t_ok(all_zero(map, MIB), "%s: zero after the last close", store);
	munmap(map, MIB);
	close(fd);
	b_destroy("wipe", 0);
}

static void owner(void)
{
	struct mapbuf_create c = {
		.size = sizeof(c), .bytes = MIB, .name = "owner",
		.backing = id, .uid = 1000, .gid = 2000, .mode = 0640,
		.flags = MAPBUF_CREATE_UID | MAPBUF_CREATE_GID |
			 MAPBUF_CREATE_MODE,
	};
	struct stat st = { 0 };
	char path[64];

	ioctl(b_control(), MAPBUF_IOC_CREATE, &c);
	snprintf(path, sizeof(path), "/dev/mapbuf%u", c.id);
	t_ok(!stat(path, &st) && st.st_uid == 1000 && st.st_gid == 2000 &&
	     (st.st_mode & 07777) == 0640, "%s: owner, group and mode", store);
	b_destroy("owner", 0);

	c.mode = 0;
	ioctl(b_control(), MAPBUF_IOC_CREATE, &c);
	snprintf(path, sizeof(path), "/dev/mapbuf%u", c.id);
	t_ok(!stat(path, &st) && st.st_uid == 1000 && !(st.st_mode & 07777),
	     "%s: mode 0 is for nobody", store);
	b_destroy("owner", 0);

	snprintf(path, sizeof(path), "/dev/mapbuf%d",
		 b_create("owner", MIB, id));
	t_ok(!stat(path, &st) && st.st_uid == 0 && st.st_gid == 0 &&
	     (st.st_mode & 07777) == 0600, "%s: without them root 0600", store);
	b_destroy("owner", 0);
	t_ok(!stat("/dev/mapbuf-control", &st) &&
	     (st.st_mode & 07777) == 0600 && !st.st_uid,
	     "%s: the control node is root's alone", store);
}

/*
 * Who keeps a node, as a container may, does not reach another buffer by it
 * after that of the node is gone.
 */
static void kept_node(void)
{
	static const char kept[] = "/tmp/kept";
	char path[64];
	struct stat st;
	int first, second, i;

	unlink(kept);
	first = b_create("kept", PAGE, id);
	snprintf(path, sizeof(path), "/dev/mapbuf%d", first);
	if (stat(path, &st) || mknod(kept, S_IFCHR | 0600, st.st_rdev))
		t_bail("mknod");
	t_ok(!close(open(kept, O_RDWR)), "%s: another node of the same number",
	     store);
	b_destroy("kept", 0);
	second = b_create("other", PAGE, id);
	t_fails(open(kept, O_RDWR), ENXIO, "%s: not a stranger's buffer (%d, %d)",
		store, first, second);
	for (i = 0; i < 100; i++) {
		b_destroy("other", 0);
		must(b_create("other", PAGE, id) > second);
		second = b_id("other");
	}
	t_fails(open(kept, O_RDWR), ENXIO, "%s: nor one of many", store);
	b_destroy("other", 0);
	unlink(kept);
}

/* A big one, and one too big for the machine but not for max_bytes. */
static void large(void)
{
	size_t size = 256 * MIB, i;
	bool zero = true;
	char *map;
	int fd;

	t_ok(!b_try_create("large", size, id), "%s: 256 MiB", store);
	fd = b_open("large", O_RDWR);
	map = b_map(fd, size, 0);
	for (i = 0; i < size && zero; i += MIB)
		zero = all_zero(map + i, MIB);
	t_ok(zero, "%s: 256 MiB are zero", store);
	for (i = 0; i < size; i += MIB)
		fill(map + i, PAGE, i);
	for (i = 0; i < size && zero; i += MIB)
		zero = filled(map + i, PAGE, i);
	t_ok(zero, "%s: 256 MiB hold what they are given", store);
	munmap(map, size);
	close(fd);
	t_ok(!b_destroy("large", 0), "%s: destroy 256 MiB", store);
}

static void write_param(const char *name, const char *value, int err)
{
	char path[128];
	int fd, n;

	snprintf(path, sizeof(path), "/sys/module/mapbuf/parameters/%s", name);
	fd = open(path, O_WRONLY);
	errno = 0;
	n = write(fd, value, strlen(value));
	t_ok(err ? n == -1 && errno == err : n == (int)strlen(value),
	     "%s=%s at run time %s", name, value, err ? "is EINVAL" : "works");
	close(fd);
}

static void limits(void)
{
	struct sysinfo info;
	long before;

	write_param("max_bytes", "8M", 0);
	t_ok(!b_try_create("l1", 5 * MIB, 0), "below max_bytes");
	t_ok(b_try_create("l2", 5 * MIB, 0) == -ENOSPC,
	     "together above max_bytes is ENOSPC");
	t_ok(!b_try_create("l2", 3 * MIB, 0), "exactly max_bytes");
	b_destroy("l1", 0);
	b_destroy("l2", 0);

	write_param("max_bytes", "200%", EINVAL);
	write_param("max_bytes", "1x", EINVAL);
	write_param("max_bytes", "-1", EINVAL);
	write_param("max_bytes", "0", EINVAL);
	write_param("max_bytes", "99999999999999999999999", EINVAL);
	write_param("size", "0", EINVAL);
	write_param("size", "17179869184G", EINVAL);
	write_param("size", "8k", 0);
	write_param("backing", "foo", EINVAL);
	write_param("backing", "contiguous", 0);
	t_ok(!b_try_create("l1", MIB, 0) &&
	     !strcmp(b_sysfs("l1", "backing"), "contiguous"),
	     "backing= is what a buffer gets by default");
	b_destroy("l1", 0);
	write_param("backing", "vmalloc", 0);

	write_param("max_buffers", "2", 0);
	t_ok(!b_try_create("l1", PAGE, 0) && !b_try_create("l2", PAGE, 0) &&
	     b_try_create("l3", PAGE, 0) == -ENOSPC, "max_buffers is ENOSPC");
	b_destroy("l1", 0);
	b_destroy("l2", 0);
	write_param("max_buffers", "65536", 0);

	write_param("max_bytes", "100%", 0);
	sysinfo(&info);
	before = mem_free();
	t_ok(b_try_create("l1", info.totalram, MAPBUF_BACKING_VMALLOC) ==
	     -ENOMEM, "all of memory is ENOMEM: vmalloc");
	t_ok(b_try_create("l1", info.totalram, MAPBUF_BACKING_CONTIGUOUS) ==
	     -ENOMEM, "all of memory is ENOMEM: contiguous");
	t_ok(labs(mem_free() - before) < 16 * 1024,
	     "and takes none (%ld KiB before, %ld after)", before,
	     mem_free());
	write_param("max_bytes", "50%", 0);
}

/* Free memory before and after, with the caches as they are. */
static void given_back(void)
{
	long before, after;
	int i;

	b_create("back", 64 * MIB, id);
	b_destroy("back", 0);
	before = mem_free();
	for (i = 0; i < 20; i++) {
		int fd;
		char *map;

		b_create("back", 64 * MIB + i * PAGE, id);
		fd = b_open("back", O_RDWR);
		map = b_map(fd, 64 * MIB, 0);
		memset(map, 1, 64 * MIB);
		munmap(map, 64 * MIB);
		close(fd);
		b_destroy("back", 0);
	}
	after = mem_free();
	t_ok(before - after < 16 * 1024,
	     "%s: 20 times 64 MiB come back (%ld KiB before, %ld after)",
	     store, before, after);
}

int main(void)
{
	const struct store *s;

	for (s = stores; s->name; s++) {
		store = s->name;
		id = s->id;
		large();
		in_use();
		deferred();
		told();
		untold();
		again();
		wiped_at_last_close();
		owner();
	kept_node();
		given_back();
	}
	limits();
	return t_done();
}
