// SPDX-License-Identifier: GPL-2.0-only
/* 5.16: struct folio. */
#include <linux/mm.h>

bool mapbuf_probe(struct page *page)
{
	return folio_test_lru(page_folio(page));
}
