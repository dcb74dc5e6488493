// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each allocation fails once, and each copy from or to user space: the first
 * one of a call, then the second one, until the call gets by without.  It says
 * ENOMEM or EFAULT then and has changed nothing, and works when tried again;
 * or it does without what it did not get.  Needs the hole of the programs zero
 * and reserved.
 */
#include "inject.h"
#include "use.h"

#include <setjmp.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>

#define NAME "fail"
#define HOLE 0x30000000UL	/* memmap=64M$0x30000000 */
#define ODD (2 * MIB + 3 * PAGE)

static int file, event_fd, result_fd;
static char *map, *image;
static size_t map_size, image_size;

/* Load, with buffers made at load. */

static void nothing_before(uintptr_t arg)
{
	(void)arg;
}

static int load(uintptr_t params)
{
	return syscall(SYS_init_module, image, image_size,
		       (const char *)params) ? -errno : 0;
}

static bool load_unchanged(uintptr_t params)
{
	(void)params;
	return access("/sys/module/mapbuf", F_OK) &&
	       access("/sys/class/mapbuf", F_OK) &&
	       access("/dev/mapbuf0", F_OK) &&
	       access("/dev/mapbuf-control", F_OK);
}

static void load_undo(uintptr_t params)
{
	int err;

	(void)params;
	do
		err = module_unload();
	while (err == -EAGAIN);
	if (err)
		t_bail("unload");
}

static void read_image(void)
{
	struct stat st;
	int fd = open("/t/mapbuf.ko", O_RDONLY);

	if (fd < 0 || fstat(fd, &st))
		t_bail("/t/mapbuf.ko");
	image_size = st.st_size;
	image = malloc(image_size);
	if (!image || read(fd, image, image_size) != (ssize_t)image_size)
		t_bail("read /t/mapbuf.ko");
	close(fd);
}

/* Two kinds of buffers: the first one goes again when the second one fails. */
static const struct step load_step = {
	.name = "load", .before = nothing_before, .call = load,
	.unchanged = load_unchanged, .undo = load_undo, .also = -EBUSY,
	.arg = (uintptr_t)"buffers=1 size=2060K reserved=fail@768M+1M"
};

static void open_control(unsigned int unused)
{
	struct mapbuf_destroy d = { .size = sizeof(d), .name = NAME };

	(void)unused;
	for (;;) {
		int fd = open("/dev/mapbuf-control", O_RDWR);

		if (fd < 0)
			continue;
		must(ioctl(fd, MAPBUF_IOC_DESTROY, &d) == -1 &&
		     errno == ENOENT);
		close(fd);
	}
}

/*
 * The faults before the one that can be the module's.  Kernels warn when their
 * loader meets one, so parameters that are refused tell how many it can.
 */
static unsigned int loader_faults(void)
{
	struct step step = load_step;

	step.arg = (uintptr_t)"max_bytes=refused";
	return inject_none(&step);
}

/* Who opens a node while it is there holds nothing that goes again. */
static void load_while_opened(void)
{
	struct step step = load_step;
	unsigned int faults;
	int i, status;
	pid_t pid;

	step.name = "load while somebody opens the node";
	step.arg = (uintptr_t)"";
	faults = inject_none(&step);
	for (i = 0; i < 3; i++) {
		pid = child(open_control, 0);
		inject(&step, faults > 10 ? faults - 10 : 1);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		t_ok(status == SIGKILL, "who saw nothing strange (%#x)",
		     status);
	}
}

/* Create and destroy. */

static const struct mapbuf_create requests[] = {
	{ .bytes = PAGE, .backing = MAPBUF_BACKING_VMALLOC },
	{ .bytes = ODD, .backing = MAPBUF_BACKING_VMALLOC },
	{ .bytes = PAGE, .backing = MAPBUF_BACKING_CONTIGUOUS,
	  .flags = MAPBUF_CREATE_UID | MAPBUF_CREATE_MODE, .uid = 1000,
	  .mode = 0640 },
	{ .bytes = 8 * MIB, .backing = MAPBUF_BACKING_CONTIGUOUS },
	{ .bytes = MIB, .backing = MAPBUF_BACKING_RESERVED, .phys_addr = HOLE },
	{ .bytes = MIB, .backing = MAPBUF_BACKING_RESERVED, .phys_addr = HOLE,
	  .cache = MAPBUF_CACHE_UNCACHED },
};

static struct mapbuf_create request;

static void create_before(uintptr_t which)
{
	request = requests[which];
	request.size = sizeof(request);
	request.id = 77;	/* output: not written on an error */
	strcpy(request.name, NAME);
}

static int create(uintptr_t which)
{
	(void)which;
	return ioctl(b_control(), MAPBUF_IOC_CREATE, &request) ? -errno : 0;
}

static bool create_unchanged(uintptr_t which)
{
	struct mapbuf_create was = request;

	create_before(which);
	return !memcmp(&was, &request, sizeof(was)) && !b_nodes();
}

/* What there is has a node that works. */
static void create_undo(uintptr_t which)
{
	int fd = b_open(NAME, O_RDWR);
	char byte = 1;

	(void)which;
	if ((int)request.id != b_id(NAME) || pwrite(fd, &byte, 1, 0) != 1)
		t_ok(false, "%s that was made works", NAME);
	close(fd);
	must(!b_destroy(NAME, 0));
}

static void destroy_before(uintptr_t which)
{
	create_before(which);
	if (create(which))
		t_bail("create");
}

static int destroy(uintptr_t flags)
{
	return b_destroy(NAME, flags ? MAPBUF_DESTROY_DEFERRED : 0);
}

static bool destroy_unchanged(uintptr_t which)
{
	(void)which;
	return b_nodes() == 1 && b_id(NAME) >= 0;
}

static void destroy_undo(uintptr_t which)
{
	(void)which;
	if (b_nodes() || b_id(NAME) >= 0)
		t_ok(false, "nothing is left after destroy");
}

static const struct step lives[] = {
	{ .name = "create: vmalloc, 4 KiB", .before = create_before,
	  .call = create, .unchanged = create_unchanged, .undo = create_undo,
	  .arg = 0 },
	{ .name = "create: vmalloc, 2 MiB and 3 pages", .before = create_before,
	  .call = create, .unchanged = create_unchanged, .undo = create_undo,
	  .arg = 1 },
	{ .name = "create: contiguous, 4 KiB", .before = create_before,
	  .call = create, .unchanged = create_unchanged, .undo = create_undo,
	  .arg = 2 },
	{ .name = "create: contiguous, 8 MiB", .before = create_before,
	  .call = create, .unchanged = create_unchanged, .undo = create_undo,
	  .arg = 3 },
	/* request_mem_region() does not tell no memory from a range in use. */
	{ .name = "create: reserved", .before = create_before, .call = create,
	  .unchanged = create_unchanged, .undo = create_undo, .arg = 4,
	  .also = -EBUSY },
	{ .name = "create: reserved, uncached", .before = create_before,
	  .call = create, .unchanged = create_unchanged, .undo = create_undo,
	  .arg = 5, .also = -EBUSY },
	{ .name = "destroy: vmalloc", .before = destroy_before, .call = destroy,
	  .unchanged = destroy_unchanged, .undo = destroy_undo, .arg = 0 },
	{ .name = "destroy, deferred: vmalloc", .before = destroy_before,
	  .call = destroy, .unchanged = destroy_unchanged, .undo = destroy_undo,
	  .arg = 1 },
	{ .name = "destroy, deferred: contiguous", .before = destroy_before,
	  .call = destroy, .unchanged = destroy_unchanged, .undo = destroy_undo,
	  .arg = 3 },
};

/* What is done with a buffer that is there; @arg is which. */
static char node[32], attr[64];

static bool counts_are(const char *opens, const char *mappings,
		       const char *exports)
{
	return !strcmp(b_sysfs(NAME, "opens"), opens) &&
	       !strcmp(b_sysfs(NAME, "mappings"), mappings) &&
	       !strcmp(b_sysfs(NAME, "exports"), exports);
}

static bool is_open(uintptr_t which)
{
	(void)which;
	return counts_are("1", "0", "0");
}

static int open_again(uintptr_t which)
{
	(void)which;
	result_fd = open(node, O_RDWR | O_CLOEXEC);
	return result_fd < 0 ? -errno : 0;
}

static void close_again(uintptr_t which)
{
	(void)which;
	close(result_fd);
}

static int map_it(uintptr_t which)
{
	void *at = mmap(NULL, map_size, PROT_READ | PROT_WRITE, MAP_SHARED,
			file, 0);

	(void)which;
	if (at == MAP_FAILED)
		return -errno;
	map = at;
	return 0;
}

static void unmap_it(uintptr_t which)
{
	(void)which;
	munmap(map, map_size);
}

static void map_before(uintptr_t which)
{
	if (map_it(which))
		t_bail("mmap");
}

static bool is_mapped(uintptr_t which)
{
	(void)which;
	return counts_are("1", "1", "0");
}

/* The kernel cuts twice, and leaves the first cut when the second one fails. */
static bool is_cut(uintptr_t which)
{
	(void)which;
	return counts_are("1", "1", "0") || counts_are("1", "2", "0");
}

static sigjmp_buf touch_end;

static void touch_failed(int signal)
{
	(void)signal;
	siglongjmp(touch_end, 1);
}

/* A fault that gets no memory is taken again: it must not end in SIGBUS. */
static int touch(uintptr_t which)
{
	size_t at;

	(void)which;
	if (sigsetjmp(touch_end, 1))
		return -EIO;
	for (at = 0; at < map_size; at += 7 * PAGE)
		((volatile char *)map)[at] = 1;
	return 0;
}

static int populate(uintptr_t which)
{
	(void)which;
	return madvise(map, map_size, 23 /* POPULATE_WRITE */) ? -errno : 0;
}

static int split(uintptr_t which)
{
	(void)which;
	return mprotect(map + map_size / 2 / PAGE * PAGE, PAGE, PROT_READ) ?
	       -errno : 0;
}

static int export(uintptr_t which)
{
	struct mapbuf_export e = { .size = sizeof(e), .bytes = PAGE, .fd = 77 };

	(void)which;
	if (ioctl(file, MAPBUF_IOC_EXPORT, &e))
		return e.fd == 77 ? -errno : -EIO;
	result_fd = e.fd;
	return 0;
}

static int set_eventfd(uintptr_t which)
{
	struct mapbuf_eventfd e = { .size = sizeof(e), .fd = event_fd };

	(void)which;
	return ioctl(file, MAPBUF_IOC_EVENTFD, &e) ? -errno : 0;
}

static void unset_eventfd(uintptr_t which)
{
	struct mapbuf_eventfd e = { .size = sizeof(e), .fd = -1 };

	(void)which;
	must(!ioctl(file, MAPBUF_IOC_EVENTFD, &e));
}

static int notify(uintptr_t which)
{
	struct mapbuf_notify n = { .size = sizeof(n), .sequence = 77 };

	(void)which;
	if (ioctl(file, MAPBUF_IOC_NOTIFY, &n))
		return n.sequence == 77 ? -errno : -EIO;
	return 0;
}

/* All of a page, or none and an error. */
static int copy(uintptr_t which)
{
	static char page[PAGE];
	ssize_t n = pread(file, page, PAGE, 0);

	(void)which;
	if (n == PAGE)
		n = pwrite(file, page, PAGE, 0);
	return n == PAGE ? 0 : n < 0 ? -errno : -EIO;
}

static int attribute(uintptr_t which)
{
	int fd = open(attr, O_RDONLY), err = 0;
	char text[32];

	(void)which;
	if (fd < 0 || read(fd, text, sizeof(text)) < 0)
		err = -errno;
	if (fd >= 0)
		close(fd);
	return err;
}

static int parameter(uintptr_t which)
{
	int fd = open("/sys/module/mapbuf/parameters/max_bytes", O_WRONLY);
	int err = 0;

	(void)which;
	if (fd < 0 || write(fd, "50%", 3) < 0)
		err = -errno;
	if (fd >= 0)
		close(fd);
	return err;
}

static const struct step uses[] = {
	{ .name = "open", .before = nothing_before, .call = open_again,
	  .unchanged = is_open, .undo = close_again },
	{ .name = "mmap", .before = nothing_before, .call = map_it,
	  .unchanged = is_open, .undo = unmap_it },
	{ .name = "split a mapping", .before = map_before, .call = split,
	  .unchanged = is_cut, .undo = unmap_it },
	{ .name = "read and write", .before = nothing_before, .call = copy,
	  .unchanged = is_open, .undo = nothing_before },
	{ .name = "an attribute", .before = nothing_before, .call = attribute,
	  .unchanged = is_open, .undo = nothing_before },
	{ .name = "a parameter", .before = nothing_before, .call = parameter,
	  .unchanged = is_open, .undo = nothing_before },
	{ .name = "an eventfd", .before = nothing_before, .call = set_eventfd,
	  .unchanged = is_open, .undo = unset_eventfd },
	{ .name = "notify", .before = nothing_before, .call = notify,
	  .unchanged = is_open, .undo = nothing_before },
};

/* Of those that are made of pages. */
static const struct step page_uses[] = {
	{ .name = "touch", .before = map_before, .call = touch,
	  .unchanged = is_mapped, .undo = unmap_it },
	{ .name = "populate", .before = map_before, .call = populate,
	  .unchanged = is_mapped, .undo = unmap_it },
	{ .name = "export", .before = nothing_before, .call = export,
	  .unchanged = is_open, .undo = close_again },
};

static void use(uintptr_t which)
{
	struct step step;
	size_t i;

	destroy_before(which);
	map_size = request.bytes;
	file = b_open(NAME, O_RDWR);
	snprintf(node, sizeof(node), "/dev/mapbuf%d", b_id(NAME));
	snprintf(attr, 64, "/sys/class/mapbuf/mapbuf%d/name", b_id(NAME));
	t_note("a buffer of %s, %zu KiB", b_sysfs(NAME, "backing"),
	       map_size / KIB);
	for (i = 0; i < ARRAY_LEN(uses); i++) {
		step = uses[i];
		if ((step.call == map_it || step.call == split) &&
		    request.backing == MAPBUF_BACKING_RESERVED) {
			t_skip("the kernel warns, and forgets what is mapped",
			       "%s: a reserved range", step.name);
			continue;
		}
		step.arg = which;
		inject(&step, 1);
	}
	for (i = 0; i < ARRAY_LEN(page_uses) &&
	     request.backing != MAPBUF_BACKING_RESERVED; i++) {
		step = page_uses[i];
		step.arg = which;
		inject(&step, 1);
	}
	fail_locks(file);
	close(file);
	t_ok(!b_destroy(NAME, 0), "nothing holds the buffer");
}

int main(void)
{
	long before, after;
	size_t i;

	inject_set_up();
	read_image();
	signal(SIGBUS, touch_failed);
	event_fd = eventfd(0, 0);
	if (module_unload())
		t_bail("unload");
	before = meminfo("MemFree");
	inject(&load_step, loader_faults() + 1);
	load_while_opened();
	if (load((uintptr_t)"max_bytes=8M max_buffers=1"))
		t_bail("load");
	b_control();
	/* A byte or a buffer that is still counted leaves too few. */
	for (i = 0; i < ARRAY_LEN(lives); i++)
		inject(&lives[i], 1);
	for (i = 0; i < ARRAY_LEN(requests); i++)
		use(i);
	after = mem_free();
	t_ok(before - after < 64 * 1024,
	     "the memory is back (%ld KiB before, %ld after)", before, after);
	return t_done();
}
