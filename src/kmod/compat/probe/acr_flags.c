// SPDX-License-Identifier: GPL-2.0-only
/* 6.19: alloc_contig_range takes acr_flags_t instead of a migrate type. */
#include <linux/gfp.h>

int mapbuf_probe(void)
{
	return alloc_contig_range(0, 1, ACR_FLAGS_NONE, GFP_KERNEL);
}
