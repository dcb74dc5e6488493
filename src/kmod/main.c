// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading and unloading.
 */
#include <linux/cdev.h>
#include <linux/err.h>
#include <linux/module.h>

#include "mapbuf.h"
#include "range.h"

struct class mapbuf_class = {
	.name = "mapbuf",
};

static dev_t devt;
static struct cdev cdev;

static int __init mapbuf_init(void)
{
	int err;

	err = class_register(&mapbuf_class);
	if (err)
		return err;
	err = alloc_chrdev_region(&devt, 0, MINORMASK + 1, "mapbuf");
	if (err)
		goto err_class;
	err = mapbuf_notify_start();
	if (err)
		goto err_region;
	err = mapbuf_unplug_start();
	if (err)
		goto err_notify;
	err = mapbuf_buffers_init(devt);
	if (err)
		goto err_unplug;
	err = mapbuf_params_make_buffers();
	if (err)
		goto err_buffers;
	err = mapbuf_control_init();
	if (err)
		goto err_buffers;
	err = mapbuf_fs_init();
	if (err)
		goto err_control;

	/*
	 * Last of what can fail: a node that somebody has open could not be
	 * taken back.  The control node is there, but not yet to be opened.
	 */
	cdev_init(&cdev, &mapbuf_fops);
	cdev.owner = THIS_MODULE;
	err = cdev_add(&cdev, devt, MINORMASK + 1);
	if (err)
		goto err_fs;
	mapbuf_registry_for_each(mapbuf_registry_announce);
	mapbuf_control_enable();
	mapbuf_fs_enable();
	if (mapbuf_devtree_start())
		pr_err("mapbuf: no buffers of the device tree: its driver cannot be registered\n");
	return 0;

err_fs:
	mapbuf_fs_exit();
err_control:
	mapbuf_control_exit();
err_buffers:
	mapbuf_buffers_exit();
err_unplug:
	mapbuf_unplug_stop();
err_notify:
	mapbuf_notify_stop();
err_region:
	unregister_chrdev_region(devt, MINORMASK + 1);
err_class:
	class_unregister(&mapbuf_class);
	return err;
}

static void __exit mapbuf_exit(void)
{
	mapbuf_devtree_stop();
	cdev_del(&cdev);
	mapbuf_fs_exit();
	mapbuf_control_exit();
	mapbuf_buffers_exit();
	mapbuf_unplug_stop();
	mapbuf_notify_stop();
	unregister_chrdev_region(devt, MINORMASK + 1);
	class_unregister(&mapbuf_class);
}

module_init(mapbuf_init);
module_exit(mapbuf_exit);

MODULE_DESCRIPTION("Named memory buffers shared by processes and drivers");
MODULE_AUTHOR("The mapbuf authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(MAPBUF_VERSION);
