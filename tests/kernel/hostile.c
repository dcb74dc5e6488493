// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests that nobody means: each ioctl with members, sizes and addresses that
 * are nearly right.  What <linux/mapbuf.h> says must hold for each of them.
 */
#include "requests.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>

#include <linux/capability.h>
#include <linux/dma-buf.h>

#define WORKERS 2
#define LIMIT (64 * MIB)	/* max_bytes */
#define CORPUS 512

/*
 * Pages where structures are put: two to write, one to read only, nothing, one
 * to write, nothing.  Through @all every one can be written.
 */
#define ARENA (6 * PAGE)

static char *arena, *all, *in_buffer;
static char before[ARENA];
static int fds[FDS];
static bool has_dmabuf;		/* a kernel can be without */
static uint64_t sequence[2];	/* of the small buffer, and of the large one */
static uint64_t live[NAMES];	/* sizes of the buffers that there should be */
static struct fuzz fuzz;
static struct input corpus[CORPUS];
static unsigned int kept;

__attribute__((noreturn))
static void violated(const struct input *in, long result, int err,
		     const char *what)
{
	size_t i;

	printf("# HOSTILE: worker %u, run %lu: %s\n# cmd %#x target %u place %u cut %u tail %u: returned %ld, errno %d\n#",
	       fuzz.worker, fuzz.runs, what, in->cmd, in->target, in->place,
	       in->cut, in->tail, result, err);
	for (i = 0; i < requests[in->request].size; i++)
		printf(" %02x", in->bytes[i]);
	printf("\n");
	fflush(stdout);
	_exit(1);
}

#define check(in, result, err, cond) do {				\
	if (!(cond))							\
		violated(in, result, err, #cond);			\
} while (0)

static void arena_make(void)
{
	int fd = syscall(SYS_memfd_create, "arena", 0);
	const int rw = PROT_READ | PROT_WRITE;

	must(fd >= 0 && !ftruncate(fd, ARENA));
	all = mmap(NULL, ARENA, rw, MAP_SHARED, fd, 0);
	arena = mmap(NULL, ARENA, rw, MAP_SHARED, fd, 0);
	must(all != MAP_FAILED && arena != MAP_FAILED);
	must(!mprotect(arena + 2 * PAGE, PAGE, PROT_READ));
	must(!mprotect(arena + 3 * PAGE, PAGE, PROT_NONE));
	must(!mprotect(arena + 5 * PAGE, PAGE, PROT_NONE));
	close(fd);
}

/* Where the structure of @in begins in the arena; -1: not there. */
static long arena_offset(const struct input *in)
{
	uint32_t size = requests[in->request].size;

	switch (in->place) {
	case GOOD:
		return 8;
	case UNALIGNED:
		return 1;
	case BEFORE_NOTHING:
		return 5 * PAGE - size;
	case INTO_NOTHING:
		return 5 * PAGE - in->cut;
	case READ_ONLY:
		return 2 * PAGE;
	case INTO_READ_ONLY:
		return 2 * PAGE - in->cut;
	default:
		return -1;
	}
}

static void *place(const struct input *in)
{
	uint32_t size = requests[in->request].size;
	long offset = arena_offset(in);

	memset(all, 0, ARENA);
	if (offset >= 0) {
		memcpy(all + offset, in->bytes, size);
		if (in->tail && offset + size + in->tail <= (long)ARENA)
			all[offset + size + in->tail - 1] = 1;
		memcpy(before, all, ARENA);
		return arena + offset;
	}
	memcpy(before, all, ARENA);
	switch (in->place) {
	case IN_BUFFER:
		/* Its pages are to be found while the request copies. */
		memset(in_buffer, 0, 2 * PAGE);
		memcpy(in_buffer + 8, in->bytes, size);
		must(!madvise(in_buffer, 2 * PAGE, MADV_DONTNEED));
		return in_buffer + 8;
	case KERNEL:
		return (void *)0xffffffff81000000UL;
	case NOT_AN_ADDRESS:
		return (void *)0x8000000000000000UL;
	default:
		return NULL;
	}
}

static bool allowed(const struct input *in, int err)
{
	const int *e;

	if (in->cmd != requests[in->request].cmd)
		return err == ENOTTY;
	if (in->target == DMABUF ||
	    requests[in->request].control == !!in->target)
		return err == ENOTTY;
	if (err == EFAULT || err == EINVAL || err == E2BIG)
		return true;
	if (err == EOPNOTSUPP && in->request == EXPORT)
		return !has_dmabuf;
	for (e = requests[in->request].errors; *e; e++) {
		if (*e == err)
			return true;
	}
	return false;
}

/* Whether @in breaks a rule that is the same for all requests. */
static bool wrong(const struct input *in)
{
	const struct request *r = &requests[in->request];
	const struct field *m;
	uint32_t size;

	if (in->place >= NOWHERE)
		return true;
	for (m = r->fields; m->kind != END; m++) {
		uint64_t value = member(in, m);

		if ((m->rules & ZERO && value) ||
		    (m->kind == FLAGS && value & ~(uint64_t)r->flags))
			return true;
	}
	size = member(in, &r->fields[0]);
	if (size < r->first_size || size > PAGE)
		return true;
	if (in->place == INTO_NOTHING && in->cut < size)
		return true;
	/* Nothing was put behind it in a buffer. */
	return in->place != IN_BUFFER && in->tail &&
	       r->size + in->tail <= size;
}

/* Nothing else than the members that are output has been written. */
static void check_memory(const struct input *in, long result, int err)
{
	const struct request *r = &requests[in->request];
	long offset = arena_offset(in);
	const struct field *m;

	if (!result && offset >= 0) {
		for (m = r->fields; m->kind != END; m++) {
			if (m->rules & OUTPUT)
				memcpy(before + offset + m->offset,
				       all + offset + m->offset, member_width(m));
		}
	}
	check(in, result, err, !memcmp(before, all, ARENA));
}

static uint64_t limit_left(void)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < NAMES; i++)
		sum += live[i];
	return LIMIT - sum;
}

/* What a request that worked has written. */
static void output(const struct input *in, void *to)
{
	long offset = arena_offset(in);

	memcpy(to, offset < 0 ? in_buffer + 8 : all + offset,
	       requests[in->request].size);
}

static void created(const struct input *in, int err)
{
	struct mapbuf_create asked, c;
	struct mapbuf_info info = { .size = sizeof(info) };
	struct stat st = { 0 };
	char path[64];
	int fd, i;

	memcpy(&asked, in->bytes, sizeof(asked));
	i = number_of(&fuzz, asked.name);
	if (err) {
		check(in, -1, err, err != EPERM || asked.backing ==
		      MAPBUF_BACKING_RESERVED);
		check(in, -1, err, (err == EEXIST) <= (i < 0 || live[i]));
		return;
	}
	output(in, &c);
	check(in, 0, 0, c.bytes == (asked.bytes + PAGE - 1) / PAGE * PAGE &&
	      (asked.backing ? c.backing == asked.backing : c.backing));
	snprintf(path, sizeof(path), "/dev/mapbuf%u", c.id);
	fd = open(path, O_RDWR | O_CLOEXEC);
	check(in, 0, errno, fd >= 0 && !fstat(fd, &st) &&
	      !ioctl(fd, MAPBUF_IOC_INFO, &info));
	close(fd);
	check(in, 0, 0, info.bytes == c.bytes && info.backing == c.backing &&
	      !memcmp(info.name, asked.name, sizeof(info.name)));
	check(in, 0, 0, (st.st_mode & 07777) ==
	      (asked.flags & MAPBUF_CREATE_MODE ? asked.mode : 0600) &&
	      st.st_uid == asked.uid && st.st_gid == asked.gid);
	if (i < 0) {
		check(in, 0, 0, !b_destroy(c.name, 0));
		return;
	}
	check(in, 0, 0, !live[i] && c.bytes <= limit_left());
	live[i] = c.bytes;
}

static void destroyed(const struct input *in, int err)
{
	struct mapbuf_destroy d;
	int i;

	memcpy(&d, in->bytes, sizeof(d));
	i = number_of(&fuzz, d.name);
	check(in, -!!err, err, err != EBUSY);	/* none of them is in use */
	check(in, -!!err, err, err != ENOENT || i < 0 || !live[i]);
	if (err)
		return;
	if (i < 0 || !live[i])
		violated(in, 0, 0, "destroyed what was not there");
	live[i] = 0;
}

static void notified(const struct input *in, int err, bool adds)
{
	uint64_t *expected = &sequence[in->target >= LARGE];
	bool reads = in->target == SMALL_RO || in->target == LARGE_RO;
	struct mapbuf_notify n;

	check(in, -!!err, err, err != EBADF || (adds && reads));
	if (err)
		return;
	check(in, 0, 0, !adds || !reads);
	*expected += adds;
	output(in, &n);
	check(in, 0, 0, n.sequence == *expected);
}

/* A dma-buf, by its own ioctls: here only that it stays what it is. */
static void exported(const struct input *in, int err)
{
	struct mapbuf_export e;
	char junk[64];
	size_t i;
	void *at;

	if (err) {
		check(in, -1, err, err != EACCES || in->target == SMALL_RO ||
		      in->target == LARGE_RO);
		return;
	}
	output(in, &e);
	check(in, 0, 0, lseek(e.fd, 0, SEEK_END) == (off_t)e.bytes);
	for (i = 0; i < 4; i++) {
		uint64_t bits = fuzz_bits(&fuzz);

		memcpy(junk, &bits, 8);
		memset(junk + 8, 0, sizeof(junk) - 8);
		ioctl(e.fd, _IOC(fuzz_below(&fuzz, 4), DMA_BUF_BASE,
				 fuzz_below(&fuzz, 5), 8),
		      fuzz_one_in(&fuzz, 4) ? NULL : junk);
	}
	at = mmap(NULL, e.bytes, PROT_READ, MAP_SHARED, e.fd, 0);
	check(in, 0, errno, at != MAP_FAILED);
	(void)*(volatile char *)at;
	check(in, 0, errno, mmap(NULL, e.bytes + PAGE, PROT_READ, MAP_SHARED,
				 e.fd, 0) == MAP_FAILED);
	munmap(at, e.bytes);
	close(e.fd);
}

static void check_result(const struct input *in, long result, int err)
{
	check(in, result, err, result == 0 || result == -1);
	check(in, result, err, !result || allowed(in, err));
	check(in, result, err, result || !wrong(in));
	check_memory(in, result, err);
	if (err == ENOTTY)
		return;
	switch (in->request) {
	case CREATE:
		created(in, err);
		break;
	case DESTROY:
		destroyed(in, err);
		break;
	case NOTIFY:
	case SEEN:
		notified(in, err, in->request == NOTIFY);
		break;
	case EXPORT:
		exported(in, err);
		break;
	}
}

static void run_one(void)
{
	struct input in;
	unsigned int n;
	void *at;
	long result;
	int err;

	if (kept && fuzz_one_in(&fuzz, 2))
		in = corpus[fuzz_below(&fuzz, kept < CORPUS ? kept : CORPUS)];
	else
		request_generate(&fuzz, &in, fds);
	for (n = fuzz_below(&fuzz, 4); n; n--)
		request_mutate(&fuzz, &in, fds);

	at = place(&in);
	fuzz_before(&fuzz);
	errno = 0;
	result = ioctl(fds[in.target], in.cmd, at);
	err = result ? errno : 0;
	if (fuzz_after(&fuzz, (in.request * 1000 + err) * 100 + in.place) ||
	    fuzz_one_in(&fuzz, 1000))
		corpus[kept++ % CORPUS] = in;
	check_result(&in, result, err);
}

static void drop_rawio(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct caps[2];

	must(!syscall(SYS_capget, &header, caps));
	caps[0].effective &= ~(1U << CAP_SYS_RAWIO);
	must(!syscall(SYS_capset, &header, caps));
}

static void targets_make(void)
{
	char name[32];

	snprintf(name, sizeof(name), "target%u", fuzz.worker);
	b_create(name, 3 * PAGE, MAPBUF_BACKING_VMALLOC);
	fds[CONTROL] = b_control();
	fds[SMALL] = b_open(name, O_RDWR);
	fds[SMALL_RO] = b_open(name, O_RDONLY);
	in_buffer = b_map(fds[SMALL], 3 * PAGE, 0);
	must(!b_destroy(name, MAPBUF_DESTROY_DEFERRED));
	b_create(name, HUGE_PAGE + PAGE, MAPBUF_BACKING_CONTIGUOUS);
	fds[LARGE] = b_open(name, O_RDWR);
	fds[LARGE_RO] = b_open(name, O_RDONLY);
	fds[DMABUF] = b_export(fds[LARGE], 0, PAGE);
	has_dmabuf = fds[DMABUF] != -EOPNOTSUPP;
	if (!has_dmabuf)
		fds[DMABUF] = open("/dev/null", O_RDWR | O_CLOEXEC);
	must(fds[DMABUF] >= 0);
	must(!b_destroy(name, MAPBUF_DESTROY_DEFERRED));
	fds[EVENT] = eventfd(0, EFD_NONBLOCK);
	fds[EVENT2] = eventfd(0, EFD_NONBLOCK);
}

/* A range that exists could be the registers of a device: not with garbage. */
static void worker(unsigned int number)
{
	char name[MAPBUF_NAME_SIZE];
	unsigned int i;

	drop_rawio();
	fuzz_begin(&fuzz, number, 0.4);
	targets_make();
	arena_make();
	while (fuzz_more(&fuzz))
		run_one();
	for (i = 0; i < NAMES; i++) {
		name_of(&fuzz, name, i);
		must(b_destroy(name, 0) == (live[i] ? 0 : -ENOENT));
	}
	t_note("worker %u: %lu requests, %lu %s, %u kept", number, fuzz.runs,
	       fuzz.features, fuzz.cover ? "places of the code" : "outcomes",
	       kept);
}

static bool torn_enough;

/* Changes a request while it is being read. */
static void *tear(void *request)
{
	static const uint32_t sizes[] = {
		sizeof(struct mapbuf_create), PAGE, 8, sizeof(struct mapbuf_info),
	};
	volatile struct mapbuf_create *c = request;
	unsigned int i;

	for (i = 0; !__atomic_load_n(&torn_enough, __ATOMIC_RELAXED); i++) {
		c->size = sizes[i % ARRAY_LEN(sizes)];
		c->bytes = i % 3 ? PAGE : 1ULL << 63;
		c->name[0] = i % 5 ? 'y' : '/';
		c->backing = i % 7 % 5;
	}
	return NULL;
}

/* Whatever it reads, it writes no further than its structure. */
static void torn_requests(unsigned int number)
{
	struct mapbuf_create *c = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned long made = 0, told = 0, i;
	pthread_t thread;

	drop_rawio();
	fuzz_begin(&fuzz, number, 0.05);
	targets_make();
	must(!pthread_create(&thread, NULL, tear, c));
	while (fuzz_more(&fuzz) || ((!made || !told) && fuzz.runs < 10000)) {
		memset(c->name, 0, sizeof(c->name));
		c->flags = 0;
		c->id = 0;
		c->numa_node = 0;
		c->dma_bits = 0;
		if (!ioctl(fds[CONTROL], MAPBUF_IOC_CREATE, c)) {
			must(!b_destroy("y", 0));
			made++;
		}
		told += !ioctl(fds[SMALL], MAPBUF_IOC_INFO, c);
		for (i = sizeof(*c); i < 2 * PAGE; i++)
			must(!((char *)c)[i]);
	}
	__atomic_store_n(&torn_enough, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	t_note("%lu requests, %lu buffers made, %lu told", fuzz.runs, made,
	       told);
	must(made && told);
}

int main(void)
{
	unsigned int i;
	long free_before;

	if (write_file("/sys/module/mapbuf/parameters/max_bytes", "64M"))
		t_bail("max_bytes");
	fuzz_seed();
	free_before = mem_free();
	for (i = 0; i < WORKERS; i++)
		child(worker, i);
	t_ok(reap(), "requests with garbage: each is as <linux/mapbuf.h> says");
	child(torn_requests, 0);
	t_ok(reap(), "requests that change while they are read");
	t_ok(labs(mem_free() - free_before) < 16 * 1024,
	     "the memory is back (%ld KiB before, %ld after)", free_before,
	     mem_free());
	return t_done();
}
