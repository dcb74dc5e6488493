// SPDX-License-Identifier: GPL-2.0-only
/* 6.12, commit e98337d11bbd: alloc_contig_range honours __GFP_COMP; the same
 * series added folio_alloc_gigantic, which can be seen.
 */
#include <linux/gfp.h>

#ifndef folio_alloc_gigantic
#error "alloc_contig_range ignores __GFP_COMP"
#endif
