// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers that the device tree describes: docs/devicetree/mapbuf,buffer.yaml.
 *
 * Each node becomes a buffer when the module is loaded, and goes, with its last
 * user, when the module is unloaded or the node removed.  Until then an
 * administrator may destroy it as any other: nothing here uses it.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/list.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/of.h>
#include <linux/of_reserved_mem.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "backing.h"
#include "device.h"
#include "devtree.h"
#include "mapbuf.h"

/* A device whose buffer is to belong to another one that is not there yet. */
struct waiting {
	struct list_head link;
	struct device *own;
};

static DEFINE_MUTEX(waiting_lock);	/* the list */
static LIST_HEAD(waiting);

/**
 * mapbuf_devtree_wait() - try a node again when a device comes
 * @own: the device of the node
 *
 * Return: 0, or -ENOMEM.
 */
int mapbuf_devtree_wait(struct device *own)
{
	struct waiting *w;
	int err = 0;

	mutex_lock(&waiting_lock);
	list_for_each_entry(w, &waiting, link) {
		if (w->own == own)
			goto unlock;
	}
	w = kzalloc(sizeof(*w), GFP_KERNEL);
	if (w) {
		w->own = get_device(own);
		list_add(&w->link, &waiting);
	} else {
		err = -ENOMEM;
	}
unlock:
	mutex_unlock(&waiting_lock);
	return err;
}

/* Those that wait try again, and may wait again; or, with @drop, they do not. */
static void end_waiting(bool drop)
{
	struct waiting *w, *next;
	LIST_HEAD(all);

	mutex_lock(&waiting_lock);
	list_splice_init(&waiting, &all);
	mutex_unlock(&waiting_lock);
	list_for_each_entry_safe(w, next, &all, link) {
		if (!drop && device_attach(w->own) < 0)
			dev_dbg(w->own, "not yet\n");
		put_device(w->own);
		kfree(w);
	}
}

static void try_again(struct work_struct *work)
{
	end_waiting(false);
}

static DECLARE_WORK(try_again_work, try_again);

/* The kernel itself tries again only when a driver is bound to some device. */
static int device_came(struct notifier_block *block, unsigned long event,
		       void *data)
{
	struct device *dev = data;

	if (event == BUS_NOTIFY_ADD_DEVICE && dev->of_node &&
	    !list_empty(&waiting))
		schedule_work(&try_again_work);
	return NOTIFY_DONE;
}

static struct notifier_block platform_devices = {
	.notifier_call = device_came,
};

static struct notifier_block pci_devices = { .notifier_call = device_came };

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

	if (!mapbuf_devtree_has_pool(own->of_node, spec))
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
	err = mapbuf_devtree_read(own, &spec);
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

static void unwatch_devices(void)
{
	mapbuf_device_unwatch(&platform_devices, &pci_devices);
	cancel_work_sync(&try_again_work);
}

static bool registered;

/**
 * mapbuf_devtree_start() - make the buffers of the device tree
 *
 * The last thing when the module is loaded: they can be used at once.  What cannot
 * be made has been printed.
 *
 * Return: 0, or an error of platform_driver_register() or mapbuf_device_watch().
 */
int mapbuf_devtree_start(void)
{
	int err;

	if (!IS_ENABLED(CONFIG_OF) || !mapbuf_params_apply())
		return 0;
	err = mapbuf_device_watch(&platform_devices, &pci_devices);
	if (err)
		return err;
	err = platform_driver_register(&driver);
	if (err)
		unwatch_devices();
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
	unwatch_devices();
	/* First: one whose device loses its driver would lose its memory, and say so. */
	WARN_ON(driver_for_each_device(&driver.driver, NULL, NULL,
				       retire_buffer));
	platform_driver_unregister(&driver);
	end_waiting(true);
}
