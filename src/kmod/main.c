// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parameters, loading and unloading.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cdev.h>
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/overflow.h>
#include <linux/string.h>

#include "backing.h"
#include "mapbuf.h"

struct class mapbuf_class = {
	.name = "mapbuf",
};

static dev_t devt;
static struct cdev cdev;

/*
 * "[0-9]+[KMG]", or "[0-9]+%" where @percent is given, which is then set and
 * *@value is a percentage.
 */
static int parse_size(const char *text, u64 *value, bool *percent)
{
	char digits[24];
	size_t n = strspn(text, "0123456789");
	unsigned int shift = 0;
	u64 number;

	if (!n || n >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, text, n);
	digits[n] = '\0';
	if (kstrtou64(digits, 10, &number))
		return -EINVAL;

	text += n;
	if (percent) {
		*percent = *text == '%';
		if (*percent) {
			if (number > 100)
				return -EINVAL;
			text++;
		}
	}
	switch (percent && *percent ? '\0' : toupper(*text)) {
	case 'G':
		shift += 10;
		fallthrough;
	case 'M':
		shift += 10;
		fallthrough;
	case 'K':
		shift += 10;
		text++;
	}
	if (*text == '\n')
		text++;
	if (*text || !number || number > U64_MAX >> shift)
		return -EINVAL;
	*value = number << shift;
	return 0;
}

/* Also written at run time: readers take a value as it is at that moment. */
static const struct mapbuf_backing_ops *param_backing = &mapbuf_backing_vmalloc;
static u64 param_size = 4 << 20;
static u64 param_max_value = 50;
static bool param_max_percent = true;
static unsigned int param_buffers;
static unsigned int param_max_buffers = 65536;

static int backing_set(const char *text, const struct kernel_param *kp)
{
	int i;

	for (i = 0; mapbuf_backings[i]; i++) {
		if (sysfs_streq(text, mapbuf_backings[i]->name)) {
			WRITE_ONCE(param_backing, mapbuf_backings[i]);
			return 0;
		}
	}
	return -EINVAL;
}

static int backing_get(char *out, const struct kernel_param *kp)
{
	return sysfs_emit(out, "%s\n", READ_ONCE(param_backing)->name);
}

static int size_set(const char *text, const struct kernel_param *kp)
{
	u64 value;
	int err = parse_size(text, &value, NULL);

	if (!err && value > MAX_LFS_FILESIZE - PAGE_SIZE)
		err = -EINVAL;
	if (!err)
		WRITE_ONCE(param_size, value);
	return err;
}

static int size_get(char *out, const struct kernel_param *kp)
{
	return sysfs_emit(out, "%llu\n", READ_ONCE(param_size));
}

/* Parameters are set and shown under one lock; mapbuf_max_bytes() takes it. */
static int max_bytes_set(const char *text, const struct kernel_param *kp)
{
	bool percent;
	u64 value;
	int err = parse_size(text, &value, &percent);

	if (err)
		return err;
	param_max_value = value;
	param_max_percent = percent;
	return 0;
}

static int max_bytes_get(char *out, const struct kernel_param *kp)
{
	return sysfs_emit(out, "%llu%s\n", param_max_value,
			  param_max_percent ? "%" : "");
}

static const struct kernel_param_ops backing_param_ops = {
	.set = backing_set,
	.get = backing_get,
};

static const struct kernel_param_ops size_param_ops = {
	.set = size_set,
	.get = size_get,
};

static const struct kernel_param_ops max_bytes_param_ops = {
	.set = max_bytes_set,
	.get = max_bytes_get,
};

module_param_cb(backing, &backing_param_ops, NULL, 0644);
MODULE_PARM_DESC(backing, "contiguous or vmalloc, for buffers whose creator names none (vmalloc)");
module_param_named(buffers, param_buffers, uint, 0444);
MODULE_PARM_DESC(buffers, "number of buffers made at load, named mapbuf0 and so on (0)");
module_param_cb(size, &size_param_ops, NULL, 0644);
MODULE_PARM_DESC(size, "of each of them in bytes, or with K, M or G (4M)");
module_param_cb(max_bytes, &max_bytes_param_ops, NULL, 0644);
MODULE_PARM_DESC(max_bytes, "of all buffers together: bytes, K, M, G, or % of memory (50%)");
module_param_named(max_buffers, param_max_buffers, uint, 0644);
MODULE_PARM_DESC(max_buffers, "number of buffers at most (65536)");

/**
 * mapbuf_backing_find() - a backing by its number
 * @id: of enum mapbuf_backing
 *
 * Return: the backing, NULL if there is none of that number.
 */
const struct mapbuf_backing_ops *mapbuf_backing_find(u32 id)
{
	int i;

	if (id == MAPBUF_BACKING_DEFAULT)
		return READ_ONCE(param_backing);
	for (i = 0; mapbuf_backings[i]; i++) {
		if (mapbuf_backings[i]->id == id)
			return mapbuf_backings[i];
	}
	return NULL;
}

/**
 * mapbuf_max_bytes() - the parameter max_bytes
 *
 * Return: bytes.
 */
u64 mapbuf_max_bytes(void)
{
	u64 bytes;

	kernel_param_lock(THIS_MODULE);
	bytes = param_max_value;
	if (param_max_percent)
		bytes = div_u64(((u64)totalram_pages() << PAGE_SHIFT) * bytes,
				100);
	kernel_param_unlock(THIS_MODULE);
	return bytes;
}

/**
 * mapbuf_max_buffers() - the parameter max_buffers
 *
 * Return: how many buffers there may be.
 */
unsigned int mapbuf_max_buffers(void)
{
	return READ_ONCE(param_max_buffers);
}

/* Their uevents wait until nothing can fail any more. */
static int make_buffers(void)
{
	struct mapbuf_spec spec = {
		.bytes = param_size,
		.ops = param_backing,
		.numa_node = NUMA_NO_NODE,
	};
	struct mapbuf_buffer *buf;
	unsigned int i;
	u64 total;
	int err;

	if (check_mul_overflow((u64)PAGE_ALIGN(param_size), (u64)param_buffers,
			       &total) ||
	    total > mapbuf_max_bytes() || param_buffers > param_max_buffers) {
		pr_err("buffers=%u of size=%llu are more than max_bytes=%llu or max_buffers=%u allow\n",
		       param_buffers, param_size, mapbuf_max_bytes(),
		       param_max_buffers);
		return -EINVAL;
	}

	for (i = 0; i < param_buffers; i++) {
		memset(spec.name, 0, sizeof(spec.name));
		snprintf(spec.name, sizeof(spec.name), "mapbuf%u", i);
		buf = mapbuf_buffer_alloc(&spec);
		err = PTR_ERR_OR_ZERO(buf);
		if (!err)
			err = mapbuf_buffer_publish(buf);
		if (err) {
			pr_err("buffers=%u: no memory for %s, size=%llu backing=%s: error %d\n",
			       param_buffers, spec.name, param_size,
			       spec.ops->name, err);
			return err;
		}
	}
	return 0;
}

static int __init mapbuf_init(void)
{
	int err;

	err = class_register(&mapbuf_class);
	if (err)
		return err;
	err = alloc_chrdev_region(&devt, 0, MINORMASK + 1, "mapbuf");
	if (err)
		goto err_class;
	err = mapbuf_buffers_init(devt);
	if (err)
		goto err_region;
	err = make_buffers();
	if (err)
		goto err_buffers;
	err = mapbuf_control_init();
	if (err)
		goto err_buffers;

	/*
	 * Last of what can fail: a node that somebody has open could not be
	 * taken back.
	 */
	cdev_init(&cdev, &mapbuf_fops);
	cdev.owner = THIS_MODULE;
	err = cdev_add(&cdev, devt, MINORMASK + 1);
	if (err)
		goto err_control;
	mapbuf_buffer_announce_all();
	return 0;

err_control:
	mapbuf_control_exit();
err_buffers:
	mapbuf_buffers_exit();
err_region:
	unregister_chrdev_region(devt, MINORMASK + 1);
err_class:
	class_unregister(&mapbuf_class);
	return err;
}

static void __exit mapbuf_exit(void)
{
	cdev_del(&cdev);
	mapbuf_control_exit();
	mapbuf_buffers_exit();
	unregister_chrdev_region(devt, MINORMASK + 1);
	class_unregister(&mapbuf_class);
}

module_init(mapbuf_init);
module_exit(mapbuf_exit);

MODULE_DESCRIPTION("Named memory buffers shared by processes and drivers");
MODULE_AUTHOR("The mapbuf authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(MAPBUF_VERSION);
