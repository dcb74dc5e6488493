// SPDX-License-Identifier: GPL-2.0-only
#include "locking.h"

#include <sys/file.h>

const char *const way_names[] = { "node", "file" };
const char *const kind_names[] = { "flock", "OFD", "POSIX" };

int try_open(const char *name, enum way way)
{
	char path[64];

	if (way == NODE)
		return b_open(name, O_RDWR);
	snprintf(path, sizeof(path), FILES "/%s", name);
	return open(path, O_RDWR | O_CLOEXEC);
}

int open_as(const char *name, enum way way)
{
	int fd = try_open(name, way);

	must(fd >= 0);
	return fd;
}

int lock_range(int fd, enum kind kind, int type, bool wait, off_t start,
	       off_t len)
{
	struct flock range = {
		.l_type = type, .l_whence = SEEK_SET, .l_start = start,
		.l_len = len,
	};
	int cmd = wait ? F_SETLKW : F_SETLK, op = LOCK_UN;

	if (kind == FLOCK) {
		if (type != F_UNLCK)
			op = type == F_RDLCK ? LOCK_SH : LOCK_EX;
		return flock(fd, wait ? op : op | LOCK_NB) ? -errno : 0;
	}
	if (kind == OFD)
		cmd = wait ? F_OFD_SETLKW : F_OFD_SETLK;
	return fcntl(fd, cmd, &range) ? -errno : 0;
}

int lock(int fd, enum kind kind, int type)
{
	return lock_range(fd, kind, type, false, 0, 0);
}

int other_range(const char *name, enum way way, enum kind kind, int type,
		off_t start, off_t len)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(-lock_range(open_as(name, way), kind, type, false, start,
				  len));
	must(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return -WEXITSTATUS(status);
}

int other(enum way way, enum kind kind, int type)
{
	return other_range("a", way, kind, type, 0, 0);
}

bool free_for_all(enum kind kind)
{
	return !other(NODE, kind, F_WRLCK) && !other(REGULAR, kind, F_WRLCK);
}

bool taken_for_all(enum kind kind)
{
	return other(NODE, kind, F_WRLCK) == -EAGAIN &&
	       other(REGULAR, kind, F_WRLCK) == -EAGAIN;
}
