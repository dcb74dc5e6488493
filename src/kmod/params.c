// SPDX-License-Identifier: GPL-2.0-only
/*
 * Module parameters, and the buffers that they ask for at load.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "backing.h"
#include "mapbuf.h"

/* Reads digits, or 0x and hexadecimal ones, and K, M or G; moves *@text on. */
static int parse_number(const char **text, u64 *value)
{
	bool hex = (*text)[0] == '0' && toupper((*text)[1]) == 'X';
	const char *p = *text + (hex ? 2 : 0);
	size_t n = strspn(p, hex ? "0123456789abcdefABCDEF" : "0123456789");
	unsigned int shift = 0;
	char digits[24];

	if (!n || n >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, p, n);
	digits[n] = '\0';
	if (kstrtou64(digits, hex ? 16 : 10, value))
		return -EINVAL;

	p += n;
	switch (toupper(*p)) {
	case 'G':
		shift += 10;
		fallthrough;
	case 'M':
		shift += 10;
		fallthrough;
	case 'K':
		shift += 10;
		p++;
	}
	if (*value > U64_MAX >> shift)
		return -EINVAL;
	*value <<= shift;
	*text = p;
	return 0;
}

/* Reads a number that is not 0; with @percent also one from 1% to 100%. */
static int parse_size(const char *text, u64 *value, bool *percent)
{
	if (parse_number(&text, value) || !*value)
		return -EINVAL;
	if (percent) {
		*percent = *text == '%';
		if (*percent && (text[-1] < '0' || *value > 100))
			return -EINVAL;
		text += *percent;
	}
	return sysfs_streq(text, "") ? 0 : -EINVAL;
}

/* Reads NAME@START+SIZE, with :wc or :uc for the caching; moves *@text on. */
static int parse_reserved(const char **text, struct mapbuf_spec *spec)
{
	const char *p = *text;
	size_t n = strcspn(p, "@,");

	*spec = (struct mapbuf_spec) {
		.ops = &mapbuf_backing_reserved,
		.numa_node = NUMA_NO_NODE,
	};
	if (n >= sizeof(spec->name))
		return -EINVAL;
	memcpy(spec->name, p, n);
	p += n;
	if (*p++ != '@' || parse_number(&p, &spec->phys_addr) ||
	    *p++ != '+' || parse_number(&p, &spec->bytes))
		return -EINVAL;

	if (!strncmp(p, ":wc", 3))
		spec->cache = MAPBUF_CACHE_WRITE_COMBINED;
	else if (!strncmp(p, ":uc", 3))
		spec->cache = MAPBUF_CACHE_UNCACHED;
	if (spec->cache)
		p += 3;

	if (!mapbuf_name_valid(spec->name) || (*p && *p != ','))
		return -EINVAL;
	*text = p + (*p == ',');
	return 0;
}

/* Also written at run time: readers take a value as it is at that moment. */
static const struct mapbuf_backing_ops *param_backing = &mapbuf_backing_vmalloc;
static u64 param_size = 4 << 20;
static u64 param_max_value = 50;
static bool param_max_percent = true;
static bool param_apply = true;
static unsigned int param_buffers;
static unsigned int param_max_buffers = 65536;
static unsigned int param_max_eventfds = 1024;
static unsigned int param_threads = 16;
static const char *param_reserved = "";

static int backing_set(const char *text, const struct kernel_param *kp)
{
	int i;

	for (i = 0; mapbuf_backings[i]; i++) {
		/* Only what can be made from nothing but a size. */
		if (!mapbuf_backings[i]->free &&
		    sysfs_streq(text, mapbuf_backings[i]->name)) {
			if (!mapbuf_backings[i]->alloc)
				return -EOPNOTSUPP;
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

/* The text lives as long as the module. */
static int reserved_set(const char *text, const struct kernel_param *kp)
{
	const char *p = text;
	struct mapbuf_spec spec;
	int err = 0;

	while (*p && !err)
		err = parse_reserved(&p, &spec);
	if (!err)
		param_reserved = text;
	return err;
}

static int reserved_get(char *out, const struct kernel_param *kp)
{
	if (!mapbuf_may_see_addresses())
		return -EPERM;
	return sysfs_emit(out, "%s\n", param_reserved);
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

static const struct kernel_param_ops reserved_param_ops = {
	.set = reserved_set,
	.get = reserved_get,
};

module_param_cb(backing, &backing_param_ops, NULL, 0644);
MODULE_PARM_DESC(backing, "contiguous or vmalloc, for buffers whose creator names none (vmalloc)");
/* modprobe passes mapbuf.apply=0 on from the kernel command line. */
module_param_named(apply, param_apply, bool, 0444);
MODULE_PARM_DESC(apply, "whether buffers are made at load; mapbuf.apply=0 at boot also stops mapbuf.service (1)");
module_param_named(buffers, param_buffers, uint, 0444);
MODULE_PARM_DESC(buffers, "number of buffers made at load, named mapbuf0 and so on (0)");
module_param_cb(size, &size_param_ops, NULL, 0644);
MODULE_PARM_DESC(size, "of each of them in bytes, or with K, M or G (4M)");
module_param_cb(max_bytes, &max_bytes_param_ops, NULL, 0644);
MODULE_PARM_DESC(max_bytes, "of all buffers together: bytes, K, M, G, or % of memory (50%)");
module_param_named(max_buffers, param_max_buffers, uint, 0644);
MODULE_PARM_DESC(max_buffers, "number of buffers at most (65536)");
module_param_named(max_eventfds, param_max_eventfds, uint, 0644);
MODULE_PARM_DESC(max_eventfds, "eventfds of one buffer at most (1024)");
module_param_named(threads, param_threads, uint, 0644);
MODULE_PARM_DESC(threads, "processors at most that allocate, clear or free a buffer together; 0: all of its node (16)");
module_param_cb(reserved, &reserved_param_ops, NULL, 0400);
MODULE_PARM_DESC(reserved, "NAME@START+SIZE[:wc|:uc],... buffers over physical ranges that exist already");

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

/**
 * mapbuf_max_eventfds() - the parameter max_eventfds
 *
 * Return: how many eventfds a notification of a buffer may signal.
 */
unsigned int mapbuf_max_eventfds(void)
{
	return READ_ONCE(param_max_eventfds);
}

/**
 * mapbuf_threads() - the parameter threads
 *
 * Return: how many processors may work on a buffer at once; 0 for all.
 */
unsigned int mapbuf_threads(void)
{
	return READ_ONCE(param_threads);
}

/**
 * mapbuf_params_apply() - the parameter apply
 *
 * Return: false if loading the module shall make no buffers, whatever asks for
 * them.
 */
bool mapbuf_params_apply(void)
{
	return param_apply;
}

/* Its uevent waits until nothing can fail any more. */
static int make_buffer(const struct mapbuf_spec *spec, const char *param)
{
	struct mapbuf_buffer *buf = mapbuf_buffer_alloc(spec);
	int err = PTR_ERR_OR_ZERO(buf);

	if (!err)
		err = mapbuf_buffer_publish(buf);
	if (err)
		pr_err("%s: cannot make %s, size=%llu backing=%s: error %d\n",
		       param, spec->name, spec->bytes, spec->ops->name, err);
	return err;
}

static int make_reserved(void)
{
	const char *p = param_reserved;
	struct mapbuf_spec spec;
	int err = 0;

	while (*p && !err) {
		err = parse_reserved(&p, &spec);
		if (!err)
			err = make_buffer(&spec, "reserved");
	}
	return err;
}

/**
 * mapbuf_params_make_buffers() - make the buffers of buffers= and reserved=
 *
 * The caller announces them, or destroys all buffers on an error, which has
 * been printed.
 *
 * Return: 0, or an error of struct mapbuf_create.
 */
int mapbuf_params_make_buffers(void)
{
	struct mapbuf_spec spec = {
		.bytes = param_size,
		.ops = param_backing,
		.numa_node = NUMA_NO_NODE,
	};
	unsigned int i;
	u64 total;
	int err = 0;

	if (!mapbuf_params_apply())
		return 0;
	if (check_mul_overflow((u64)PAGE_ALIGN(param_size), (u64)param_buffers,
			       &total) ||
	    total > mapbuf_max_bytes() || param_buffers > param_max_buffers) {
		pr_err("buffers=%u of size=%llu are more than max_bytes=%llu or max_buffers=%u allow\n",
		       param_buffers, param_size, mapbuf_max_bytes(),
		       param_max_buffers);
		return -EINVAL;
	}

	/* Before any is made: all or nothing. */
	if (total && !mapbuf_pages_available(&spec, total >> PAGE_SHIFT)) {
		pr_err("buffers=%u of size=%llu are more than the free memory\n",
		       param_buffers, param_size);
		return -ENOMEM;
	}

	for (i = 0; i < param_buffers && !err; i++) {
		memset(spec.name, 0, sizeof(spec.name));
		snprintf(spec.name, sizeof(spec.name), "mapbuf%u", i);
		err = make_buffer(&spec, "buffers");
	}
	return err ? err : make_reserved();
}
