// SPDX-License-Identifier: GPL-2.0-only
/*
 * A page of a buffer with a memory error: nobody gets it any more, its neighbours
 * go on working, and the allocator never gets it back.
 */
#include "use.h"

#include <sys/uio.h>

#include "kmod/driver.h"

#define RW (PROT_READ | PROT_WRITE)
#define OFFLINE "/sys/devices/system/memory/hard_offline_page"
#define KPF_BUDDY (1ULL << 10)
#define KPF_HWPOISON (1ULL << 19)
#define SEED 120

static const char *store;

/* Whether a touch is answered by the signal for memory errors. */
static bool fails(char *at, bool write)
{
	const siginfo_t *info = raised(at, write);

	return info && info->si_code == BUS_MCEERR_AR &&
	       ((uintptr_t)info->si_addr & -PAGE) == (uintptr_t)at;
}

/* Whether the page before and the one after it have the buffer's data. */
static bool around(const char *at, size_t bad)
{
	return filled(at + bad - PAGE, PAGE, SEED + (bad - PAGE) / 8) &&
	       filled(at + bad + PAGE, PAGE, SEED + (bad + PAGE) / 8);
}

static void break_page(const char *at)
{
	char text[32];
	uint64_t frame;

	if (!page_frames(at, 1, &frame))
		t_bail("the frame of a page");
	snprintf(text, sizeof(text), "%#llx", (unsigned long long)frame * PAGE);
	/* The kernel cannot do anything about a page of a driver, and says so. */
	write_file(OFFLINE, text);
}

static uint64_t page_flags(uint64_t frame)
{
	int fd = open("/proc/kpageflags", O_RDONLY);
	uint64_t flags = 0;

	if (fd < 0 || pread(fd, &flags, 8, frame * 8) != 8)
		t_bail("flags of a page");
	close(fd);
	return flags;
}

static long errors(const char *name)
{
	char *text = b_sysfs(name, "errors");

	return text ? strtol(text, NULL, 10) : -1;
}

/* How the module gets to know: each way takes the page away from all. */
enum notice { BY_SYSFS, BY_READ, BY_TOUCH };

static void notice(enum notice how, int fd, size_t size, size_t bad)
{
	char byte, *at;

	switch (how) {
	case BY_SYSFS:
		t_ok(errors("errors") == 1, "%s: seen in sysfs", store);
		break;
	case BY_READ:
		t_fails(pread(fd, &byte, 1, bad), EIO, "%s: seen by read()",
			store);
		break;
	case BY_TOUCH:
		at = b_map(fd, size, 0);
		t_ok(fails(at + bad, true), "%s: seen by a touch", store);
		munmap(at, size);
	}
}

static void mappings(int fd, char *at, size_t size, size_t bad)
{
	char *odd, *other;

	t_ok(fails(at + bad, false), "%s: a read of it fails", store);
	t_ok(fails(at + bad, true), "%s: a write to it fails", store);
	t_ok(around(at, bad), "%s: its neighbours are there", store);
	t_ok(!madvise(at, size, MADV_DONTNEED) && around(at, bad) &&
	     fails(at + bad, false), "%s: also if mapped again", store);

	other = mmap(NULL, size, RW, MAP_SHARED | MAP_POPULATE, fd, 0);
	t_ok(other != MAP_FAILED && around(other, bad) &&
	     fails(other + bad, true), "%s: and in another mapping", store);
	munmap(other, size);
	odd = mmap(NULL, size + 2 * HUGE_PAGE, PROT_NONE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	odd = mmap((char *)(((uintptr_t)odd + HUGE_PAGE - 1) & -HUGE_PAGE) + PAGE,
		   size, RW, MAP_SHARED | MAP_FIXED, fd, 0);
	t_ok(odd != MAP_FAILED && around(odd, bad) && fails(odd + bad, false),
	     "%s: and where no 2 MiB fit", store);
	munmap(odd, size);
}

static void calls(int fd, const char *at, size_t bad)
{
	char *copy = malloc(3 * PAGE);
	struct iovec local = { copy, PAGE };
	struct iovec remote = { (char *)at + bad, PAGE };
	loff_t from = bad;
	int pipes[2];

	t_ok(pread(fd, copy, 3 * PAGE, bad - PAGE) == (ssize_t)PAGE &&
	     filled(copy, PAGE, SEED + (bad - PAGE) / 8),
	     "%s: read() ends before it", store);
	t_fails(pread(fd, copy, 1, bad + 1), EIO, "%s: and fails there", store);
	t_ok(pwrite(fd, copy, 2 * PAGE, bad - PAGE) == (ssize_t)PAGE,
	     "%s: write() ends before it", store);
	t_fails(pwrite(fd, copy, PAGE, bad), EIO, "%s: and fails there", store);
	t_ok(pread(fd, copy, PAGE, bad + PAGE) == (ssize_t)PAGE &&
	     filled(copy, PAGE, SEED + (bad + PAGE) / 8),
	     "%s: read() goes on behind it", store);
	t_ok(process_vm_readv(getpid(), &local, 1, &remote, 1, 0) < 0,
	     "%s: process_vm_readv() fails", store);

	if (pipe(pipes))
		t_bail("pipe");
	t_fails(splice(fd, &from, pipes[1], NULL, PAGE, 0), EIO,
		"%s: splice() fails there", store);
	from = bad - PAGE;
	t_ok(splice(fd, &from, pipes[1], NULL, 3 * PAGE, 0) == (ssize_t)PAGE,
	     "%s: and ends before it", store);
	close(pipes[0]);
	close(pipes[1]);
	free(copy);
}

/* Devices and drivers get nothing of the buffer any more; of parts without it, all. */
static void drivers(int fd, size_t bad)
{
	struct driver_call call = { .bytes = PAGE, .offset = bad, .name = "errors" };
	int driver = driver_load();

	t_ok(!ioctl(driver, DRIVER_FIND, &call), "%s: a driver has it", store);
	t_fails(ioctl(driver, DRIVER_CHECK, &call), EIO,
		"%s: mapping it for the kernel fails", store);
	t_fails(ioctl(driver, DRIVER_TABLE, &call), EIO,
		"%s: a table with it fails", store);
	call.offset += PAGE;
	t_ok(!ioctl(driver, DRIVER_TABLE, &call) && call.bytes == PAGE,
	     "%s: a table without it has all", store);
	call.fd = b_export(fd, 0, bad + PAGE);
	if (call.fd < 0 || (ioctl(driver, DRIVER_IMPORT, &call) &&
			    errno == EOPNOTSUPP))
		t_skip("this kernel imports in another way", "%s: import", store);
	else
		t_fails(ioctl(driver, DRIVER_IMPORT, &call), EIO,
			"%s: no device gets a dma-buf with it", store);
	if (call.fd >= 0)
		close(call.fd);
	driver_unload(driver);
}

/* The allocator has none of the frames that it would give away with it. */
static bool kept(uint64_t frame, bool compound)
{
	uint64_t first = compound ? frame & ~511ULL : frame;
	uint64_t n = compound ? 512 : 1, i;

	for (i = 0; i < n; i++) {
		if (page_flags(first + i) & KPF_BUDDY) {
			t_note("frame %#llx is free",
			       (unsigned long long)(first + i));
			return false;
		}
	}
	return page_flags(frame) & KPF_HWPOISON;
}

static void life(const struct store *s, size_t size, size_t bad,
		 enum notice how, bool zero)
{
	struct mapbuf_create request = {
		.size = sizeof(request), .name = "errors", .bytes = size,
		.backing = s->id,
		.flags = zero ? MAPBUF_CREATE_ZERO_LAST_CLOSE : 0,
	};
	bool compound;
	uint64_t frame;
	long huge, lost;
	char *at;
	int fd;

	if (ioctl(b_control(), MAPBUF_IOC_CREATE, &request))
		t_bail("create");
	fd = b_open("errors", O_RDWR);
	at = b_map(fd, size, 0);
	fill(at, size, SEED);
	huge = smaps_range(at, size, "FilePmdMapped") * KIB;
	compound = bad < (size_t)huge;
	page_frames(at + bad, 1, &frame);
	t_ok(errors("errors") == 0, "%s: no errors, %ld KiB in 2 MiB", store,
	     huge / KIB);

	break_page(at + bad);
	notice(how, fd, size, bad);
	mappings(fd, at, size, bad);
	t_ok(errors("errors") == 1, "%s: it is the only one", store);
	if (compound)
		t_ok(filled(at, PAGE, SEED) &&
		     filled(at + 2 * HUGE_PAGE, size - 2 * HUGE_PAGE,
			    SEED + 2 * HUGE_PAGE / 8) &&
		     smaps_range(at, size, "FilePmdMapped") ==
		     (long)((huge - HUGE_PAGE) / KIB),
		     "%s: others are still mapped in 2 MiB", store);
	calls(fd, at, bad);
	drivers(fd, bad);
	munmap(at, size);
	close(fd);

	fd = b_open("errors", O_RDWR);
	at = b_map(fd, size, 0);
	t_ok(zero ? all_zero(at + bad + PAGE, PAGE) :
		    filled(at + bad + PAGE, PAGE, SEED + (bad + PAGE) / 8),
	     "%s: its neighbours are %s", store, zero ? "cleared" : "there");
	t_ok(fails(at + bad, false), "%s: it still fails", store);
	munmap(at, size);
	close(fd);

	lost = mem_free();
	t_ok(!b_destroy("errors", 0), "%s: destroy", store);
	lost += size / KIB - mem_free();
	t_ok(kept(frame, compound), "%s: the page is not free", store);
	if (debug_kernel())	/* keeps more of what is freed than a buffer has */
		t_skip("it keeps freed memory", "%s: what is lost", store);
	else
		t_ok(lost < (long)((compound ? HUGE_PAGE : PAGE) / KIB) + 1024,
		     "%s: %ld KiB are lost", store, lost);
}

int main(void)
{
	const struct store *s;

	if (access(OFFLINE, W_OK)) {
		t_skip("the kernel has no hard_offline_page", "memory errors");
		return t_done();
	}
	for (s = stores; s->name; s++) {
		store = s->name;
		life(s, 4 * HUGE_PAGE, HUGE_PAGE + 7 * PAGE, BY_TOUCH, true);
		life(s, 4 * HUGE_PAGE, HUGE_PAGE + PAGE, BY_READ, false);
		life(s, 2 * HUGE_PAGE + 9 * PAGE, 2 * HUGE_PAGE + 3 * PAGE,
		     BY_SYSFS, false);
		life(s, 20 * PAGE, 5 * PAGE, BY_TOUCH, true);
	}
	return t_done();
}
