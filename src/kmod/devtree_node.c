// SPDX-License-Identifier: GPL-2.0-only
/*
 * What nodes of the device tree say of their buffers.
 */
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/of.h>
#include <linux/of_platform.h>
#include <linux/of_reserved_mem.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/string.h>

#include "backing.h"
#include "devtree.h"
#include "mapbuf.h"

static const struct mapbuf_backing_ops *find_backing(const char *name)
{
	int i;

	for (i = 0; mapbuf_backings[i]; i++) {
		if (!strcmp(mapbuf_backings[i]->name, name))
			return mapbuf_backings[i];
	}
	return NULL;
}

static int read_name(struct device_node *node, char *name)
{
	const char *label;
	int n;

	if (of_property_read_string(node, "label", &label))
		n = snprintf(name, MAPBUF_NAME_SIZE, "%pOFn", node);
	else
		n = snprintf(name, MAPBUF_NAME_SIZE, "%s", label);
	if (n < MAPBUF_NAME_SIZE && mapbuf_name_valid(name))
		return 0;
	node_err(node, "its label, or its own name without one, is no name of a buffer: 1 to 31 of A-Z a-z 0-9 _ . -");
	return -EINVAL;
}

/* Sets @bytes to 0 if it is not said. */
static int read_size(struct device_node *node, u64 *bytes)
{
	u32 cell = 0;
	int length;

	*bytes = 0;
	if (!of_find_property(node, "size", &length))
		return 0;
	if (length == sizeof(u64)) {
		of_property_read_u64(node, "size", bytes);
	} else if (length == sizeof(u32)) {
		of_property_read_u32(node, "size", &cell);
		*bytes = cell;
	} else {
		node_err(node, "size has %d bytes, not one cell or two", length);
		return -EINVAL;
	}
	if (*bytes)
		return 0;
	node_err(node, "size is 0");
	return -EINVAL;
}

/* What a region of reserved memory says of the buffer that is to be in it. */
static int use_region(struct device_node *node, struct device_node *region,
		      struct mapbuf_spec *spec)
{
	const struct reserved_mem *reserved = of_reserved_mem_lookup(region);

	if (!reserved) {
		node_err(node, "nothing has been reserved for memory-region %pOF, see the kernel log",
			 region);
		return -EINVAL;
	}
	if (!spec->bytes)
		spec->bytes = reserved->size;
	if (spec->bytes > reserved->size) {
		node_err(node, "size is %llu, but memory-region %pOF has %llu bytes",
			 spec->bytes, region, (u64)reserved->size);
		return -EINVAL;
	}
	if (of_device_is_compatible(region, "shared-dma-pool")) {
		spec->ops = &mapbuf_backing_coherent;
		return 0;
	}
	if (!of_property_read_bool(region, "no-map")) {
		node_err(node, "memory-region %pOF is System RAM (make it no-map)",
			 region);
		return -EINVAL;
	}
	spec->ops = &mapbuf_backing_reserved;
	spec->phys_addr = reserved->base;
	return 0;
}

static int read_region(struct device_node *node, struct mapbuf_spec *spec)
{
	struct device_node *region;
	int err, length;

	if (!of_find_property(node, "memory-region", &length))
		return 0;
	region = of_parse_phandle(node, "memory-region", 0);
	if (!region || length != sizeof(u32)) {
		node_err(node, "memory-region is not one node of /reserved-memory");
		err = -EINVAL;
	} else {
		err = use_region(node, region, spec);
	}
	of_node_put(region);
	return err;
}

/**
 * mapbuf_devtree_has_pool() - whether a node has a pool that its buffer is to be from
 * @node: the node
 * @spec: what has been read of it
 *
 * Return: true if so.
 */
bool mapbuf_devtree_has_pool(struct device_node *node,
			     const struct mapbuf_spec *spec)
{
	return spec->ops == &mapbuf_backing_coherent &&
	       of_find_property(node, "memory-region", NULL);
}

static int read_backing(struct device_node *node, struct mapbuf_spec *spec)
{
	const struct mapbuf_backing_ops *asked;
	const char *name;

	if (of_property_read_string(node, "mapbuf,backing", &name)) {
		if (!spec->ops)
			spec->ops = mapbuf_backing_find(MAPBUF_BACKING_DEFAULT);
		return 0;
	}
	asked = find_backing(name);
	if (!asked) {
		node_err(node, "there is no mapbuf,backing \"%s\"", name);
		return -EINVAL;
	}
	if (!spec->ops && asked == &mapbuf_backing_reserved) {
		node_err(node, "mapbuf,backing \"%s\" without a memory-region",
			 name);
		return -EINVAL;
	}
	if (spec->ops && asked != spec->ops) {
		node_err(node, "mapbuf,backing is \"%s\", but that of its memory-region is \"%s\"",
			 name, spec->ops->name);
		return -EINVAL;
	}
	spec->ops = asked;
	return 0;
}

static int read_cache(struct device_node *node, struct mapbuf_spec *spec)
{
	const char *name;
	int cache;

	if (of_property_read_string(node, "mapbuf,cache", &name))
		return 0;
	cache = match_string(mapbuf_cache_names, MAPBUF_CACHES, name);
	if (cache < 0 || spec->ops != &mapbuf_backing_reserved) {
		node_err(node, "mapbuf,cache is \"%s\"; it is wb, wc or uc, of a memory-region with no-map",
			 name);
		return -EINVAL;
	}
	spec->cache = cache;
	return 0;
}

static struct device *device_of(struct device_node *node)
{
	struct platform_device *pdev = of_find_device_by_node(node);

	if (pdev)
		return &pdev->dev;
#ifdef CONFIG_PCI
	return bus_find_device_by_of_node(&pci_bus_type, node);
#else
	return NULL;
#endif
}

/*
 * The device of another node, or that of its own, but for a range that exists
 * already: few kernels can map one for a device.  With a reference.
 */
static int find_device(struct device *own, struct mapbuf_spec *spec)
{
	struct device_node *node = own->of_node, *other;
	int err = 0;

	if (!of_find_property(node, "mapbuf,device", NULL)) {
		if (spec->ops != &mapbuf_backing_reserved)
			spec->device = get_device(own);
		spec->device_is_locked = true;
		return 0;
	}
	if (mapbuf_devtree_has_pool(node, spec)) {
		node_err(node, "memory-region is a pool, for the device of the node itself: leave mapbuf,device out");
		return -EINVAL;
	}
	other = of_parse_phandle(node, "mapbuf,device", 0);
	if (!other || !of_device_is_available(other)) {
		node_err(node, "mapbuf,device is no node, or one that is disabled");
		of_node_put(other);
		return -EINVAL;
	}
	spec->device = device_of(other);
	if (!spec->device) {
		err = mapbuf_devtree_wait(own);
		/* One that has come meanwhile has not found us waiting. */
		spec->device = device_of(other);
	}
	of_node_put(other);
	return spec->device ? 0 : err ?: -EPROBE_DEFER;
}

static int read_bits(struct device *own, struct mapbuf_spec *spec)
{
	u32 bits = 0;
	int err = 0;

	if (of_property_read_u32(own->of_node, "mapbuf,dma-bits", &bits))
		return 0;
	spec->dma_bits = bits;
	if (bits < MAPBUF_MIN_DMA_BITS || bits > 64) {
		node_err(own->of_node, "mapbuf,dma-bits is %u, not from 12 to 64",
			 bits);
		return -EINVAL;
	}
	if (spec->device == own)
		err = dma_set_mask_and_coherent(own, DMA_BIT_MASK(bits));
	if (err)
		node_err(own->of_node, "mapbuf,dma-bits is %u, too few for a device of this machine",
			 bits);
	return err;
}

/**
 * mapbuf_devtree_read() - what a node says of its buffer
 * @own: the device of the node, in its probe()
 * @spec: filled in; on success, and only then, @spec->device is to be put
 *
 * Prints what is wrong.
 *
 * Return: 0; -EPROBE_DEFER if the device is not there yet that it is to belong to; or
 * another error.
 */
int mapbuf_devtree_read(struct device *own, struct mapbuf_spec *spec)
{
	struct device_node *node = own->of_node;
	int err;

	err = read_name(node, spec->name);
	if (!err)
		err = read_size(node, &spec->bytes);
	if (!err)
		err = read_region(node, spec);
	if (!err)
		err = read_backing(node, spec);
	if (!err)
		err = read_cache(node, spec);
	if (err)
		return err;
	if (!spec->bytes) {
		node_err(node, "neither size nor memory-region says how large it is");
		return -EINVAL;
	}
	err = find_device(own, spec);
	if (err)
		return err;
	err = read_bits(own, spec);
	if (err)
		put_device(spec->device);
	return err;
}
