// SPDX-License-Identifier: GPL-2.0-only
/* The node as a file: read, write, pread, pwrite, lseek, splice. */
#include "t.h"

#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define SIZE (5 * MIB + 3 * PAGE)

static void positions(int fd, const char *store)
{
	char byte, *hole = mmap(NULL, PAGE, PROT_NONE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	t_ok(lseek(fd, 0, SEEK_END) == SIZE, "%s: SEEK_END is the size", store);
	t_ok(read(fd, &byte, 1) == 0, "%s: read at the end is 0", store);
	t_fails(write(fd, "x", 1), ENOSPC, "%s: write at the end is ENOSPC",
		store);
	t_ok(write(fd, "", 0) == 0, "%s: an empty write works", store);
	t_ok(lseek(fd, -1, SEEK_CUR) == SIZE - 1, "%s: SEEK_CUR", store);
	t_ok(write(fd, "xy", 2) == 1, "%s: a write across the end is short",
	     store);
	t_fails(lseek(fd, -1, SEEK_SET), EINVAL, "%s: below 0 is EINVAL",
		store);
	t_fails(lseek(fd, 1, SEEK_END), EINVAL, "%s: beyond the end is EINVAL",
		store);
	t_ok(pread(fd, &byte, 1, SIZE - 1) == 1 && byte == 'x',
	     "%s: pread of the last byte", store);
	t_ok(pread(fd, &byte, 1, SIZE + 100 * GIB) == 0,
	     "%s: pread far beyond the end is 0", store);
	t_fails(pwrite(fd, &byte, 1, SIZE), ENOSPC,
		"%s: pwrite beyond the end is ENOSPC", store);
	t_fails(pwrite(fd, hole, 4, 0), EFAULT,
		"%s: write from nowhere is EFAULT", store);
	t_fails(pread(fd, hole, 4, 0), EFAULT,
		"%s: read to nowhere is EFAULT", store);
	t_ok(!fsync(fd), "%s: fsync works", store);
}

static void data(int fd, const char *store, char *map)
{
	char *copy = malloc(SIZE);
	struct iovec iov[2] = { { copy, 1001 }, { copy + 1001, 5000 } };
	int other = b_open("io", O_RDWR);

	t_ok(pread(fd, copy, SIZE, 0) == SIZE && all_zero(copy, SIZE),
	     "%s: a new buffer reads as zeroes", store);
	fill(copy, SIZE, 1);
	t_ok(pwrite(fd, copy, SIZE, 0) == SIZE && filled(map, SIZE, 1),
	     "%s: what is written can be seen in the mapping", store);
	fill(map, SIZE, 2);
	memset(copy, 0, SIZE);
	t_ok(pread(other, copy, SIZE, 0) == SIZE && filled(copy, SIZE, 2),
	     "%s: what is stored in the mapping can be read", store);

	/* An odd start and length across pages. */
	memset(copy, 0, SIZE);
	t_ok(pread(fd, copy, 10001, 4095) == 10001 &&
	     !memcmp(copy, map + 4095, 10001), "%s: odd pread", store);
	t_ok(pwrite(fd, copy, 9001, 77) == 9001 &&
	     !memcmp(copy, map + 77, 9001), "%s: odd pwrite", store);
	t_ok(preadv(fd, iov, 2, 4000) == 6001 &&
	     !memcmp(copy, map + 4000, 6001), "%s: preadv", store);
	close(other);
	free(copy);
}

/* Takes what the pipe has and compares it. */
static bool drain(int pipe, const char *expect, size_t len)
{
	char *copy = malloc(len);
	size_t done = 0;
	ssize_t n = 1;

	while (done < len && n > 0) {
		n = read(pipe, copy + done, len - done);
		done += n > 0 ? n : 0;
	}
	n = done == len && !memcmp(copy, expect, len);
	free(copy);
	return n;
}

static void splices(int fd, const char *store, char *map)
{
	off_t offset = PAGE + 5;
	loff_t at = 3 * PAGE;
	int ends[2], sockets[2], zero = open("/dev/zero", O_RDONLY);
	ssize_t n;

	if (pipe(ends) || socketpair(AF_UNIX, SOCK_STREAM, 0, sockets))
		t_bail("pipe, socketpair");
	fill(map, SIZE, 3);
	n = splice(fd, &at, ends[1], NULL, 20000, 0);
	t_ok(n > 0 && drain(ends[0], map + 3 * PAGE, n),
	     "%s: splice from the node (%zd bytes)", store, n);
	/* To a socket: 5.10 cannot send a file to a pipe. */
	n = sendfile(sockets[1], fd, &offset, 20000);
	if (n < 0 && errno == EINVAL && sendfile(sockets[1], zero, NULL, 1) < 0)
		t_skip("this kernel sends from regular files only",
		       "%s: sendfile from the node", store);
	else
		t_ok(n > 0 && drain(sockets[0], map + PAGE + 5, n),
		     "%s: sendfile from the node (%zd bytes)", store, n);
	close(zero);
	close(sockets[0]);
	close(sockets[1]);

	at = 5 * PAGE + 1;
	if (write(ends[1], "spliced", 7) != 7)
		t_bail("write");
	n = splice(ends[0], NULL, fd, &at, 7, 0);
	t_ok(n == 7 && !memcmp(map + 5 * PAGE + 1, "spliced", 7),
	     "%s: splice to the node", store);
	close(ends[0]);
	close(ends[1]);
}

static void modes(const char *store)
{
	char byte = 0;
	int fd = b_open("io", O_RDONLY);

	t_fails(write(fd, &byte, 1), EBADF, "%s: O_RDONLY cannot write", store);
	close(fd);
	fd = b_open("io", O_WRONLY);
	t_fails(read(fd, &byte, 1), EBADF, "%s: O_WRONLY cannot read", store);
	close(fd);
}

/* There is no cache to go around, so nothing has to be aligned. */
static void direct(const char *store, char *map)
{
	int fd = b_open("io", O_RDWR | O_DIRECT), other;
	char some[1001], back[1001];

	fill(map, SIZE, 5);
	fill(some, sizeof(some), 6);
	t_ok(fd >= 0 && pwrite(fd, some, sizeof(some), 4095) == sizeof(some) &&
	     !memcmp(map + 4095, some, sizeof(some)) &&
	     pread(fd, back, sizeof(back), 4095) == sizeof(back) &&
	     !memcmp(back, some, sizeof(some)), "%s: O_DIRECT", store);
	close(fd);
	other = b_open("io", O_RDWR);
	t_ok(!fcntl(other, F_SETFL, O_DIRECT) &&
	     fcntl(other, F_GETFL) & O_DIRECT &&
	     pread(other, back, sizeof(back), 4095) == sizeof(back) &&
	     !memcmp(back, some, sizeof(some)), "%s: switched on later", store);
	close(other);
	other = b_open("io", O_RDWR | O_TRUNC);
	t_ok(other >= 0 && pread(other, back, sizeof(back), 4095) ==
	     sizeof(back) && !memcmp(back, some, sizeof(some)),
	     "%s: O_TRUNC keeps the data", store);
	close(other);
}

int main(void)
{
	const struct store *store;

	for (store = stores; store->name; store++) {
		char *map;
		int fd;

		b_create("io", SIZE, store->id);
		fd = b_open("io", O_RDWR);
		map = b_map(fd, SIZE, 0);
		data(fd, store->name, map);
		splices(fd, store->name, map);
		positions(fd, store->name);
		direct(store->name, map);
		modes(store->name);
		munmap(map, SIZE);
		close(fd);
		t_ok(!b_destroy("io", 0), "%s: destroy", store->name);
	}
	return t_done();
}
