// SPDX-License-Identifier: GPL-2.0-only
/* After 5.10: exported to modules.
 * symbol: pfn_to_online_page
 */
#include <linux/memory_hotplug.h>

struct page *mapbuf_probe(unsigned long pfn)
{
	return pfn_to_online_page(pfn);
}
