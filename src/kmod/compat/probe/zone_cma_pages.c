// SPDX-License-Identifier: GPL-2.0-only
/* 5.12, commit 3c381db1fac8: the pages of CMA areas in a zone are counted. */
#include <linux/mmzone.h>

unsigned long mapbuf_probe(struct zone *zone)
{
	return zone_cma_pages(zone);
}
