// SPDX-License-Identifier: GPL-2.0-only
/* 6.16: a module can map a folio in one piece.
 * symbol: vmf_insert_folio_pmd
 */
#include <linux/mm.h>

vm_fault_t mapbuf_probe(struct vm_fault *vmf, struct folio *folio)
{
	return vmf_insert_folio_pmd(vmf, folio, false);
}
