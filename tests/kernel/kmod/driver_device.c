// SPDX-License-Identifier: GPL-2.0-only
/* The devices of driver.h, and what they do with memory. */
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/io.h>
#include <linux/platform_device.h>

#include "driver.h"
#include "driver_device.h"
#include "mix.h"

/* What imports; it does nothing by itself. */
static struct platform_device *device;

struct device *driver_device(void)
{
	return &device->dev;
}

void driver_fill(void *where, size_t bytes, u64 seed)
{
	u64 *at = where;
	size_t i;

	for (i = 0; i < bytes / sizeof(*at); i++)
		at[i] = mix(seed + i);
}

int driver_check(const void *where, size_t bytes, u64 seed)
{
	const u64 *at = where;
	size_t i;

	for (i = 0; i < bytes / sizeof(*at); i++) {
		if (at[i] != mix(seed + i))
			return -EBADMSG;
	}
	return 0;
}

/* As a bus would do for the device, where it sees physical memory. */
int driver_use_address(u64 address, u64 bytes, u64 seed, bool writes)
{
	void *memory = phys_to_virt(address);

	if (writes)
		driver_fill(memory, bytes, seed);
	return driver_check(memory, bytes, seed);
}

/* Under the lock of the client: only one has it at a time. */
int driver_region(const struct driver_call *call)
{
	static struct platform_device *region;
	struct resource memory = {
		.start = call->address,
		.end = call->address + call->bytes - 1,
		.flags = IORESOURCE_MEM,
	};

	platform_device_unregister(region);
	region = NULL;
	if (!call->bytes)
		return 0;
	region = platform_device_register_simple("mapbuf-region", -1, &memory, 1);
	if (!IS_ERR(region))
		return 0;
	region = NULL;
	return -EBUSY;
}

/* Of no device, until one is told to have it (driver_override). */
static int probe(struct platform_device *which)
{
	return 0;
}

static struct platform_driver owner = {
	.probe = probe,
	.driver.name = "mapbuf-owner",
};

int driver_device_add(void)
{
	int err;

	err = platform_driver_register(&owner);
	if (err)
		return err;
	device = platform_device_register_simple("mapbuf-driver", -1, NULL, 0);
	err = PTR_ERR_OR_ZERO(device);
	if (err)
		goto err_driver;
	err = dma_set_mask_and_coherent(&device->dev, DMA_BIT_MASK(64));
	if (err)
		goto err_device;
	return 0;

err_device:
	platform_device_unregister(device);
err_driver:
	platform_driver_unregister(&owner);
	return err;
}

void driver_device_remove(void)
{
	platform_device_unregister(device);
	platform_driver_unregister(&owner);
}
