// SPDX-License-Identifier: GPL-2.0-only
/*
 * A 32-bit program on a 64-bit kernel.  Without a C library, which need not be
 * there for 32 bits: all system calls by number, through the old gate.
 */
#include "layout.h"

#include <asm/unistd_32.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

_Static_assert(sizeof(void *) == 4, "to be built with -m32");

#define PAGE 4096UL
#define BYTES (5UL << 20)

static int failures;

/* The result of the system call, as the kernel returns it. */
long call(long number, long a, long b, long c, long d, long e, long f);
asm("call:\n\t"
	"pushl %ebp\n\t"
	"pushl %ebx\n\t"
	"pushl %esi\n\t"
	"pushl %edi\n\t"
	"movl 20(%esp), %eax\n\t"
	"movl 24(%esp), %ebx\n\t"
	"movl 28(%esp), %ecx\n\t"
	"movl 32(%esp), %edx\n\t"
	"movl 36(%esp), %esi\n\t"
	"movl 40(%esp), %edi\n\t"
	"movl 44(%esp), %ebp\n\t"
	"int $0x80\n\t"
	"popl %edi\n\t"
	"popl %esi\n\t"
	"popl %ebx\n\t"
	"popl %ebp\n\t"
	"ret");

static long call3(long number, long a, long b, long c)
{
	return call(number, a, b, c, 0, 0, 0);
}

/* The compiler may ask for these. */
void *memset(void *at, int value, size_t n)
{
	volatile char *p = at;

	while (n--)
		*p++ = value;
	return at;
}

void *memcpy(void *to, const void *from, size_t n)
{
	volatile char *p = to;
	const char *q = from;

	while (n--)
		*p++ = *q++;
	return to;
}

static void say(const char *text)
{
	size_t n = 0;

	while (text[n])
		n++;
	call3(__NR_write, 1, (long)text, n);
}

static void check(int ok, const char *what)
{
	if (!ok)
		failures++;
	say(ok ? "ok - 32 bits: " : "not ok - 32 bits: ");
	say(what);
	say("\n");
}

static int same_name(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

static long control;

static struct mapbuf_create request(void)
{
	return (struct mapbuf_create) {
		.size = sizeof(struct mapbuf_create),
		.bytes = BYTES - 1,
		.backing = MAPBUF_BACKING_VMALLOC,
		.dma_bits = 52,
		.name = "compat",
	};
}

static long create(struct mapbuf_create *c)
{
	return call3(__NR_ioctl, control, MAPBUF_IOC_CREATE, (long)c);
}

static long open_node(unsigned int id)
{
	char path[] = "/dev/mapbuf00";
	char *digit = path + sizeof(path) - 3;

	/* There are no others. */
	if (id > 99)
		return -EINVAL;
	if (id > 9)
		*digit++ += id / 10;
	digit[0] = '0' + id % 10;
	digit[1] = '\0';
	return call3(__NR_open, (long)path, O_RDWR, 0);
}

/* Leaves the buffer behind. */
static unsigned int contract(void)
{
	struct mapbuf_create c = request();
	struct mapbuf_info info = { .size = sizeof(info) };
	struct {
		struct mapbuf_create c;
		char tail[8];
	} longer = { .c = request() };
	long node;

	c.size = offsetof(struct mapbuf_create, device) - 1;
	check(create(&c) == -EINVAL, "a short structure is EINVAL");
	longer.c.size = sizeof(longer);
	longer.tail[7] = 1;
	check(create(&longer.c) == -E2BIG, "a longer one with junk is E2BIG");
	check(create((void *)0) == -EFAULT, "NULL is EFAULT");
	check(create((void *)-8) == -EFAULT, "the end of memory is EFAULT");
	c = request();
	c.bytes = (1ULL << 50) + PAGE;
	check(create(&c) == -ENOSPC, "all 64 bits of a size count");
	c = request();
	c.backing = MAPBUF_BACKING_RESERVED;
	c.bytes = PAGE;
	c.phys_addr = (1ULL << 32) + 1;
	check(create(&c) == -EINVAL, "and of an address");

	c = request();
	check(create(&c) == 0 && c.bytes == BYTES &&
	      c.backing == MAPBUF_BACKING_VMALLOC, "create");
	check(create(&c) == -EEXIST, "again is EEXIST");
	node = open_node(c.id);
	check(call3(__NR_ioctl, node, MAPBUF_IOC_INFO, (long)&info) == 0 &&
	      info.bytes == BYTES && same_name(info.name, "compat") &&
	      info.backing == MAPBUF_BACKING_VMALLOC && info.id == c.id &&
	      info.numa_node == -1 && info.dma_bits == 52, "info");
	check(call3(__NR_ioctl, node, MAPBUF_IOC_CREATE, (long)&c) == -ENOTTY,
	      "create on a node is ENOTTY");
	call3(__NR_close, node, 0, 0);
	return c.id;
}

/* Each page its number, as the mapping and as the file have it. */
static int numbered(long node, const char *map, unsigned long offset,
		    unsigned long bytes)
{
	unsigned long i, number;

	for (i = 0; i < bytes; i += PAGE) {
		if (*(const unsigned long *)(map + i) != offset + i ||
		    call(__NR_pread64, node, (long)&number, sizeof(number),
			 offset + i, 0, 0) != sizeof(number) ||
		    number != offset + i)
			return 0;
	}
	return 1;
}

static long map_node(long node, unsigned long bytes, unsigned long offset)
{
	return call(__NR_mmap2, 0, bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
		    node, offset / PAGE);
}

static int mapped(long address)
{
	return address >= 0 || address < -4095;
}

static void mapping(unsigned int id)
{
	long node = open_node(id), address, part;
	unsigned long i;

	address = map_node(node, BYTES, 0);
	check(mapped(address), "mmap");
	if (!mapped(address))
		return;
	for (i = 0; i < BYTES; i += PAGE)
		*(unsigned long *)(address + i) = i;
	check(numbered(node, (char *)address, 0, BYTES), "data");
	part = map_node(node, 3UL << 20, BYTES - (3UL << 20));
	check(mapped(part) && numbered(node, (char *)part,
				       BYTES - (3UL << 20), 3UL << 20),
	      "mmap of a part");
	check(map_node(node, 2 * PAGE, BYTES - PAGE) == -ENXIO,
	      "mmap beyond the end is ENXIO");
	/* mmap2 counts pages, so it can ask for more than 4 GiB. */
	check(call(__NR_mmap2, 0, PAGE, PROT_READ, MAP_SHARED, node,
		   1UL << 20) == -ENXIO, "mmap at 4 GiB is ENXIO");
	call3(__NR_munmap, part, 3UL << 20, 0);
	call3(__NR_munmap, address, BYTES, 0);
	call3(__NR_close, node, 0, 0);
}

static void destroying(unsigned int id)
{
	struct mapbuf_destroy d = { .size = sizeof(d), .name = "compat" };
	long node = open_node(id);

	check(call3(__NR_ioctl, control, MAPBUF_IOC_DESTROY, (long)&d) ==
	      -EBUSY, "destroy while open is EBUSY");
	call3(__NR_close, node, 0, 0);
	check(call3(__NR_ioctl, control, MAPBUF_IOC_DESTROY, (long)&d) == 0,
	      "destroy");
	check(call3(__NR_ioctl, control, MAPBUF_IOC_DESTROY, (long)&d) ==
	      -ENOENT, "destroy again is ENOENT");
}

static int run(void)
{
	unsigned int id;

	control = call3(__NR_open, (long)"/dev/mapbuf-control", O_RDWR, 0);
	check(control >= 0, "open the control node");
	id = contract();
	mapping(id);
	destroying(id);
	return failures ? 1 : 0;
}

/* Aligned as the compiler expects. */
__attribute__((force_align_arg_pointer, used)) void _start(void)
{
	call3(__NR_exit_group, run(), 0, 0);
}
