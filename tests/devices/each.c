// SPDX-License-Identifier: GPL-2.0-only
#include "each.h"

#define HOLE 0x30000000UL	/* memmap=64M$0x30000000 */

const struct store all_stores[] = {
	{ "vmalloc", MAPBUF_BACKING_VMALLOC },
	{ "contiguous", MAPBUF_BACKING_CONTIGUOUS },
	{ "reserved", MAPBUF_BACKING_RESERVED },
	{ NULL, 0 },
};

void create_in(const struct store *store, const char *name, uint64_t bytes)
{
	struct mapbuf_create request = {
		.size = sizeof(request), .bytes = bytes, .backing = store->id,
		.phys_addr = store->id == MAPBUF_BACKING_RESERVED ? HOLE : 0,
	};

	strncpy(request.name, name, sizeof(request.name) - 1);
	if (ioctl(b_control(), MAPBUF_IOC_CREATE, &request))
		t_bail("%s: create %s", store->name, name);
}

int exports(const char *name)
{
	char *count = b_sysfs(name, "exports");

	return count ? atoi(count) : -1;
}

void in_each(const struct store *of, const char *name, uint64_t bytes,
	     void (*run)(const struct store *store))
{
	const struct store *s;

	for (s = of; s->name; s++) {
		long before = mem_free();

		create_in(s, name, bytes);
		run(s);
		t_ok(!b_destroy(name, 0), "%s: nothing is left behind",
		     s->name);
		t_ok(before - mem_free() < (long)(bytes / KIB) / 2,
		     "%s: no memory is lost", s->name);
	}
}
