// SPDX-License-Identifier: GPL-2.0-only
/* 6.15: a module can map a page without making the area VM_MIXEDMAP.
 * symbol: vmf_insert_page_mkwrite
 */
#include <linux/mm.h>

vm_fault_t mapbuf_probe(struct vm_fault *vmf, struct page *page)
{
	return vmf_insert_page_mkwrite(vmf, page, false);
}
