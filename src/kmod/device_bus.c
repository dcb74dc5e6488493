// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices, their buses and their drivers: what buffers that belong to them (device.c)
 * must know.
 */
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/notifier.h>
#include <linux/of_device.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/string.h>

#include "device.h"
#include "mapbuf.h"

static struct device *find_on_bus(const char *bus, size_t n, const char *name)
{
#ifdef CONFIG_PCI
	if (n == 3 && !strncmp(bus, "pci", n))
		return bus_find_device_by_name(&pci_bus_type, NULL, name);
#endif
	if (n == 8 && !strncmp(bus, "platform", n))
		return bus_find_device_by_name(&platform_bus_type, NULL, name);
	return ERR_PTR(-EOPNOTSUPP);
}

/**
 * mapbuf_device_find() - find a device
 * @name: BUS/NAME, MAPBUF_DEVICE_SIZE bytes, 0 to the end
 *
 * Return: the device, to be given back with put_device(); -EINVAL if that is not a
 * name; -EOPNOTSUPP for a bus that is not known here; or -ENODEV.
 */
struct device *mapbuf_device_find(const char *name)
{
	size_t len = strnlen(name, MAPBUF_DEVICE_SIZE);
	const char *slash = strnchr(name, len, '/');
	struct device *dev;

	if (len == MAPBUF_DEVICE_SIZE || !slash || slash == name || !slash[1] ||
	    memchr_inv(name + len, 0, MAPBUF_DEVICE_SIZE - len))
		return ERR_PTR(-EINVAL);
	dev = find_on_bus(name, slash - name, slash + 1);
	return dev ?: ERR_PTR(-ENODEV);
}

/**
 * mapbuf_device_is_on_bus() - whether a device is, or still is, on its bus
 * @dev: the device
 *
 * Return: false also if the bus is one that is not known here.
 */
bool mapbuf_device_is_on_bus(const struct device *dev)
{
	struct device *found = ERR_PTR(-EOPNOTSUPP);

	if (dev->bus)
		found = find_on_bus(dev->bus->name, strlen(dev->bus->name),
				    dev_name(dev));
	if (IS_ERR_OR_NULL(found))
		return false;
	put_device(found);
	return found == dev;
}

/**
 * mapbuf_device_is_managed() - whether its driver has the IOMMU for itself
 * @dev: the device, which has a driver; its lock held
 *
 * Drivers for processes (VFIO) have the IOMMU say what these want, and nothing of
 * ours.
 *
 * Return: true if so.
 */
bool mapbuf_device_is_managed(struct device *dev)
{
#ifdef MAPBUF_HAVE_DRIVER_MANAGED_DMA
#ifdef CONFIG_PCI
	if (dev_is_pci(dev))
		return to_pci_driver(dev->driver)->driver_managed_dma;
#endif
	return dev->bus == &platform_bus_type &&
	       to_platform_driver(dev->driver)->driver_managed_dma;
#else
	return !strncmp(dev->driver->name, "vfio", 4);
#endif
}

/* The node of the device tree that says how a device reaches memory, or NULL. */
static struct device_node *dma_node(struct device *dev)
{
#ifdef CONFIG_PCI
	struct pci_bus *bus;

	if (dev_is_pci(dev)) {
		bus = to_pci_dev(dev)->bus;
		while (bus->parent)
			bus = bus->parent;
		return bus->bridge->parent ? bus->bridge->parent->of_node :
					     NULL;
	}
#endif
	return dev->of_node;
}

/**
 * mapbuf_device_set_up_dma() - do what a bus does before the driver of a device has it
 * @dev: the device, which has none; its lock held
 * @asked_bits: its DMA mask, as many bits; 0: as it is
 *
 * Return: 0, -EOPNOTSUPP if it is not known how, or an error of what does that.
 */
int mapbuf_device_set_up_dma(struct device *dev, u32 asked_bits)
{
	struct device_node *node = dma_node(dev);
	int err = 0;

	if (node && !dev->dma_range_map)
		err = of_dma_configure_id(dev, node, true, NULL);
	else if (!node && !IS_ENABLED(CONFIG_X86))
		err = -EOPNOTSUPP;
	if (!err && asked_bits)
		err = dma_set_mask_and_coherent(dev, DMA_BIT_MASK(asked_bits));
	return err;
}

/**
 * mapbuf_device_watch() - hear of devices of the buses that are known here
 * @platform: for one of them
 * @pci: for the other, as a notifier can be in one list only
 *
 * Return: 0, or an error of bus_register_notifier().
 */
int mapbuf_device_watch(struct notifier_block *platform,
			struct notifier_block *pci)
{
	int err = bus_register_notifier(&platform_bus_type, platform);

	if (err || !IS_ENABLED(CONFIG_PCI))
		return err;
	err = bus_register_notifier(&pci_bus_type, pci);
	if (err)
		bus_unregister_notifier(&platform_bus_type, platform);
	return err;
}

/**
 * mapbuf_device_unwatch() - undo mapbuf_device_watch()
 * @platform: as there
 * @pci: as there
 */
void mapbuf_device_unwatch(struct notifier_block *platform,
			   struct notifier_block *pci)
{
	if (IS_ENABLED(CONFIG_PCI))
		bus_unregister_notifier(&pci_bus_type, pci);
	bus_unregister_notifier(&platform_bus_type, platform);
}
