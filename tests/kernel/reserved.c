// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers over physical ranges that exist already: a hole in memory that the
 * machine was started with, and the BAR of an ivshmem device.
 */
#include "use.h"

#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <linux/capability.h>
#include <linux/futex.h>

#define HOLE 0x30000000UL	/* memmap=64M$0x30000000 */
#define HOLE_SIZE (64 * MIB)

/* Whether the hole's first page can be had below 2^bits, from a NUMA node */
static int asked_of_range(unsigned int bits, int node)
{
	struct mapbuf_create c = {
		.size = sizeof(c), .name = "asked", .bytes = PAGE,
		.backing = MAPBUF_BACKING_RESERVED, .phys_addr = HOLE,
		.dma_bits = bits,
	};

	if (node >= 0) {
		c.flags = MAPBUF_CREATE_NUMA_NODE;
		c.numa_node = node;
	}
	if (ioctl(b_control(), MAPBUF_IOC_CREATE, &c))
		return -errno;
	return b_destroy("asked", 0);
}

static void refused(void)
{
	t_ok(reserve("r", system_ram(), MIB, 0, 0) == -EINVAL, "System RAM");
	t_ok(reserve("r", HOLE - PAGE, 2 * PAGE, 0, 0) == -EINVAL,
	     "System RAM and a hole");
	t_ok(reserve("r", HOLE + HOLE_SIZE - PAGE, 2 * PAGE, 0, 0) == -EINVAL,
	     "a hole and System RAM");
	t_ok(reserve("r", -PAGE, 2 * PAGE, 0, 0) == -EINVAL,
	     "a range that wraps");
	t_ok(reserve("r", HOLE + 1, PAGE, 0, 0) == -EINVAL, "not in pages");
	t_ok(asked_of_range(29, -1) == -EINVAL, "not below its dma_bits");
	t_ok(asked_of_range(0, 0) == -EINVAL, "a NUMA node");
	t_ok(!asked_of_range(30, -1), "below its dma_bits");
	t_ok(!reserve("r", HOLE, MIB, 0, 0), "a part of the hole");
	t_ok(reserve("s", HOLE + MIB - PAGE, MIB, 0, 0) == -EBUSY,
	     "a range that is claimed in part");
	t_ok(reserve("s", HOLE, HOLE_SIZE, 0, 0) == -EBUSY,
	     "a range with a claimed part");
	t_ok(!reserve("s", HOLE + MIB, MIB, 0, 0), "the next part");
	t_ok(!b_destroy("s", 0) && !b_destroy("r", 0), "destroy");
}

/* The same on each kind of caching, and what one leaves the next one finds. */
static void data(uint64_t start, size_t size, const char *what)
{
	static const char *const caches[] = {
		"cached", "write-combined", "uncached"
	};
	static const char *const told[] = { "wb", "wc", "uc" };
	unsigned int cache;

	for (cache = 0; cache < 3; cache++) {
		char *copy = malloc(size), *map, *part;
		int fd;

		t_ok(!reserve("r", start, size, cache,
			      cache ? 0 : MAPBUF_CREATE_ZERO), "%s: %s", what,
		     caches[cache]);
		t_ok(strtoull(b_sysfs("r", "phys_addr"), NULL, 0) == start &&
		     !strcmp(b_sysfs("r", "backing"), "reserved") &&
		     !strcmp(b_sysfs("r", "cache"), told[cache]), "sysfs");
		fd = b_open("r", O_RDWR);
		map = b_map(fd, size, 0);
		if (cache)
			t_ok(filled(map, size, cache - 1),
			     "%s: what it held is still there", what);
		else
			t_ok(all_zero(map, size), "%s: cleared on demand",
			     what);
		fill(map, size, 99);
		t_ok(pread(fd, copy, size, 0) == (ssize_t)size &&
		     filled(copy, size, 99), "%s: read", what);
		fill(copy, size, cache);
		t_ok(pwrite(fd, copy, size, 0) == (ssize_t)size &&
		     filled(map, size, cache), "%s: write", what);
		t_ok(pread(fd, copy, 5001, 4097) == 5001 &&
		     !memcmp(copy, map + 4097, 5001), "%s: odd read", what);
		part = b_map(fd, PAGE, size - PAGE);
		t_ok(!memcmp(part, map + size - PAGE, PAGE),
		     "%s: the last page", what);
		munmap(part, PAGE);
		munmap(map, size);
		close(fd);
		t_ok(!b_destroy("r", 0), "%s: destroy", what);
		free(copy);
	}
}

/* What mapbuf.4 says does not work, does not work in the way it says. */
static void pinning(void)
{
	struct iovec iov, here;
	char *map, *copy = malloc(MIB);
	int fd, disk, ends[2], mem;
	loff_t at = 0;

	reserve("r", HOLE, MIB, 0, 0);
	fd = b_open("r", O_RDWR);
	map = b_map(fd, MIB, 0);
	fill(map, MIB, 7);
	iov = (struct iovec) { map, MIB };
	here = (struct iovec) { copy, MIB };

	disk = open("/dev/vda", O_RDWR | O_DIRECT);
	t_fails(pwrite(disk, map, MIB, 0), EFAULT, "O_DIRECT is EFAULT");
	if (pipe(ends))
		t_bail("pipe");
	t_fails(vmsplice(ends[1], &iov, 1, 0), EFAULT, "vmsplice is EFAULT");
	t_fails(process_vm_readv(getpid(), &here, 1, &iov, 1, 0), EFAULT,
		"process_vm_readv is EFAULT");
	t_fails(splice(fd, &at, ends[1], NULL, PAGE, 0), EINVAL,
		"splice from the node is EINVAL");
	mem = open("/proc/self/mem", O_RDWR);
	t_ok(pread(mem, copy, MIB, (uintptr_t)map) == MIB &&
	     filled(copy, MIB, 7), "/proc/self/mem reads");
	t_ok(!mlock(map, MIB) && filled(map, MIB, 7), "mlock works");
	t_fails(madvise(map, MIB, MADV_DONTNEED), EINVAL,
		"MADV_DONTNEED is EINVAL");
	t_fails(syscall(SYS_futex, map, FUTEX_WAKE, 1, NULL, NULL, 0), EFAULT,
		"a futex of several processes is EFAULT");
	t_ok(!syscall(SYS_futex, map, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0),
	     "one of threads is not");
	t_fails(mremap(map, MIB, 2 * MIB, MREMAP_MAYMOVE), EFAULT,
		"it cannot grow");
	t_ok(atoi(b_sysfs("r", "mappings")) == 1, "sysfs counts the mapping");
	t_ok(b_destroy("r", 0) == -EBUSY, "destroy while mapped is EBUSY");
	munmap(map, MIB);
	close(mem);
	close(disk);
	close(fd);
	b_destroy("r", 0);
	free(copy);
}

/* Importers are in tests/devices: this is what processes see. */
static void exported(void)
{
	int fd, dmabuf;
	char *map, *part;

	reserve("r", HOLE + MIB, MIB, 0, 0);
	fd = b_open("r", O_RDWR);
	map = b_map(fd, MIB, 0);
	fill(map, MIB, 9);
	dmabuf = b_export(fd, PAGE, MIB - PAGE);
	/* A kernel that checks what drivers map cannot either. */
	if (!kernel_since(5, 15) || !access("/sys/kernel/debug/dma-api", F_OK)) {
		t_ok(dmabuf == -EOPNOTSUPP, "this kernel cannot export it");
		munmap(map, MIB);
		close(fd);
		b_destroy("r", 0);
		return;
	}
	t_ok(dmabuf >= 0, "a part is exported (%d)", dmabuf);
	part = b_map(dmabuf, MIB - PAGE, 0);
	t_ok(filled(part, MIB - PAGE, 9 + PAGE / 8), "the part has its data");
	close(fd);
	munmap(map, MIB);
	t_ok(!b_destroy("r", MAPBUF_DESTROY_DEFERRED) &&
	     reserve("s", HOLE, 2 * MIB, 0, 0) == -EBUSY,
	     "destroyed, the range is still claimed");
	munmap(part, MIB - PAGE);
	close(dmabuf);
	t_ok(!reserve("s", HOLE, 2 * MIB, 0, 0) && !b_destroy("s", 0),
	     "closed, it is not");
}

static void drop(unsigned int capability)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct caps[2];

	must(!syscall(SYS_capget, &header, caps));
	caps[0].effective &= ~(1U << capability);
	caps[0].permitted &= ~(1U << capability);
	must(!syscall(SYS_capset, &header, caps));
}

/* In a child: it cannot get back what it gives away. */
static void without_privilege(unsigned int seed)
{
	(void)seed;
	drop(CAP_SYS_RAWIO);
	must(reserve("r", HOLE, MIB, 0, 0) == -EPERM);
	must(!b_try_create("other", MIB, 0) && !b_destroy("other", 0));
}

/* Who makes such a buffer is told where it is, and root is. */
static void asks_for_address(unsigned int seed)
{
	char path[64], text[32];
	int fd, parameter;

	(void)seed;
	parameter = open("/sys/module/mapbuf/parameters/reserved", O_RDONLY);
	snprintf(path, sizeof(path), "/sys/class/mapbuf/mapbuf%d/phys_addr",
		 b_id("r"));
	fd = open(path, O_RDONLY);
	drop(CAP_SYS_ADMIN);
	must(pread(fd, text, sizeof(text), 0) > 0);
	must(pread(parameter, text, sizeof(text), 0) > 0);
	drop(CAP_SYS_RAWIO);
	must(pread(fd, text, sizeof(text), 0) == -1 && errno == EPERM);
	must(pread(parameter, text, sizeof(text), 0) == -1 && errno == EPERM);
}

static void locked_down(void)
{
	int fd;

	mount("securityfs", "/sys/kernel/security", "securityfs", 0, NULL);
	fd = open("/sys/kernel/security/lockdown", O_WRONLY);
	if (fd < 0 || write(fd, "integrity", 9) != 9) {
		t_skip("this kernel has no lockdown", "lockdown");
		return;
	}
	close(fd);
	t_ok(reserve("r", HOLE, MIB, 0, 0) == -EPERM, "lockdown is EPERM");
}

static void at_load(void)
{
	t_ok(!module_unload(), "unload");
	t_ok(module_load("reserved=a@0x30000000+1M,b@768M+1M") == -EBUSY &&
	     access("/sys/module/mapbuf", F_OK),
	     "reserved= of a claimed range: nothing is loaded");
	t_ok(!module_load("reserved=a@0x30000000+1M,b@769M+4K:wc,c@770M+8K:uc buffers=1"),
	     "reserved= of three ranges and a buffer");
	t_ok(atol(b_sysfs("a", "size")) == MIB &&
	     strtoul(b_sysfs("b", "phys_addr"), NULL, 0) == HOLE + MIB &&
	     strtoul(b_sysfs("c", "phys_addr"), NULL, 0) == HOLE + 2 * MIB,
	     "they are there");
	t_ok(!module_unload() && !module_load(""), "unload and load");
}

int main(void)
{
	uint64_t bar = ivshmem();

	at_load();
	refused();
	data(HOLE, HOLE_SIZE, "memmap hole");
	t_ok(bar, "there is an ivshmem device (%#llx)",
	     (unsigned long long)bar);
	data(bar, MIB, "BAR");
	pinning();
	exported();
	child(without_privilege, 0);
	t_ok(reap(), "without CAP_SYS_RAWIO: EPERM, other backings work");
	reserve("r", HOLE, MIB, 0, 0);
	child(asks_for_address, 0);
	t_ok(reap(), "phys_addr and reserved= take CAP_SYS_ADMIN or CAP_SYS_RAWIO");
	b_destroy("r", 0);
	locked_down();
	return t_done();
}
