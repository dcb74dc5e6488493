/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Buffers that belong to a device, and what synchronizes them.
 */
#ifndef MAPBUF_DEVICE_H
#define MAPBUF_DEVICE_H

#include <linux/dma-direction.h>
#include <linux/types.h>

struct device;
struct mapbuf_buffer;
struct mapbuf_spec;
struct notifier_block;

/* device_bus.c */
struct device *mapbuf_device_find(const char *name);
bool mapbuf_device_is_on_bus(const struct device *dev);
bool mapbuf_device_is_managed(struct device *dev);
int mapbuf_device_set_up_dma(struct device *dev, u32 asked_bits);
int mapbuf_device_watch(struct notifier_block *platform,
			struct notifier_block *pci);
void mapbuf_device_unwatch(struct notifier_block *platform,
			   struct notifier_block *pci);

/* device.c */
int mapbuf_device_choose(struct mapbuf_spec *spec);
int mapbuf_device_attach(struct mapbuf_buffer *buf);
void mapbuf_device_detach(struct mapbuf_buffer *buf);
void mapbuf_device_link(struct mapbuf_buffer *buf);
void mapbuf_device_unlink(struct mapbuf_buffer *buf);
void mapbuf_device_event(const struct device *dev, unsigned long event);
int mapbuf_device_address(struct mapbuf_buffer *buf, u64 offset, u64 *address,
			  u64 *bytes);

/* dmasync.c */
int mapbuf_dma_sync(struct mapbuf_buffer *buf, size_t begin, size_t end,
		    enum dma_data_direction direction, bool for_cpu);

#endif /* MAPBUF_DEVICE_H */
