// SPDX-License-Identifier: GPL-2.0-only
/*
 * Locks of flock() and fcntl(): those made through the node of a buffer and those
 * made through its file are the same.
 */
#include "locking.h"

#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>

#define AGAIN "/tmp/again"

static void conflicts(enum kind kind, enum way one, enum way two)
{
	const char *a = way_names[one], *b = way_names[two];
	const char *k = kind_names[kind];
	int fd = open_as("a", one);

	t_ok(!lock(fd, kind, F_WRLCK) && other(two, kind, F_WRLCK) == -EAGAIN &&
	     other(two, kind, F_RDLCK) == -EAGAIN, "%s: %s excludes %s", k, a, b);
	t_ok(!lock(fd, kind, F_RDLCK) && !other(two, kind, F_RDLCK) &&
	     other(two, kind, F_WRLCK) == -EAGAIN, "%s: %s shares with %s", k, a,
	     b);
	t_ok(!lock(fd, kind, F_UNLCK) && !other(two, kind, F_WRLCK),
	     "%s: until %s unlocks", k, a);
	t_ok(!lock(fd, kind, F_WRLCK) && other(two, kind, F_RDLCK) == -EAGAIN &&
	     !close(fd) && !other(two, kind, F_WRLCK), "%s: or closes", k);
	if (kind == FLOCK)
		return;
	fd = open_as("a", one);
	t_ok(!lock_range(fd, kind, F_WRLCK, false, 100, 50) &&
	     !other_range("a", two, kind, F_WRLCK, 0, 100) &&
	     other_range("a", two, kind, F_WRLCK, 0, 101) == -EAGAIN &&
	     other_range("a", two, kind, F_WRLCK, 149, 1) == -EAGAIN &&
	     !other_range("a", two, kind, F_WRLCK, 150, 0),
	     "%s: ranges", k);
	t_ok(!lock_range(fd, kind, F_UNLCK, false, 120, 10) &&
	     !other_range("a", two, kind, F_WRLCK, 120, 10) &&
	     other_range("a", two, kind, F_WRLCK, 130, 1) == -EAGAIN,
	     "%s: and parts of them", k);
	close(fd);
}

/* Who has a lock, and which. */
static void tells(enum way way)
{
	struct flock range = { .l_type = F_RDLCK, .l_start = 7, .l_len = 2 };
	int fd = open_as("a", way);

	if (fcntl(fd, F_GETLK, &range) || range.l_type != F_WRLCK ||
	    range.l_pid != getppid() || range.l_start != 5 || range.l_len != 4)
		_exit(1);
	range = (struct flock) { .l_type = F_WRLCK, .l_start = 9,
				.l_len = 1 };
	must(!fcntl(fd, F_OFD_GETLK, &range) && range.l_type == F_UNLCK);
	range = (struct flock) { .l_type = F_RDLCK, .l_start = 99 };
	must(!fcntl(fd, F_GETLK, &range) && range.l_type == F_UNLCK);
}

static void telling(enum way one, enum way two)
{
	struct flock range = { .l_type = F_WRLCK, .l_start = 6, .l_len = 1 };
	int fd = open_as("a", one), again = open_as("a", two);

	must(!lock_range(fd, POSIX, F_WRLCK, false, 5, 4));
	must(!lock_range(fd, POSIX, F_RDLCK, false, 99, 1));
	child((void (*)(unsigned int))tells, two);
	t_ok(reap(), "F_GETLK: %s tells of %s", way_names[two], way_names[one]);
	t_ok(!fcntl(again, F_GETLK, &range) && range.l_type == F_UNLCK,
	     "F_GETLK: not of one's own");
	must(!lock(fd, POSIX, F_UNLCK) && !lock(fd, OFD, F_RDLCK));
	range.l_type = F_RDLCK;
	must(!fcntl(again, F_GETLK, &range) && range.l_type == F_UNLCK);
	range.l_type = F_WRLCK;
	t_ok(!fcntl(again, F_GETLK, &range) && range.l_type == F_RDLCK &&
	     range.l_pid == -1 && !range.l_start && !range.l_len,
	     "F_GETLK: of open files, too");
	t_ok(other(two, POSIX, F_WRLCK) == -EAGAIN &&
	     other(two, POSIX, F_RDLCK) == 0 && !other(two, FLOCK, F_WRLCK),
	     "POSIX and OFD are of one kind, flock is another");
	close(fd);
	close(again);
}

/* A process that does as it is told by a byte on @ends[1]. */
static int ends[2];
static enum kind the_kind;

static void holder(enum way way)
{
	int fd = open_as("a", way);
	char what;

	must(!lock(fd, the_kind, F_WRLCK) && write(ends[0], "h", 1) == 1);
	while (read(ends[0], &what, 1) == 1) {
		if (what == 'u')
			must(!lock(fd, the_kind, F_UNLCK));
		else if (what == 'c')
			close(fd);
		else
			_exit(0);
	}
}

static void waiter(enum way way)
{
	must(!lock_range(open_as("a", way), the_kind, F_WRLCK, true, 0, 0));
}

static void waits(enum kind kind, enum way one, enum way two)
{
	static const char hows[] = "uceK";
	static const char *const names[] = { "unlocks", "closes", "ends", "is killed" };
	pid_t holds, waiting;
	int i, status;
	char byte;

	the_kind = kind;
	for (i = 0; hows[i]; i++) {
		must(!socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
		holds = child((void (*)(unsigned int))holder, one);
		close(ends[0]);
		must(read(ends[1], &byte, 1) == 1);
		waiting = child((void (*)(unsigned int))waiter, two);
		wait_asleep(waiting);
		must(waitpid(waiting, &status, WNOHANG) == 0);
		if (hows[i] == 'K')
			kill(holds, SIGKILL);
		else
			must(write(ends[1], &hows[i], 1) == 1);
		must(waitpid(waiting, &status, 0) == waiting);
		t_ok(!status, "%s: %s waits until %s %s", kind_names[kind],
		     way_names[two], way_names[one], names[i]);
		kill(holds, SIGKILL);
		waitpid(holds, &status, 0);
		close(ends[1]);
	}
}

static void nothing(int signal)
{
	(void)signal;
}

static void interrupted(enum way way)
{
	struct sigaction action = { .sa_handler = nothing };

	sigaction(SIGUSR1, &action, NULL);
	must(lock_range(open_as("a", way), the_kind, F_WRLCK, true, 0, 0) ==
	     -EINTR);
}

/* Those who wait give up. */
static void gives_up(enum kind kind, enum way one, enum way two)
{
	int fd = open_as("a", one), status;
	pid_t pid;

	the_kind = kind;
	must(!lock(fd, kind, F_WRLCK));
	pid = child((void (*)(unsigned int))interrupted, two);
	wait_asleep(pid);
	kill(pid, SIGUSR1);
	t_ok(reap(), "%s: a signal is EINTR", kind_names[kind]);
	pid = child((void (*)(unsigned int))waiter, two);
	wait_asleep(pid);
	kill(pid, SIGKILL);
	t_ok(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	     !lock(fd, kind, F_UNLCK) && free_for_all(kind),
	     "%s: who is killed while it waits leaves nothing", kind_names[kind]);
	close(fd);
}

static void crosses(enum way way)
{
	int fd = open_as("a", way);

	must(!lock_range(fd, POSIX, F_WRLCK, false, 1, 1));
	must(write(ends[0], "h", 1) == 1);
	must(!lock_range(fd, POSIX, F_WRLCK, true, 0, 1));
}

static void deadlock(enum way one, enum way two)
{
	int fd = open_as("a", one);
	pid_t pid;
	char byte;

	must(!socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	must(!lock_range(fd, POSIX, F_WRLCK, false, 0, 1));
	pid = child((void (*)(unsigned int))crosses, two);
	close(ends[0]);
	must(read(ends[1], &byte, 1) == 1);
	wait_asleep(pid);
	t_ok(lock_range(fd, POSIX, F_WRLCK, true, 1, 1) == -EDEADLK,
	     "%s waits for %s: EDEADLK", way_names[one], way_names[two]);
	close(fd);
	t_ok(reap(), "and the other one gets it");
	close(ends[1]);
}

static void copies(enum way way)
{
	const char *w = way_names[way];
	int fd, copy, kind, status;
	pid_t pid;
	char byte;

	for (kind = FLOCK; kind <= OFD; kind++) {
		fd = open_as("a", way);
		copy = dup(fd);
		must(!lock(fd, kind, F_WRLCK) && !lock(copy, kind, F_WRLCK));
		close(fd);
		t_ok(taken_for_all(kind), "%s, %s: a copy keeps it", w,
		     kind_names[kind]);
		must(!socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
		pid = fork();
		if (!pid)
			_exit(read(ends[0], &byte, 1) != 1);
		close(copy);
		t_ok(taken_for_all(kind), "%s, %s: so does a child", w,
		     kind_names[kind]);
		must(write(ends[1], "e", 1) == 1);
		must(waitpid(pid, &status, 0) == pid && !status);
		t_ok(free_for_all(kind), "%s, %s: until it ends", w,
		     kind_names[kind]);
		close(ends[0]);
		close(ends[1]);
	}
	fd = open_as("a", way);
	copy = open_as("a", !way);
	must(!lock(fd, POSIX, F_WRLCK) && !lock(copy, POSIX, F_WRLCK));
	pid = fork();
	if (!pid)
		_exit(lock(fd, POSIX, F_WRLCK) != -EAGAIN || close(fd) ||
		      close(copy));
	must(waitpid(pid, &status, 0) == pid);
	t_ok(!status && taken_for_all(POSIX),
	     "%s, POSIX: a child does not have it, nor closes it", w);
	close(copy);
	t_ok(free_for_all(POSIX), "%s, POSIX: closing the other is unlocking", w);
	close(fd);
}

static int lines_with(const char *path, const char *what)
{
	FILE *file = fopen(path, "re");
	char line[256];
	int found = 0;

	must(file);
	while (fgets(line, sizeof(line), file))
		found += !!strstr(line, what);
	fclose(file);
	return found;
}

static void lists(enum way way)
{
	int fd = open_as("a", way);
	char inode[64], mine[96], fdinfo[64];
	struct stat st;

	must(!fstat(fd, &st));
	snprintf(inode, sizeof(inode), " %02x:%02x:%lu ", major(st.st_dev),
		 minor(st.st_dev), (unsigned long)st.st_ino);
	snprintf(mine, sizeof(mine), " %d%s", getpid(), inode);
	snprintf(fdinfo, sizeof(fdinfo), "/proc/self/fdinfo/%d", fd);
	must(!lock(fd, POSIX, F_WRLCK) && !lock(fd, FLOCK, F_WRLCK));
	t_ok(lines_with("/proc/locks", mine) == 2 &&
	     lines_with("/proc/locks", inode) == 2 &&
	     !lines_with(fdinfo, "lock:"),
	     "/proc/locks has what is made through the %s", way_names[way]);
	close(fd);
	t_ok(!lines_with("/proc/locks", inode), "until it is closed");
}

/* Names and mounts come and go. */
static void lives(enum kind kind)
{
	const char *k = kind_names[kind];
	int fd = open_as("a", REGULAR), old = open_as("a", NODE), next;
	int last = kind == POSIX ? OFD : kind;

	b_create("b", PAGE, MAPBUF_BACKING_VMALLOC);
	must(!lock(fd, kind, F_WRLCK));
	t_ok(!other_range("b", NODE, kind, F_WRLCK, 0, 0) &&
	     !other_range("b", REGULAR, kind, F_WRLCK, 0, 0),
	     "%s: another buffer has others", k);
	b_destroy("b", 0);
	must(!mount_files(AGAIN, ""));
	next = open(AGAIN "/a", O_RDWR | O_CLOEXEC);
	must(next >= 0 && lock(next, last, F_WRLCK) == -EAGAIN);
	t_ok(umount(FILES) && errno == EBUSY && !umount2(FILES, MNT_DETACH) &&
	     !mount_files(FILES, "") && taken_for_all(kind) &&
	     lock(next, last, F_WRLCK) == -EAGAIN,
	     "%s: mounts come and go, it stays", k);
	must(!umount2(AGAIN, MNT_DETACH));
	t_ok(module_unload() < 0 && b_destroy("a", 0) == -EBUSY,
	     "%s: nor does the buffer, or the module, go", k);
	b_destroy("a", MAPBUF_DESTROY_DEFERRED);
	t_ok(lock(old, last, F_RDLCK) == -EAGAIN && !lock(fd, kind, F_UNLCK) &&
	     !lock(old, last, F_WRLCK) && lock(next, last, F_RDLCK) == -EAGAIN,
	     "%s: one that has no name has locks", k);
	b_create("a", PAGE, MAPBUF_BACKING_CONTIGUOUS);
	t_ok(free_for_all(kind), "%s: which the next one knows nothing of", k);
	close(next);
	close(fd);
	close(old);
}

int main(void)
{
	int kind, one, two;

	must(!mount_files(FILES, ""));
	b_create("a", PAGE, MAPBUF_BACKING_VMALLOC);
	for (one = 0; one < WAYS; one++) {
		for (two = 0; two < WAYS; two++) {
			for (kind = 0; kind < KINDS; kind++) {
				conflicts(kind, one, two);
				waits(kind, one, two);
				gives_up(kind, one, two);
			}
			telling(one, two);
			deadlock(one, two);
		}
		copies(one);
		lists(one);
	}
	for (kind = 0; kind < KINDS; kind++)
		lives(kind);
	b_destroy("a", 0);
	t_ok(!umount(FILES), "umount");
	return t_done();
}
