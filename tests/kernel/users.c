// SPDX-License-Identifier: GPL-2.0-only
/*
 * What docs/security.md says of each kind of user: a member of the group, an
 * outsider, root of a user namespace, a worker that may do next to nothing.
 */
#include "t.h"

#include <grp.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#define SIZE (3 * PAGE)
#define GROUP 900	/* that udev gives the nodes */
#define MEMBER 1001
#define OUTSIDER 1002
#define OTHER 1003
#define DESCRIPTORS 2000
#define PARAMETERS "/sys/module/mapbuf/parameters/"

/* The nodes, by number; and files that root has opened. */
static char shared[32], readable[32], private[32], sysfs[64];
static int root_phys, root_control;

static const char *in_sysfs(const char *file)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", sysfs, file);
	return path;
}

static void become(uid_t uid, gid_t gid)
{
	must(!setgroups(0, NULL) && !setresgid(gid, gid, gid) &&
	     !setresuid(uid, uid, uid));
	/* Else what is in /proc/self belongs to root. */
	must(!prctl(PR_SET_DUMPABLE, 1));
}

static void must_not_open(const char *path, int flags)
{
	int fd = open(path, flags);

	if (fd >= 0 || errno != EACCES)
		t_note("%s, flags %#x: %d", path, flags, fd < 0 ? errno : 0);
	must(fd < 0 && errno == EACCES);
}

static void use(int fd)
{
	char *map, byte = 7;
	int dmabuf;

	must(pwrite(fd, &byte, 1, PAGE) == 1 && pread(fd, &byte, 1, 0) == 1);
	map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(map != MAP_FAILED && map[PAGE] == 7);
	map[PAGE] = 8;
	must(b_notify(fd) > 0 && b_seen(fd) > 0);
	dmabuf = b_export(fd, 0, SIZE);
	must(dmabuf >= 0 || dmabuf == -EOPNOTSUPP);
	close(dmabuf);
	must(!munmap(map, SIZE));
}

/* It stays one for reading, whatever is tried. */
static void use_reading(int fd)
{
	char path[64], *map, byte = 9;

	must(pread(fd, &byte, 1, 0) == 1 && b_seen(fd) >= 0);
	must(pwrite(fd, &byte, 1, 0) == -1 && errno == EBADF);
	must(b_notify(fd) == -EBADF && b_export(fd, 0, PAGE) == -EACCES);
	must(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) ==
	     MAP_FAILED && errno == EACCES);
	map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	must(map != MAP_FAILED);
	must(mprotect(map, PAGE, PROT_READ | PROT_WRITE) == -1 &&
	     errno == EACCES);
	must(!munmap(map, PAGE));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	must_not_open(path, O_RDWR);
}

/* What is root's alone. */
static void not_for_users(void)
{
	static const char *const parameters[] = {
		"backing", "size", "max_bytes", "max_buffers", "max_eventfds",
		"buffers", "reserved",
	};
	char path[64], text[32];
	size_t i;

	must_not_open("/dev/mapbuf-control", O_RDONLY);
	must_not_open("/dev/mapbuf-control", O_RDWR);
	for (i = 0; i < ARRAY_LEN(parameters); i++) {
		snprintf(path, sizeof(path), PARAMETERS "%s", parameters[i]);
		must_not_open(path, O_WRONLY);
	}
	must_not_open(PARAMETERS "reserved", O_RDONLY);
	must_not_open(in_sysfs("phys_addr"), O_RDONLY);
	must_not_open(in_sysfs("uevent"), O_WRONLY);
	must(pread(root_phys, text, sizeof(text), 0) == -1 && errno == EPERM);
	must(module_load("") == -EPERM && module_unload() == -EPERM);
	must(chmod(shared, 0666) == -1 && errno == EPERM);
	must(mknod("/tmp/node", S_IFCHR | 0666, makedev(1, 3)) == -1 &&
	     errno == EPERM);
}

static void for_anybody(void)
{
	static const char *const files[] = {
		"name", "size", "backing", "numa_node", "opens", "mappings",
		"exports", "dma_bits", "cache", "on_last_close",
	};
	char text[64];
	size_t i;

	for (i = 0; i < ARRAY_LEN(files); i++) {
		int fd = open(in_sysfs(files[i]), O_RDONLY);

		must(fd >= 0 && read(fd, text, sizeof(text)) > 0);
		must_not_open(in_sysfs(files[i]), O_WRONLY);
		close(fd);
	}
}

static void no_frames(int fd)
{
	char *map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	uint64_t frames[3] = { 0 };
	int pagemap = open("/proc/self/pagemap", O_RDONLY);

	memset(map, 1, SIZE);
	must(pagemap >= 0 &&
	     pread(pagemap, frames, sizeof(frames), (uintptr_t)map / PAGE * 8) ==
	     sizeof(frames));
	must(!((frames[0] | frames[1] | frames[2]) & ((1ULL << 55) - 1)));
	must(!munmap(map, SIZE));
}

static void member(unsigned int unused)
{
	char path[64];
	int fd;

	(void)unused;
	become(MEMBER, GROUP);
	for_anybody();
	not_for_users();
	fd = open(shared, O_RDWR);
	must(fd >= 0);
	use(fd);
	no_frames(fd);
	close(fd);
	must_not_open(readable, O_RDWR);
	fd = open(readable, O_RDONLY);
	must(fd >= 0);
	use_reading(fd);
	/* By such a path, too, what the node lets. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	fd = open(path, O_RDONLY);
	must(fd >= 0);
	must_not_open(private, O_RDONLY);
}

/* What somebody else has opened: for both, and for reading. */
static int handed[2];

static void outsider(unsigned int unused)
{
	char path[64];

	(void)unused;
	become(OUTSIDER, OUTSIDER);
	for_anybody();
	not_for_users();
	must_not_open(shared, O_RDONLY);
	must_not_open(readable, O_RDONLY);
	must_not_open(private, O_RDONLY);
	use(handed[0]);
	use_reading(handed[1]);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", handed[0]);
	must_not_open(path, O_RDONLY);
}

/* Root of a namespace, of which @uid and @gid are root. */
static bool namespace(uid_t uid, gid_t gid)
{
	char map[64];

	if (unshare(CLONE_NEWUSER)) {
		must(errno == EPERM || errno == ENOSPC || errno == EINVAL);
		return false;
	}
	must(!write_file("/proc/self/setgroups", "deny"));
	snprintf(map, sizeof(map), "0 %u 1", uid);
	must(!write_file("/proc/self/uid_map", map));
	snprintf(map, sizeof(map), "0 %u 1", gid);
	must(!write_file("/proc/self/gid_map", map));
	must(!setresgid(0, 0, 0) && !setresuid(0, 0, 0));
	return true;
}

/* With root's descriptor of the control node: a buffer of @uid, or a range. */
static int create(const char *name, uid_t uid, bool reserved)
{
	struct mapbuf_create c = {
		.size = sizeof(c), .bytes = PAGE, .uid = uid,
		.flags = MAPBUF_CREATE_UID,
		.backing = reserved ? MAPBUF_BACKING_RESERVED : 0,
		.phys_addr = reserved ? 1ULL << 36 : 0,
	};

	strcpy(c.name, name);
	return ioctl(root_control, MAPBUF_IOC_CREATE, &c) ? -errno : 0;
}

static void member_as_root(unsigned int unused)
{
	int fd;

	(void)unused;
	become(MEMBER, GROUP);
	if (!namespace(MEMBER, GROUP))
		_exit(77);
	for_anybody();
	not_for_users();
	fd = open(shared, O_RDWR);
	must(fd >= 0);
	use(fd);
	must_not_open(readable, O_RDWR);
	must_not_open(private, O_RDONLY);
	must(chown(shared, 0, 0) == -1 && errno == EPERM);
	must(unshare(CLONE_NEWNS) == 0);
	must(mount("dev", "/tmp", "devtmpfs", 0, NULL) == -1 && errno == EPERM);
	/* A descriptor of the control node lets create; more it does not. */
	must(create("range", 0, true) == -EPERM);
	must(create("users-5", 5, false) == -EINVAL);
	must(!create("users-0", 0, false));
}

/* The owner of root's files without root's capabilities. */
static void root_as_root(unsigned int unused)
{
	char text[32];
	int fd;

	(void)unused;
	if (!namespace(0, 0))
		_exit(77);
	fd = open(in_sysfs("phys_addr"), O_RDONLY);
	must(fd >= 0 && read(fd, text, sizeof(text)) == -1 && errno == EPERM);
	fd = open(PARAMETERS "reserved", O_RDONLY);
	must(fd >= 0 && read(fd, text, sizeof(text)) == -1 && errno == EPERM);
	must(module_load("") == -EPERM && module_unload() == -EPERM);
	must_not_open(private, O_RDONLY);
	must(create("range", 0, true) == -EPERM);
	must(!write_file(PARAMETERS "max_buffers", "65536"));
}

static void control_handed(unsigned int unused)
{
	(void)unused;
	become(OUTSIDER, OUTSIDER);
	must(create("range", 0, true) == -EPERM);
	must(!create("users-0", OUTSIDER, false) &&
	     !b_destroy("users-0", 0));
}

static bool in_namespace(void (*work)(unsigned int), const char *what)
{
	int status = -1;

	waitpid(child(work, 0), &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		t_skip("no user namespaces", "%s", what);
		return false;
	}
	return t_ok(!status, "%s", what);
}

/* Hands a descriptor over, or takes one: -1. */
static int pass(int socket, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = "", byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	if (fd < 0) {
		must(recvmsg(socket, &msg, MSG_CMSG_CLOEXEC) == 1);
		memcpy(&fd, CMSG_DATA(c), sizeof(int));
		return fd;
	}
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	if (sendmsg(socket, &msg, 0) != 1)
		t_bail("sendmsg");
	return fd;
}

static void confine(void)
{
	static const int calls[] = {
		SYS_read, SYS_write, SYS_mmap, SYS_munmap, SYS_ioctl,
		SYS_exit_group,
	};
	struct sock_filter filter[ARRAY_LEN(calls) + 3] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
	};
	struct sock_fprog program = { ARRAY_LEN(filter), filter };
	unsigned int i, n = ARRAY_LEN(calls);

	for (i = 0; i < n; i++)
		filter[1 + i] = (struct sock_filter)
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i], n - i, 0);
	filter[1 + n] = (struct sock_filter)
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	filter[2 + n] = (struct sock_filter)
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	must(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	must(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

static int sockets[2];

static void confined(unsigned int escapes)
{
	char *map, bytes[8] = "confined";
	int fd;

	become(OUTSIDER, OUTSIDER);
	fd = pass(sockets[1], -1);
	confine();
	if (escapes)
		syscall(SYS_getppid);
	must(write(fd, bytes, 8) == 8 && read(fd, bytes, 8) == 8);
	map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(map != MAP_FAILED && !memcmp(map, "confined", 8));
	memset(map + PAGE, 0x5a, PAGE);
	must(b_notify(fd) > 0 && b_seen(fd) > 0 && !munmap(map, SIZE));
}

static void worker(void)
{
	int fd = open(shared, O_RDWR), status = 0, status2 = 0;
	char *map = b_map(fd, SIZE, 0);
	long long seen = b_seen(fd);
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets))
		t_bail("socketpair");
	pid = child(confined, 0);
	pass(sockets[0], fd);
	waitpid(pid, &status, 0);
	t_ok(!status && map[PAGE] == 0x5a && b_seen(fd) == seen + 1,
	     "a worker with read, write, mmap, munmap and ioctl can use a buffer");
	pid = child(confined, 1);
	pass(sockets[0], fd);
	waitpid(pid, &status2, 0);
	t_ok(WIFSIGNALED(status2) && WTERMSIG(status2) == SIGSYS,
	     "and dies of anything else");
	munmap(map, SIZE);
	close(fd);
}

/* Who holds it keeps it, but not from being destroyed in the end. */
static int keep[2];

static void keeper(unsigned int unused)
{
	char *map, byte;
	int fd;

	(void)unused;
	become(MEMBER, GROUP);
	fd = open(shared, O_RDWR);
	map = b_map(fd, SIZE, 0);
	fill(map, SIZE, 70);
	must(write(keep[0], "x", 1) == 1 && read(keep[0], &byte, 1) == 1);
	must(filled(map, SIZE, 70));
}

static void kept(void)
{
	char byte;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, keep))
		t_bail("socketpair");
	child(keeper, 0);
	t_ok(read(keep[1], &byte, 1) == 1 && b_destroy("users", 0) == -EBUSY,
	     "what a member holds is not destroyed");
	t_ok(!b_destroy("users", MAPBUF_DESTROY_DEFERRED) &&
	     access(shared, F_OK), "but it can be taken away from others");
	t_ok(write(keep[1], &byte, 1) == 1 && reap(), "and is still the member's");
}

/* What a member can make the kernel keep for each descriptor. */
static void hoarder(unsigned int unused)
{
	long most = debug_kernel() ? 8192 : 2048;
	struct mapbuf_eventfd e = { .size = sizeof(e) };
	static int fds[DESCRIPTORS];
	long before, each;
	int i;

	(void)unused;
	e.fd = eventfd(0, EFD_NONBLOCK);
	become(MEMBER, GROUP);
	before = all_free();
	for (i = 0; i < DESCRIPTORS; i++) {
		fds[i] = open(shared, O_RDWR);
		must(fds[i] >= 0 && !ioctl(fds[i], MAPBUF_IOC_EVENTFD, &e));
	}
	each = (before - all_free()) * 1024 / DESCRIPTORS;
	must(b_notify(fds[0]) > 0);
	t_note("%ld bytes a descriptor", each);
	must(each < most);
}

static void node(char *path, const char *name, uid_t uid, gid_t gid, mode_t mode)
{
	/* In one place, so that it has an address. */
	snprintf(path, 32, "/dev/mapbuf%d",
		 b_create(name, SIZE, MAPBUF_BACKING_CONTIGUOUS));
	if (chown(path, uid, gid) || chmod(path, mode))
		t_bail("%s", path);
}

int main(void)
{
	struct rlimit files = { DESCRIPTORS + 100, DESCRIPTORS + 100 };
	char path[64], text[32];
	struct stat st;

	/* Users can read the module, though they cannot load it. */
	if (chmod("/t", 0755) || chmod("/t/mapbuf.ko", 0644) ||
	    setrlimit(RLIMIT_NOFILE, &files))
		t_bail("/t/mapbuf.ko, RLIMIT_NOFILE");
	node(shared, "users", 0, GROUP, 0660);
	node(readable, "users-read", 0, GROUP, 0640);
	node(private, "users-other", OTHER, OTHER, 0600);
	snprintf(sysfs, sizeof(sysfs), "/sys/class/mapbuf/mapbuf%d",
		 b_id("users"));
	root_control = b_control();
	root_phys = open(in_sysfs("phys_addr"), O_RDONLY);
	t_ok(root_phys >= 0 && pread(root_phys, text, sizeof(text), 0) > 0,
	     "root learns the physical address");

	child(member, 0);
	t_ok(reap(), "a member of the group: uses, but rules nothing");
	handed[0] = open(shared, O_RDWR);
	handed[1] = open(readable, O_RDONLY);
	child(outsider, 0);
	t_ok(reap(), "an outsider: sees names, uses only what it is handed");
	chmod(shared, 0);
	child(outsider, 0);
	t_ok(reap(), "and that though nobody may open it any more");
	chmod(shared, 0660);
	close(handed[0]);
	close(handed[1]);
	child(control_handed, 0);
	t_ok(reap(), "with a descriptor of the control node: no reserved range");

	if (in_namespace(member_as_root,
			 "a member as root of a namespace: the same")) {
		snprintf(path, sizeof(path), "/dev/mapbuf%d", b_id("users-0"));
		t_ok(!stat(path, &st) && st.st_uid == MEMBER,
		     "an owner is one of the creator's namespace");
	}
	b_destroy("users-0", 0);
	in_namespace(root_as_root, "root in a namespace: no address, no range");
	worker();
	child(hoarder, 0);
	t_ok(reap(), "a descriptor costs little");
	kept();
	close(root_phys);
	b_destroy("users-read", 0);
	b_destroy("users-other", 0);
	return t_done();
}
