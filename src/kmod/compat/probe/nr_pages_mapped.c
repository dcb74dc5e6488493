// SPDX-License-Identifier: GPL-2.0-only
/*
 * 6.3, commit 0d8a9138: mapping a compound page whole is not counted in each of
 * its pages any more.
 */
#include <linux/mm.h>

int mapbuf_probe(struct folio *folio)
{
	return atomic_read(&folio->_nr_pages_mapped);
}
