// SPDX-License-Identifier: GPL-2.0-only
/*
 * More ways into a mapping: the network without copies, pages given to a pipe,
 * advice about memory, userfaultfd.  Each refuses, or leaves the data right.
 */
#include "net.h"
#include "t.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <linux/errqueue.h>
#include <linux/userfaultfd.h>

#define SIZE (8 * MIB + 3 * PAGE)
#define RW (PROT_READ | PROT_WRITE)

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

/* Of 6.7. */
#define FEATURE_WP_UNPOPULATED (1 << 13)
#define FEATURE_WP_ASYNC (1 << 15)

static const char *store;
static unsigned int id;

/* The buffer, mapped where 2 MiB pages fit or, at @odd, where they do not. */
static char *map_at(int fd, bool odd)
{
	char *at;

	if (!odd)
		return b_map(fd, SIZE, 0);
	at = mmap(NULL, SIZE + 2 * HUGE_PAGE, PROT_NONE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	at = (char *)(((uintptr_t)at + HUGE_PAGE - 1) & -HUGE_PAGE) + PAGE;
	if (mmap(at, SIZE, RW, MAP_SHARED | MAP_FIXED, fd, 0) != at)
		t_bail("mmap at an odd address");
	return at;
}

/* How many of the sends have been completed, as far as is known by now. */
static unsigned int completed(int fd)
{
	unsigned int n = 0;
	char control[128];

	for (;;) {
		struct msghdr msg = {
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};
		struct sock_extended_err *err;

		if (recvmsg(fd, &msg, MSG_ERRQUEUE) < 0)
			return n;
		err = (void *)CMSG_DATA(CMSG_FIRSTHDR(&msg));
		if (err->ee_origin == SO_EE_ORIGIN_ZEROCOPY)
			n += err->ee_data - err->ee_info + 1;
	}
}

/* Receive it all and compare; the sender's buffer has long been destroyed. */
static bool received(int fd, size_t len)
{
	char *copy = malloc(len);
	size_t done = 0;
	ssize_t n = 1;
	bool ok;

	while (done < len && n > 0) {
		n = recv(fd, copy + done, len - done, 0);
		done += n > 0 ? n : 0;
	}
	ok = done == len && filled(copy, len / 8 * 8, 60);
	free(copy);
	return ok;
}

/* What waits in the socket keeps its pages, though nobody else does. */
static void zerocopy(void)
{
	unsigned int sends = 0, done = 0, early;
	struct pollfd waits = { .events = 0 };
	int fd, ends[2];
	size_t sent = 0;
	char *map, *other;
	ssize_t n;

	connection(ends);
	b_create("net", SIZE, id);
	fd = b_open("net", O_RDWR);
	map = b_map(fd, SIZE, 0);
	fill(map, SIZE, 60);
	while (sent < SIZE && sends < 8) {
		n = send(ends[0], map + sent, SIZE - sent, MSG_ZEROCOPY);
		if (n <= 0)
			break;
		sent += n;
		sends++;
	}
	t_ok(sent > MIB, "%s: MSG_ZEROCOPY takes %zu bytes in %u", store, sent,
	     sends);
	early = completed(ends[0]);
	t_ok(early < sends, "%s: some of it waits (%u of %u done)", store,
	     early, sends);
	munmap(map, SIZE);
	close(fd);
	t_ok(b_destroy("net", 0) == -EBUSY &&
	     !b_destroy("net", MAPBUF_DESTROY_DEFERRED),
	     "%s: destroying while it waits has to be deferred", store);

	b_create("again", 64 * MIB, MAPBUF_BACKING_VMALLOC);
	fd = b_open("again", O_RDWR);
	other = b_map(fd, 64 * MIB, 0);
	memset(other, 0xff, 64 * MIB);
	t_ok(received(ends[1], sent), "%s: the old data arrives", store);
	/* With POLLERR, which is told unasked, there are more. */
	waits.fd = ends[0];
	for (done = early; done < sends; done += completed(ends[0])) {
		if (poll(&waits, 1, patience(600) * 1000) <= 0)
			break;
	}
	t_ok(done == sends, "%s: all sends complete", store);
	munmap(other, 64 * MIB);
	close(fd);
	b_destroy("again", 0);
	close(ends[0]);
	close(ends[1]);
}

/* Pages as a gift, moved on into a file if the kernel can: it must not. */
static void gift(char *map)
{
	struct iovec iov = { map + HUGE_PAGE, 16 * PAGE };
	int ends[2], file = open("/tmp/gift", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char *copy = malloc(16 * PAGE);
	ssize_t n;

	if (file < 0 || pipe(ends))
		t_bail("/tmp/gift, pipe");
	fill(map + HUGE_PAGE, 16 * PAGE, 61);
	n = vmsplice(ends[1], &iov, 1, SPLICE_F_GIFT);
	t_ok(n == 16 * PAGE, "%s: vmsplice as a gift", store);
	while (n > 0) {
		ssize_t moved = splice(ends[0], NULL, file, NULL, n,
				       SPLICE_F_MOVE);

		if (moved <= 0)
			break;
		n -= moved;
	}
	t_ok(!n, "%s: and on into a file", store);
	fill(map + HUGE_PAGE, 16 * PAGE, 62);
	t_ok(pread(file, copy, 16 * PAGE, 0) == 16 * PAGE &&
	     filled(copy, 16 * PAGE, 61), "%s: the file has its own", store);
	memset(copy, 0, 16 * PAGE);
	t_ok(pwrite(file, copy, 16 * PAGE, 0) == 16 * PAGE &&
	     filled(map + HUGE_PAGE, 16 * PAGE, 62),
	     "%s: and so has the buffer", store);
	close(ends[0]);
	close(ends[1]);
	close(file);
	unlink("/tmp/gift");
	free(copy);
}

static void populate(int fd)
{
	static const struct {
		const char *name;
		int advice;
	} ways[] = {
		{ "MADV_POPULATE_READ", MADV_POPULATE_READ },
		{ "MADV_POPULATE_WRITE", MADV_POPULATE_WRITE },
	};
	size_t i;

	for (i = 0; i < 2 * ARRAY_LEN(ways); i++) {
		const char *name = ways[i / 2].name;
		char *map = map_at(fd, i % 2);
		int err;

		err = madvise(map, SIZE, ways[i / 2].advice) ? errno : 0;
		if (err == EINVAL && !kernel_since(5, 14))
			t_skip("this kernel has no such advice", "%s: %s",
			       store, name);
		else
			t_ok(!err && smaps(map, "Rss") == SIZE / KIB &&
			     filled(map, SIZE, 63), "%s: %s maps all (%s)",
			     store, name, strerror(err));
		munmap(map, SIZE);
	}
}

/*
 * Advice that would reclaim, move or merge pages.  What a kernel says to it
 * does not matter: nothing may happen to the data.
 */
static void advised(int fd)
{
	static const int advice[] = {
		MADV_COLD, MADV_PAGEOUT, MADV_FREE, MADV_REMOVE, MADV_MERGEABLE,
		MADV_HUGEPAGE, MADV_COLLAPSE, MADV_WILLNEED, MADV_NOHUGEPAGE,
	};
	size_t i;

	for (i = 0; i < 2 * ARRAY_LEN(advice); i++) {
		char *map = map_at(fd, i % 2);
		int whole, part;

		(void)*(volatile char *)map;
		whole = madvise(map, SIZE, advice[i / 2]);
		part = madvise(map + 5 * PAGE, HUGE_PAGE, advice[i / 2]);
		t_ok(filled(map, SIZE, 63),
		     "%s: advice %d does no harm (%d, %d)", store,
		     advice[i / 2], whole, part);
		munmap(map, SIZE);
	}
}

/* The same asked by another process. */
static void advised_by_another(char *map)
{
	struct iovec iov = { map, SIZE };
	int status = -1, pidfd = syscall(SYS_pidfd_open, getpid(), 0);
	pid_t pid = fork();

	if (!pid) {
		long n = syscall(SYS_process_madvise, pidfd, &iov, 1,
				 MADV_PAGEOUT, 0);

		_exit(n == SIZE ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	t_ok(!status && filled(map, SIZE, 63),
	     "%s: process_madvise to page out does no harm", store);
	close(pidfd);
}

static int fault_handler(uint64_t features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		t_bail("userfaultfd");
	if (!ioctl(fd, UFFDIO_API, &api))
		return fd;
	close(fd);
	return -1;
}

/* Faults that user space is to answer: not for such memory. */
static void fault_by_user(char *map)
{
	static const int modes[] = {
		UFFDIO_REGISTER_MODE_MISSING, UFFDIO_REGISTER_MODE_WP,
		UFFDIO_REGISTER_MODE_MINOR,
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(modes); i++) {
		struct uffdio_register range = {
			.range = { (uintptr_t)map, SIZE }, .mode = modes[i],
		};
		int fd = fault_handler(0);

		t_fails(ioctl(fd, UFFDIO_REGISTER, &range), EINVAL,
			"%s: userfaultfd mode %d is EINVAL", store, modes[i]);
		close(fd);
	}
}

/*
 * Write protection that the kernel lifts by itself, which tells what has been
 * written, is for all memory since 6.7.
 */
static void write_tracked(int buffer, bool odd)
{
	char *map = map_at(buffer, odd);
	struct uffdio_register range = {
		.range = { (uintptr_t)map, SIZE },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};
	struct uffdio_writeprotect protect = {
		.range = range.range, .mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	int status = -1, fd = fault_handler(FEATURE_WP_ASYNC |
					    FEATURE_WP_UNPOPULATED);
	pid_t pid;

	if (fd < 0) {
		if (kernel_since(6, 7) && !user_mode())
			t_bail("asynchronous write protection");
		t_skip("this kernel has no asynchronous write protection",
		       "%s: userfaultfd", store);
		munmap(map, SIZE);
		return;
	}
	fill(map, SIZE, 63);
	if (ioctl(fd, UFFDIO_REGISTER, &range)) {
		t_ok(errno == EINVAL, "%s: userfaultfd tracks no writes here",
		     store);
		goto out;
	}
	t_ok(!ioctl(fd, UFFDIO_WRITEPROTECT, &protect),
	     "%s: userfaultfd tracks writes", store);
	/* Should a fault never end, only the child hangs. */
	pid = fork();
	if (!pid) {
		map = map_at(buffer, odd);
		alarm(patience(600));
		range.range.start = (uintptr_t)map;
		protect.range.start = (uintptr_t)map;
		fd = fault_handler(FEATURE_WP_ASYNC | FEATURE_WP_UNPOPULATED);
		must(!ioctl(fd, UFFDIO_REGISTER, &range) &&
		     !ioctl(fd, UFFDIO_WRITEPROTECT, &protect));
		must(filled(map, SIZE, 63));
		fill(map, SIZE, 64);
		must(!ioctl(fd, UFFDIO_WRITEPROTECT, &protect));
		fill(map, SIZE, 65);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	t_ok(!status, "%s: tracked memory can be used", store);
	t_ok(status || filled(map, SIZE, 65), "%s: and shows what was written",
	     store);
out:
	close(fd);
	munmap(map, SIZE);
}

int main(void)
{
	const struct store *s;

	loopback_up();
	for (s = stores; s->name; s++) {
		char *map;
		int fd;

		store = s->name;
		id = s->id;
		zerocopy();

		b_create("reach", SIZE, id);
		fd = b_open("reach", O_RDWR);
		map = b_map(fd, SIZE, 0);
		gift(map);
		fill(map, SIZE, 63);
		populate(fd);
		advised(fd);
		advised_by_another(map);
		fault_by_user(map);
		write_tracked(fd, false);
		write_tracked(fd, true);
		munmap(map, SIZE);
		close(fd);
		t_ok(!b_destroy("reach", 0), "%s: destroy", store);
	}
	return t_done();
}
