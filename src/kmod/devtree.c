// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers that the device tree describes: docs/devicetree/mapbuf,buffer.yaml.
 *
 * Each node becomes a buffer when the module is loaded, and goes, with its last
 * user, when the module is unloaded or the node removed.  Until then an
 * administrator may destroy it as any other: nothing here uses it.
 */
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/of_platform.h>
#include <linux/of_reserved_mem.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/string.h>

#include "backing.h"
#include "mapbuf.h"

/* One line for each node that becomes no buffer. */
#define node_err(node, fmt, ...) \
	pr_err("mapbuf: no buffer for %pOF: " fmt "\n", node, ##__VA_ARGS__)

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

static bool has_pool(struct device_node *node, const struct mapbuf_spec *spec)
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
	static const char *const names[] = {
		[MAPBUF_CACHE_CACHED] = "wb",
		[MAPBUF_CACHE_WRITE_COMBINED] = "wc",
		[MAPBUF_CACHE_UNCACHED] = "uc",
	};
	const char *name;
	int cache;

	if (of_property_read_string(node, "mapbuf,cache", &name))
		return 0;
	cache = match_string(names, ARRAY_SIZE(names), name);
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

	if (!of_find_property(node, "mapbuf,device", NULL)) {
		if (spec->ops != &mapbuf_backing_reserved)
			spec->device = get_device(own);
		spec->device_is_locked = true;
		return 0;
	}
	if (has_pool(node, spec)) {
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
	of_node_put(other);
	/* When it comes, this is tried again. */
	return spec->device ? 0 : -EPROBE_DEFER;
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

/* On success, and only then, @spec->device is to be put. */
static int read_node(struct device *own, struct mapbuf_spec *spec)
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

static const char *reason(int err)
{
	switch (err) {
	case -EEXIST:
		return "there is a buffer of that name";
	case -EBUSY:
		return "something has claimed its memory-region or its device";
	case -ENOSPC:
		return "max_bytes or max_buffers would be exceeded";
	case -ENOMEM:
		return "not enough memory of that kind is free";
	case -EINVAL:
		return "its memory-region does not consist of whole pages, or is System RAM";
	case -EPERM:
		return "the kernel is locked down";
	case -EIO:
		return "its device cannot reach the memory";
	case -EOPNOTSUPP:
		return "the kernel has no such store, or its device cannot have that memory";
	}
	return "see the error number";
}

/* What is still in use goes with its last user. */
static void leave_buffer(void *data)
{
	struct mapbuf_buffer *buf = data;

	mapbuf_buffer_retire(buf);
	put_device(&buf->dev);
}

static void leave_pool(void *data)
{
	of_reserved_mem_device_release(data);
}

/* The pool that the node of a device names is that of this device. */
static int take_pool(struct device *own, const struct mapbuf_spec *spec)
{
	int err;

	if (!has_pool(own->of_node, spec))
		return 0;
	err = of_reserved_mem_device_init(own);
	return err ? err : devm_add_action_or_reset(own, leave_pool, own);
}

static int make_buffer(struct device *own, const struct mapbuf_spec *spec)
{
	struct mapbuf_buffer *buf;
	int err;

	err = take_pool(own, spec);
	if (err)
		return err;
	buf = mapbuf_buffer_alloc(spec);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	/* Not as a user: it may be destroyed. */
	get_device(&buf->dev);
	err = mapbuf_buffer_publish(buf);
	if (err) {
		put_device(&buf->dev);
		return err;
	}
	mapbuf_registry_announce(buf);
	dev_set_drvdata(own, buf);
	return devm_add_action_or_reset(own, leave_buffer, buf);
}

static int node_probe(struct platform_device *pdev)
{
	struct mapbuf_spec spec = { .numa_node = NUMA_NO_NODE };
	struct device *own = &pdev->dev;
	int err;

	if (!own->of_node)
		return -ENODEV;
	err = read_node(own, &spec);
	if (!err) {
		err = make_buffer(own, &spec);
		put_device(spec.device);
		if (err)
			node_err(own->of_node, "\"%s\" cannot be created: %s (error %d)",
				 spec.name, reason(err), err);
	}
	/* For other errors the core prints a line of its own. */
	return err && err != -EPROBE_DEFER ? -ENODEV : err;
}

static const struct of_device_id nodes[] = {
	{ .compatible = "mapbuf,buffer" },
	{ }
};
MODULE_DEVICE_TABLE(of, nodes);

static struct platform_driver driver = {
	.probe = node_probe,
	.driver = {
		.name = "mapbuf",
		.of_match_table = nodes,
	},
};

static bool registered;

/**
 * mapbuf_devtree_start() - make the buffers of the device tree
 *
 * The last thing when the module is loaded: they can be used at once.  What cannot
 * be made has been printed.
 *
 * Return: 0, or an error of platform_driver_register().
 */
int mapbuf_devtree_start(void)
{
	int err;

	if (!IS_ENABLED(CONFIG_OF) || !mapbuf_params_apply())
		return 0;
	err = platform_driver_register(&driver);
	registered = !err;
	return err;
}

static int retire_buffer(struct device *own, void *data)
{
	mapbuf_buffer_retire(dev_get_drvdata(own));
	return 0;
}

/** mapbuf_devtree_stop() - undo mapbuf_devtree_start(); nothing uses the buffers */
void mapbuf_devtree_stop(void)
{
	if (!registered)
		return;
	/* First: one whose device loses its driver would lose its memory, and say so. */
	WARN_ON(driver_for_each_device(&driver.driver, NULL, NULL,
				       retire_buffer));
	platform_driver_unregister(&driver);
}
