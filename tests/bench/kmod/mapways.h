/* SPDX-License-Identifier: GPL-2.0-only */
/* How the program asks the module for memory. */
#ifndef MAPWAYS_H
#define MAPWAYS_H

#include <linux/ioctl.h>
#include <linux/types.h>

enum mapways_memory {
	MAPWAYS_KMALLOC,	/* in pieces of 4 MiB, the most there is */
	MAPWAYS_ALLOC_PAGES,	/* the same */
	MAPWAYS_PAGES_EXACT,	/* the same */
	MAPWAYS_SINGLE_PAGES,	/* and a list of them */
	MAPWAYS_VMALLOC,
	MAPWAYS_PHYS,		/* a range that exists already */
	MAPWAYS_MEMORIES
};

enum mapways_mapping {
	MAPWAYS_REMAP_PFN,	/* remap_pfn_range() */
	MAPWAYS_INSERT_PAGE,	/* vm_insert_page(), page by page */
	MAPWAYS_INSERT_PAGES,	/* vm_insert_pages() */
	MAPWAYS_REMAP_VMALLOC,	/* remap_vmalloc_range() */
	MAPWAYS_FAULT,		/* a fault handler that returns a page */
	MAPWAYS_MAPPINGS
};

struct mapways_request {
	__u32 memory;
	__u32 mapping;
	__aligned_u64 bytes;
	__aligned_u64 phys;	/* with MAPWAYS_PHYS */
};

/* Once for each open file, whose mmap() then maps just that. */
#define MAPWAYS_GET _IO(0xBF, 0)

#endif
