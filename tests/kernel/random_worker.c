// SPDX-License-Identifier: GPL-2.0-only
/* A process of the random machine: does one operation at a time. */
#include "random.h"

#include <dirent.h>
#include <poll.h>
#include <setjmp.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

/* The same in each process, so that others can reach for them. */
#define SLOT_FD(slot) (60 + (int)(slot))
#define EVENT_FD 50
#define WINDOWS 0x4000000000UL

static char prefix;
static struct result *result;	/* shared with the children of the worker */
static char *bounce;		/* MAX_GRAINS */
static int pins[PINS][2];
static size_t pinned[PINS];

static char *place(long long map, long long page)
{
	return (char *)(WINDOWS + (map * WINDOW_PAGES + page) * PAGE);
}

static char *grain_place(long long map, long long grain)
{
	return place(map, 0) + grain * GRAIN;
}

static long long or_errno(long long value)
{
	return value < 0 ? -errno : value;
}

static int into_slot(int fd, int slot)
{
	if (fd < 0)
		return -errno;
	dup3(fd, SLOT_FD(slot), O_CLOEXEC);
	close(fd);
	return 0;
}

static uint64_t grain_value(const char *at)
{
	uint64_t value = *(const volatile uint64_t *)at;

	return memcmp(at, at + 8, GRAIN - 8) ? MIXED : value;
}

static void set_grain(char *at, uint64_t value)
{
	volatile uint64_t *word = (volatile uint64_t *)at;
	unsigned int i;

	for (i = 0; i < GRAIN / 8; i++)
		word[i] = value;
}

static void tell_grains(const char *at, size_t n)
{
	uint64_t value;
	size_t i;

	/* Where it faults nothing is told. */
	for (i = 0; i < n; i++) {
		value = grain_value(at + i * GRAIN);
		result->word[result->n++] = value;
	}
}

static long long do_create(const struct op *op)
{
	struct mapbuf_create request = {
		.size = sizeof(request), .bytes = op->arg[1],
		.backing = op->arg[2], .flags = op->arg[3],
	};
	const char *name = name_text(prefix, op->arg[0]);

	memcpy(request.name, name, strnlen(name, sizeof(request.name)));
	if (ioctl(b_control(), MAPBUF_IOC_CREATE, &request))
		return -errno;
	result->word[result->n++] = request.bytes;
	result->word[result->n++] = request.backing;
	result->word[result->n++] = request.id;
	return 0;
}

static long long do_destroy(const struct op *op)
{
	struct mapbuf_destroy request = {
		.size = sizeof(request), .flags = op->arg[1],
	};
	const char *name = name_text(prefix, op->arg[0]);

	memcpy(request.name, name, strnlen(name, sizeof(request.name)));
	return or_errno(ioctl(b_control(), MAPBUF_IOC_DESTROY, &request));
}

static long long do_open(const struct op *op)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/mapbuf%d", op->id);
	return into_slot(open(path, op->arg[2] | O_CLOEXEC), op->arg[0]);
}

static long long do_close(const struct op *op)
{
	return or_errno(close(SLOT_FD(op->arg[0])));
}

static long long do_dup(const struct op *op)
{
	return into_slot(dup(SLOT_FD(op->arg[0])), op->arg[1]);
}

static long long do_borrow(const struct op *op)
{
	int pidfd = syscall(SYS_pidfd_open, op->pid, 0), fd;

	fd = syscall(SYS_pidfd_getfd, pidfd, SLOT_FD(op->arg[2]), 0);
	close(pidfd);
	return into_slot(fd, op->arg[0]);
}

static long long do_info(const struct op *op)
{
	struct mapbuf_info info = { .size = sizeof(info) };

	if (ioctl(SLOT_FD(op->arg[0]), MAPBUF_IOC_INFO, &info))
		return -errno;
	result->word[result->n++] = info.bytes;
	result->word[result->n++] = info.backing;
	result->word[result->n++] = info.id;
	result->word[result->n++] = info.name[0] == prefix && !info.name[2] ?
				    info.name[1] - '0' : -1;
	return 0;
}

static long long do_seek(const struct op *op)
{
	return or_errno(lseek(SLOT_FD(op->arg[0]), op->arg[1], op->arg[2]));
}

static long long do_pread(const struct op *op)
{
	long long got = pread(SLOT_FD(op->arg[0]), bounce, op->arg[2] * GRAIN,
			      op->arg[1] * GRAIN);

	if (got > 0)
		tell_grains(bounce, got / GRAIN);
	return or_errno(got);
}

static long long do_pwrite(const struct op *op)
{
	long long i;

	for (i = 0; i < op->arg[2]; i++)
		set_grain(bounce + i * GRAIN, op->arg[3] + i);
	return or_errno(pwrite(SLOT_FD(op->arg[0]), bounce, op->arg[2] * GRAIN,
			       op->arg[1] * GRAIN));
}

static long long do_peek(const struct op *op)
{
	long long got;

	memset(result->word, 0, 24);
	got = pread(SLOT_FD(op->arg[0]), result->word, op->arg[2], op->arg[1]);
	result->n = got < 0 ? 0 : 3;
	return or_errno(got);
}

static long long do_mmap(const struct op *op)
{
	char *want = place(op->arg[0], op->arg[4]), *at;
	int flags = op->arg[6] & 2 ? MAP_PRIVATE : MAP_SHARED;

	if (op->arg[6] & 1)
		flags |= MAP_POPULATE;
	at = mmap(want, op->arg[3] * PAGE, op->arg[5],
		  flags | MAP_FIXED_NOREPLACE, SLOT_FD(op->arg[1]),
		  op->arg[2] * PAGE);
	return at == MAP_FAILED ? -errno : at == want ? 0 : -EIO;
}

static long long do_munmap(const struct op *op)
{
	return or_errno(munmap(place(op->arg[0], op->arg[1]),
			       op->arg[2] * PAGE));
}

static long long do_mremap(const struct op *op)
{
	char *from = place(op->arg[0], op->arg[1]), *to = from, *at;
	int flags = 0;

	if (op->arg[3] == op->arg[2]) {
		flags = MREMAP_MAYMOVE | MREMAP_FIXED;
		to = place(op->arg[4], op->arg[5]);
	}
	at = mremap(from, op->arg[2] * PAGE, op->arg[3] * PAGE, flags, to);
	return at == MAP_FAILED ? -errno : at == to ? 0 : -EIO;
}

static long long do_mprotect(const struct op *op)
{
	return or_errno(mprotect(place(op->arg[0], op->arg[1]),
				 op->arg[2] * PAGE, op->arg[3]));
}

static long long do_madvise(const struct op *op)
{
	return or_errno(madvise(place(op->arg[0], op->arg[1]),
				op->arg[2] * PAGE, op->arg[3]));
}

static sigjmp_buf fault;
static volatile sig_atomic_t may_fault;

static void faulted(int sig)
{
	if (may_fault)
		siglongjmp(fault, sig);
	signal(sig, SIG_DFL);
}

static long long do_read(const struct op *op)
{
	int sig = sigsetjmp(fault, 1);

	may_fault = !sig;
	if (sig)
		return ENDED_BY(sig);
	tell_grains(grain_place(op->arg[0], op->arg[1]), op->arg[2]);
	may_fault = false;
	return 0;
}

static long long do_write(const struct op *op)
{
	char *at = grain_place(op->arg[0], op->arg[1]);
	int sig = sigsetjmp(fault, 1);
	volatile long long i;

	may_fault = !sig;
	if (sig)
		return ENDED_BY(sig);
	for (i = 0; i < op->arg[2]; i++)
		set_grain(at + i * GRAIN, op->arg[3] + i);
	may_fault = false;
	return 0;
}

/* A child reads what it has inherited. */
static long long do_fork(const struct op *op)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		result->value = do_read(op);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -errno;
	return status ? DIED : result->value;
}

static long long do_reach(const struct op *op)
{
	struct iovec here = { bounce, op->arg[3] * GRAIN };
	struct iovec there = { grain_place(op->arg[1], op->arg[2]),
			       op->arg[3] * GRAIN };
	long long got = process_vm_readv(op->pid, &here, 1, &there, 1, 0);

	if (got > 0)
		tell_grains(bounce, got / GRAIN);
	return or_errno(got);
}

static long long do_export(const struct op *op)
{
	int fd = b_export(SLOT_FD(op->arg[0]), op->arg[2] * PAGE,
			  op->arg[3] * PAGE);

	return fd < 0 ? fd : into_slot(fd, op->arg[1]);
}

static long long do_notify(const struct op *op)
{
	return b_notify(SLOT_FD(op->arg[0]));
}

static long long do_seen(const struct op *op)
{
	return b_seen(SLOT_FD(op->arg[0]));
}

static long long do_watch(const struct op *op)
{
	const int fds[] = { EVENT_FD, -1, SLOT_FD(op->arg[0]), 1000 };
	struct mapbuf_eventfd e = { .size = sizeof(e), .fd = fds[op->arg[1]] };

	return or_errno(ioctl(SLOT_FD(op->arg[0]), MAPBUF_IOC_EVENTFD, &e));
}

static long long do_event(const struct op *op)
{
	uint64_t n;

	(void)op;
	return read(EVENT_FD, &n, 8) == 8 ? (long long)n : -errno;
}

static long long do_poll(const struct op *op)
{
	struct pollfd p = { .fd = SLOT_FD(op->arg[0]),
			    .events = POLLIN | POLLOUT };

	return poll(&p, 1, 0) < 0 ? -errno : p.revents;
}

static long long do_pin(const struct op *op)
{
	struct iovec iov = { grain_place(op->arg[1], op->arg[2]),
			     op->arg[3] * GRAIN };
	long long got = vmsplice(pins[op->arg[0]][1], &iov, 1, SPLICE_F_NONBLOCK);

	pinned[op->arg[0]] = got > 0 ? got : 0;
	return or_errno(got);
}

static long long do_splice(const struct op *op)
{
	loff_t at = op->arg[2] * GRAIN;
	long long got = splice(SLOT_FD(op->arg[1]), &at, pins[op->arg[0]][1],
			       NULL, op->arg[3] * GRAIN, SPLICE_F_NONBLOCK);

	pinned[op->arg[0]] = got > 0 ? got : 0;
	return or_errno(got);
}

static long long do_drain(const struct op *op)
{
	size_t got = 0;
	ssize_t n;

	while (got < pinned[op->arg[0]]) {
		n = read(pins[op->arg[0]][0], bounce + got,
			 pinned[op->arg[0]] - got);
		if (n <= 0)
			return -errno;
		got += n;
	}
	pinned[op->arg[0]] = 0;
	tell_grains(bounce, got / GRAIN);
	return got;
}

static long long do_counts(const struct op *op)
{
	static const char *const files[] = {
		"size", "opens", "mappings", "exports",
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(files); i++) {
		char path[128];
		FILE *file;

		snprintf(path, sizeof(path), "/sys/class/mapbuf/mapbuf%d/%s",
			 op->id, files[i]);
		file = fopen(path, "r");
		if (!file)
			return -errno;
		if (fscanf(file, "%lu", &result->word[result->n++]) != 1)
			result->n--;
		fclose(file);
	}
	return 0;
}

static long long do_list(const struct op *op)
{
	DIR *dir = opendir("/sys/class/mapbuf");
	struct dirent *entry;
	int n = 0;

	(void)op;
	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

static long long (*const does[OP_KINDS])(const struct op *op) = {
	[OP_CREATE] = do_create, [OP_DESTROY] = do_destroy,
	[OP_OPEN] = do_open, [OP_CLOSE] = do_close, [OP_DUP] = do_dup,
	[OP_BORROW] = do_borrow, [OP_INFO] = do_info, [OP_SEEK] = do_seek,
	[OP_PREAD] = do_pread, [OP_PWRITE] = do_pwrite, [OP_PEEK] = do_peek,
	[OP_MMAP] = do_mmap, [OP_MUNMAP] = do_munmap, [OP_MREMAP] = do_mremap,
	[OP_MPROTECT] = do_mprotect, [OP_MADVISE] = do_madvise,
	[OP_READ] = do_read, [OP_WRITE] = do_write, [OP_FORK] = do_fork,
	[OP_REACH] = do_reach, [OP_EXPORT] = do_export,
	[OP_NOTIFY] = do_notify, [OP_SEEN] = do_seen, [OP_WATCH] = do_watch,
	[OP_EVENT] = do_event, [OP_POLL] = do_poll, [OP_PIN] = do_pin,
	[OP_SPLICE] = do_splice, [OP_DRAIN] = do_drain,
	[OP_COUNTS] = do_counts, [OP_LIST] = do_list,
};

static void prepare(void)
{
	int i, fd = eventfd(0, EFD_NONBLOCK);

	result = mmap(NULL, sizeof(*result), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bounce = malloc(MAX_GRAINS * GRAIN);
	if (result == MAP_FAILED || !bounce || fd < 0 ||
	    dup3(fd, EVENT_FD, O_CLOEXEC) < 0)
		t_bail("prepare a process");
	close(fd);
	for (i = 0; i < PINS; i++) {
		if (pipe2(pins[i], O_CLOEXEC | O_NONBLOCK))
			t_bail("pipe");
	}
	signal(SIGSEGV, faulted);
	signal(SIGBUS, faulted);
}

void worker(int sock, char names)
{
	struct op op;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prefix = names;
	prepare();
	while (recv(sock, &op, sizeof(op), 0) == sizeof(op)) {
		result->n = 0;
		result->any = false;
		result->value = does[op.kind](&op);
		send(sock, result, offsetof(struct result, word[result->n]), 0);
	}
	_exit(0);
}
