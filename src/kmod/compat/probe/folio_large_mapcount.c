// SPDX-License-Identifier: GPL-2.0-only
/* 6.10, commit 05c5323b2a34: the mappings of a large folio are one number. */
#include <linux/mm.h>

int mapbuf_probe(const struct folio *folio)
{
	return folio_large_mapcount(folio);
}
