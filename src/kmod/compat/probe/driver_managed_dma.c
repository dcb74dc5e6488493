// SPDX-License-Identifier: GPL-2.0-only
/* 5.19, commit 512881eacfa7: drivers say that they manage DMA themselves. */
#include <linux/platform_device.h>

bool mapbuf_probe(struct platform_driver *driver)
{
	return driver->driver_managed_dma;
}
