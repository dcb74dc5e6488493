// SPDX-License-Identifier: GPL-2.0-only
/*
 * Until 6.1: inline functions set all that makes pages a compound page, as
 * prep_compound_page() does, which is not exported.  6.2, commit cb67f4282bf9,
 * added a count.
 */
#include <linux/mm.h>
#include <linux/poison.h>

void subpages_mapcount_ptr(void);

void mapbuf_probe(struct page *head)
{
	__set_bit(PG_head, &head->flags);
	head[1].mapping = TAIL_MAPPING;
	set_compound_head(head + 1, head);
	set_compound_page_dtor(head, COMPOUND_PAGE_DTOR);
	set_compound_order(head, 1);
	atomic_set(compound_mapcount_ptr(head), -1);
	atomic_set(compound_pincount_ptr(head), 0);
	page_ref_unfreeze(head, page_ref_freeze(head, 1));
}
