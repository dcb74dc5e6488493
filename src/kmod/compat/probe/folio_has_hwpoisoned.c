// SPDX-License-Identifier: GPL-2.0-only
/* 5.16: the kernel maps no folio in one piece that is flagged so. */
#include <linux/mm.h>

void mapbuf_probe(struct folio *folio)
{
	folio_set_has_hwpoisoned(folio);
}
