// SPDX-License-Identifier: GPL-2.0-only
/* 7.0: compound pages come from the frozen variant only.
 * symbol: alloc_contig_frozen_range_noprof
 */
#include <linux/gfp.h>

int mapbuf_probe(void)
{
	return alloc_contig_frozen_range(0, 512, ACR_FLAGS_NONE,
					 GFP_KERNEL | __GFP_COMP);
}
