/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Buffers of the device tree: what makes them, devtree.c, and what their nodes say,
 * devtree_node.c.
 */
#ifndef MAPBUF_DEVTREE_H
#define MAPBUF_DEVTREE_H

#include <linux/printk.h>
#include <linux/types.h>

struct device;
struct device_node;
struct mapbuf_spec;

/* One line for each node that becomes no buffer. */
#define node_err(node, fmt, ...) \
	pr_err("mapbuf: no buffer for %pOF: " fmt "\n", node, ##__VA_ARGS__)

int mapbuf_devtree_wait(struct device *own);
bool mapbuf_devtree_has_pool(struct device_node *node,
			     const struct mapbuf_spec *spec);
int mapbuf_devtree_read(struct device *own, struct mapbuf_spec *spec);

#endif /* MAPBUF_DEVTREE_H */
