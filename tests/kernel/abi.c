// SPDX-License-Identifier: GPL-2.0-only
/* <linux/mapbuf.h>, line by line. */
#include "layout.h"
#include "t.h"

static struct mapbuf_create request(const char *name)
{
	struct mapbuf_create create = {
		.size = sizeof(create),
		.bytes = PAGE,
		.backing = MAPBUF_BACKING_VMALLOC,
	};

	strncpy(create.name, name, sizeof(create.name) - 1);
	return create;
}

#define fails_with(err, change, what) do {				\
	struct mapbuf_create c = request("abi");			\
	change;								\
	t_fails(ioctl(b_control(), MAPBUF_IOC_CREATE, &c), err,		\
		"create: %s gives %s", what, #err);			\
} while (0)

static void create_members(void)
{
	fails_with(EINVAL, c.flags = 1U << 31, "an unknown flag");
	fails_with(EINVAL, c.cache = 1, "cache without a reserved range");
	fails_with(EINVAL, c.phys_addr = PAGE, "phys_addr without one");
	fails_with(EINVAL, (c.backing = MAPBUF_BACKING_RESERVED, c.cache = 3),
		   "an unknown cache");
	fails_with(EINVAL,
		   (c.backing = MAPBUF_BACKING_RESERVED, c.phys_addr = 1),
		   "a range that begins inside a page");
	fails_with(EINVAL,
		   (c.backing = MAPBUF_BACKING_RESERVED, c.bytes = PAGE + 1,
		    c.phys_addr = 1UL << 40), "a range that ends inside a page");
	if (system_ram())
		fails_with(EINVAL,
			   (c.backing = MAPBUF_BACKING_RESERVED,
			    c.phys_addr = system_ram()), "a range of System RAM");
	else
		t_skip("the kernel does not tell it", "a range of System RAM");
	fails_with(EINVAL, c.numa_node = 1, "numa_node without its flag");
	fails_with(EINVAL, c.uid = 1, "uid without its flag");
	fails_with(EINVAL, c.gid = 1, "gid without its flag");
	fails_with(EINVAL, c.mode = 0600, "mode without its flag");
	fails_with(EINVAL, c.bytes = 0, "size 0");
	fails_with(EINVAL, c.bytes = 1ULL << 63, "size 2^63");
	fails_with(EINVAL, c.bytes = ~0ULL, "size 2^64 - 1");
	fails_with(EINVAL, c.backing = 99, "an unknown backing");
	fails_with(EINVAL, c.dma_bits = 11, "dma_bits 11");
	fails_with(EINVAL, c.dma_bits = 65, "dma_bits 65");
	fails_with(EINVAL,
		   (c.flags = MAPBUF_CREATE_NUMA_NODE, c.numa_node = 1023),
		   "a node without memory");
	fails_with(EINVAL,
		   (c.flags = MAPBUF_CREATE_NUMA_NODE, c.numa_node = -1),
		   "node -1");
	fails_with(EINVAL,
		   (c.flags = MAPBUF_CREATE_NUMA_NODE, c.numa_node = 1 << 30),
		   "node 2^30");
	fails_with(EINVAL, (c.flags = MAPBUF_CREATE_MODE, c.mode = 0777),
		   "an executable mode");
	fails_with(EINVAL, (c.flags = MAPBUF_CREATE_MODE, c.mode = 010666),
		   "a mode with more than permissions");
	fails_with(EINVAL, (c.flags = MAPBUF_CREATE_UID, c.uid = -1),
		   "uid -1");
	fails_with(EINVAL, (c.flags = MAPBUF_CREATE_GID, c.gid = -1),
		   "gid -1");
	fails_with(ENOSPC, c.bytes = 1ULL << 50, "more than max_bytes");
}

static void create_names(void)
{
	static const char *const bad[] = {
		"", ".a", "-a", "a/b", "a b", "a\n", "\xe4", "a:b", "..", "@",
	};
	static const char *const good[] = {
		"a", "A.b-c_9", "_", "0", "0123456789012345678901234567890",
	};
	struct mapbuf_create c;
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		c = request(bad[i]);
		t_fails(ioctl(b_control(), MAPBUF_IOC_CREATE, &c), EINVAL,
			"create: bad name %zu is EINVAL", i);
	}
	c = request("a");
	memset(c.name, 'x', sizeof(c.name));
	t_fails(ioctl(b_control(), MAPBUF_IOC_CREATE, &c), EINVAL,
		"create: a name without an end is EINVAL");
	c = request("a");
	c.name[20] = 'x';
	t_fails(ioctl(b_control(), MAPBUF_IOC_CREATE, &c), EINVAL,
		"create: junk behind the name is EINVAL");

	for (i = 0; i < ARRAY_LEN(good); i++) {
		t_ok(!b_try_create(good[i], 1, 0) && b_id(good[i]) >= 0,
		     "create: name \"%s\"", good[i]);
		t_ok(b_try_create(good[i], 1, 0) == -EEXIST,
		     "create: \"%s\" again is EEXIST", good[i]);
		t_ok(!b_destroy(good[i], 0) && b_id(good[i]) < 0,
		     "destroy: name \"%s\"", good[i]);
		t_ok(b_destroy(good[i], 0) == -ENOENT,
		     "destroy: \"%s\" again is ENOENT", good[i]);
	}
}

static void create_output(void)
{
	struct mapbuf_create c = request("out");
	struct mapbuf_info info = { .size = sizeof(info) };
	int fd;

	c.bytes = 3 * PAGE + 1;
	c.backing = MAPBUF_BACKING_DEFAULT;
	c.dma_bits = 40;
	t_ok(!ioctl(b_control(), MAPBUF_IOC_CREATE, &c), "create: works");
	t_ok(c.bytes == 4 * PAGE, "create: tells the rounded size");
	t_ok(c.backing == MAPBUF_BACKING_VMALLOC, "create: tells the backing");
	t_ok((int)c.id == b_id("out"), "create: tells the id");

	fd = b_open("out", O_RDONLY);
	t_ok(!ioctl(fd, MAPBUF_IOC_INFO, &info) && info.bytes == 4 * PAGE &&
	     !strcmp(info.name, "out") && info.id == c.id &&
	     info.backing == MAPBUF_BACKING_VMALLOC && info.numa_node == -1 &&
	     info.dma_bits == 40, "info: tells all of it");
	info.flags = 1;
	t_fails(ioctl(fd, MAPBUF_IOC_INFO, &info), EINVAL,
		"info: an unknown flag is EINVAL");
	info.flags = 0;
	info.size = sizeof(info) - 1;
	t_fails(ioctl(fd, MAPBUF_IOC_INFO, &info), EINVAL,
		"info: short is EINVAL");
	t_fails(ioctl(fd, MAPBUF_IOC_INFO, NULL), EFAULT,
		"info: NULL is EFAULT");
	t_fails(ioctl(fd, MAPBUF_IOC_CREATE, &c), ENOTTY,
		"create on a buffer node is ENOTTY");
	close(fd);
	b_destroy("out", 0);
	t_fails(ioctl(b_control(), MAPBUF_IOC_INFO, &info), ENOTTY,
		"info on the control node is ENOTTY");
	t_fails(ioctl(b_control(), _IO(MAPBUF_IOC_TYPE, 0x7f), &c), ENOTTY,
		"an unknown request is ENOTTY");
}

static void sizes(void)
{
	struct {
		struct mapbuf_create c;
		char tail[64];
	} longer = { .c = request("longer") };
	struct mapbuf_create c = request("short");
	char *edge = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	c.size = offsetof(struct mapbuf_create, device) - 1;
	t_fails(ioctl(b_control(), MAPBUF_IOC_CREATE, &c), EINVAL,
		"size: a byte short is EINVAL");
	c.size = offsetof(struct mapbuf_create, device);
	t_ok(!ioctl(b_control(), MAPBUF_IOC_CREATE, &c) && !b_destroy("short", 0),
	     "size: as first published works");
	c.size = 0;
	t_fails(ioctl(b_control(), MAPBUF_IOC_CREATE, &c), EINVAL,
		"size: 0 is EINVAL");
	c.size = ~0U;
	t_fails(ioctl(b_control(), MAPBUF_IOC_CREATE, &c), E2BIG,
		"size: 2^32 - 1 with something behind it is E2BIG");

	longer.c.size = sizeof(longer);
	t_ok(!ioctl(b_control(), MAPBUF_IOC_CREATE, &longer) &&
	     !b_destroy("longer", 0), "size: longer with zeroes works");
	longer.c.bytes = PAGE;
	longer.tail[63] = 1;
	t_fails(ioctl(b_control(), MAPBUF_IOC_CREATE, &longer), E2BIG,
		"size: longer with junk is E2BIG");

	t_fails(ioctl(b_control(), MAPBUF_IOC_CREATE, NULL), EFAULT,
		"pointer: NULL is EFAULT");
	t_fails(ioctl(b_control(), MAPBUF_IOC_CREATE, (void *)-8L), EFAULT,
		"pointer: a kernel address is EFAULT");
	munmap(edge + PAGE, PAGE);
	c.size = sizeof(c);
	memcpy(edge + PAGE - 40, &c, 40);
	t_fails(ioctl(b_control(), MAPBUF_IOC_CREATE, edge + PAGE - 40), EFAULT,
		"pointer: a structure cut off is EFAULT");
	memcpy(edge, &c, sizeof(c));
	mprotect(edge, PAGE, PROT_READ);
	t_fails(ioctl(b_control(), MAPBUF_IOC_CREATE, edge), EFAULT,
		"pointer: a read-only structure is EFAULT");
	t_ok(b_id("short") < 0, "pointer: nothing was created");
	t_ok(!b_try_create("short", 1, 0) && !b_destroy("short", 0),
	     "a name is free after a failed create");
}

/* What comes before the page that cannot be written stays as it was, too. */
static void half_read_only(void)
{
	char *edge = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct mapbuf_create c = request("half");
	struct mapbuf_info info = { .size = sizeof(info), .bytes = 1 };
	char *at = edge + PAGE - 24;
	int fd;

	c.bytes = 1;
	memcpy(at, &c, sizeof(c));
	mprotect(edge + PAGE, PAGE, PROT_READ);
	t_fails(ioctl(b_control(), MAPBUF_IOC_CREATE, at), EFAULT,
		"create: a structure that is half read-only is EFAULT");
	t_ok(!memcmp(at, &c, sizeof(c)) && b_id("half") < 0,
	     "create: nothing is written, nothing created");

	b_create("half", PAGE, 0);
	fd = b_open("half", O_RDWR);
	mprotect(edge + PAGE, PAGE, PROT_READ | PROT_WRITE);
	memcpy(at, &info, sizeof(info));
	mprotect(edge + PAGE, PAGE, PROT_READ);
	t_fails(ioctl(fd, MAPBUF_IOC_INFO, at), EFAULT,
		"info: a structure that is half read-only is EFAULT");
	t_ok(!memcmp(at, &info, sizeof(info)), "info: nothing is written");
	close(fd);
	b_destroy("half", 0);
	munmap(edge, 2 * PAGE);
}

static void destroy_members(void)
{
	struct mapbuf_destroy d = { .size = sizeof(d), .name = "x" };

	d.flags = 1U << 30;
	t_fails(ioctl(b_control(), MAPBUF_IOC_DESTROY, &d), EINVAL,
		"destroy: an unknown flag is EINVAL");
	d.flags = 0;
	d.name[0] = '/';
	t_fails(ioctl(b_control(), MAPBUF_IOC_DESTROY, &d), EINVAL,
		"destroy: a bad name is EINVAL");
	d.name[0] = 'x';
	t_fails(ioctl(b_control(), MAPBUF_IOC_DESTROY, &d), ENOENT,
		"destroy: an absent name is ENOENT");
	d.size--;
	t_fails(ioctl(b_control(), MAPBUF_IOC_DESTROY, &d), EINVAL,
		"destroy: short is EINVAL");
	t_fails(ioctl(b_control(), MAPBUF_IOC_DESTROY, NULL), EFAULT,
		"destroy: NULL is EFAULT");
}

int main(void)
{
	create_members();
	create_names();
	create_output();
	sizes();
	half_read_only();
	destroy_members();
	return t_done();
}
