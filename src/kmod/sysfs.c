// SPDX-License-Identifier: GPL-2.0-only
/*
 * What sysfs and udev see of a buffer.
 */
#include <linux/capability.h>
#include <linux/device.h>
#include <linux/kernfs.h>
#include <linux/rcupdate.h>
#include <linux/stat.h>
#include <linux/sysfs.h>

#include "backing.h"
#include "compat/compat.h"
#include "device.h"
#include "mapbuf.h"

static ssize_t name_show(struct device *dev, struct device_attribute *attr,
			 char *out)
{
	return sysfs_emit(out, "%s\n", to_mapbuf(dev)->spec.name);
}
static DEVICE_ATTR_RO(name);

static ssize_t size_show(struct device *dev, struct device_attribute *attr,
			 char *out)
{
	return sysfs_emit(out, "%llu\n", to_mapbuf(dev)->spec.bytes);
}
static DEVICE_ATTR_RO(size);

static ssize_t backing_show(struct device *dev, struct device_attribute *attr,
			    char *out)
{
	return sysfs_emit(out, "%s\n", to_mapbuf(dev)->spec.ops->name);
}
static DEVICE_ATTR_RO(backing);

static ssize_t numa_node_show(struct device *dev, struct device_attribute *attr,
			      char *out)
{
	return sysfs_emit(out, "%d\n", to_mapbuf(dev)->spec.numa_node);
}
static DEVICE_ATTR_RO(numa_node);

static ssize_t opens_show(struct device *dev, struct device_attribute *attr,
			  char *out)
{
	return sysfs_emit(out, "%d\n", atomic_read(&to_mapbuf(dev)->opens));
}
static DEVICE_ATTR_RO(opens);

static ssize_t mappings_show(struct device *dev, struct device_attribute *attr,
			     char *out)
{
	return sysfs_emit(out, "%d\n", atomic_read(&to_mapbuf(dev)->mappings));
}
static DEVICE_ATTR_RO(mappings);

static ssize_t exports_show(struct device *dev, struct device_attribute *attr,
			    char *out)
{
	return sysfs_emit(out, "%d\n", atomic_read(&to_mapbuf(dev)->exports));
}
static DEVICE_ATTR_RO(exports);

static ssize_t notifications_show(struct device *dev,
				  struct device_attribute *attr, char *out)
{
	return sysfs_emit(out, "%lld\n",
			  atomic64_read(&to_mapbuf(dev)->sequence));
}
static DEVICE_ATTR_RO(notifications);

static ssize_t pinned_show(struct device *dev, struct device_attribute *attr,
			   char *out)
{
	u64 pages = mapbuf_pages_pinned(to_mapbuf(dev));

	return sysfs_emit(out, "%llu\n", pages << PAGE_SHIFT);
}
static DEVICE_ATTR_RO(pinned);

/* Also when nobody has touched such a page since. */
static ssize_t errors_show(struct device *dev, struct device_attribute *attr,
			   char *out)
{
	struct mapbuf_buffer *buf = to_mapbuf(dev);

	return sysfs_emit(out, "%lu\n",
			  mapbuf_pages_failed(buf, 0, buf->nr_pages));
}
static DEVICE_ATTR_RO(errors);

static ssize_t cache_show(struct device *dev, struct device_attribute *attr,
			  char *out)
{
	return sysfs_emit(out, "%s\n",
			  mapbuf_cache_names[to_mapbuf(dev)->spec.cache]);
}
static DEVICE_ATTR_RO(cache);

static ssize_t on_last_close_show(struct device *dev,
				  struct device_attribute *attr, char *out)
{
	bool zero = to_mapbuf(dev)->spec.flags & MAPBUF_CREATE_ZERO_LAST_CLOSE;

	return sysfs_emit(out, "%s\n", zero ? "zero" : "keep");
}
static DEVICE_ATTR_RO(on_last_close);

static ssize_t dma_bits_show(struct device *dev, struct device_attribute *attr,
			     char *out)
{
	return sysfs_emit(out, "%u\n", to_mapbuf(dev)->spec.asked_bits);
}
static DEVICE_ATTR_RO(dma_bits);

/**
 * mapbuf_may_see_addresses() - whether the caller may learn physical addresses
 *
 * Asked for each read, as a descriptor can be passed on.
 *
 * Return: true for whoever may map any address, or administers the system.
 */
bool mapbuf_may_see_addresses(void)
{
	return capable(CAP_SYS_ADMIN) || capable(CAP_SYS_RAWIO);
}

static ssize_t phys_addr_show(struct device *dev, struct device_attribute *attr,
			      char *out)
{
	phys_addr_t phys;

	if (!mapbuf_may_see_addresses())
		return -EPERM;
	if (!mapbuf_buffer_phys(to_mapbuf(dev), &phys))
		return -ENODATA;
	return sysfs_emit(out, "%pa\n", &phys);
}
static DEVICE_ATTR_ADMIN_RO(phys_addr);

/* Where its device finds the buffer, if that is one piece. */
static ssize_t dma_addr_show(struct device *dev, struct device_attribute *attr,
			     char *out)
{
	struct mapbuf_buffer *buf = to_mapbuf(dev);
	u64 address, bytes;
	int err;

	if (!mapbuf_may_see_addresses())
		return -EPERM;
	err = mapbuf_device_address(buf, 0, &address, &bytes);
	if (err)
		return err;
	if (bytes < buf->spec.bytes)
		return -ENODATA;
	return sysfs_emit(out, "0x%llx\n", address);
}
static DEVICE_ATTR_ADMIN_RO(dma_addr);

static struct attribute *mapbuf_attrs[] = {
	&dev_attr_name.attr,
	&dev_attr_size.attr,
	&dev_attr_backing.attr,
	&dev_attr_numa_node.attr,
	&dev_attr_opens.attr,
	&dev_attr_mappings.attr,
	&dev_attr_exports.attr,
	&dev_attr_notifications.attr,
	&dev_attr_pinned.attr,
	&dev_attr_errors.attr,
	&dev_attr_dma_bits.attr,
	&dev_attr_cache.attr,
	&dev_attr_on_last_close.attr,
	&dev_attr_phys_addr.attr,
	&dev_attr_dma_addr.attr,
	NULL
};

static umode_t mapbuf_is_visible(struct kobject *kobj, struct attribute *attr,
				 int n)
{
	struct mapbuf_buffer *buf = to_mapbuf(kobj_to_dev(kobj));
	phys_addr_t phys;

	if (attr == &dev_attr_phys_addr.attr && !mapbuf_buffer_phys(buf, &phys))
		return 0;
	if (attr == &dev_attr_dma_addr.attr && !buf->spec.device)
		return 0;
	return attr->mode;
}

static const struct attribute_group mapbuf_group = {
	.attrs = mapbuf_attrs,
	.is_visible = mapbuf_is_visible,
};

static const struct attribute_group *mapbuf_groups[] = {
	&mapbuf_group,
	NULL
};

/* Of all buffers, also of those that are gone while they are in use or pinned. */
static ssize_t used_show(struct device *dev, struct device_attribute *attr,
			 char *out)
{
	mapbuf_pins_collect();
	return sysfs_emit(out, "%llu\n", mapbuf_registry_charged());
}
static DEVICE_ATTR_RO(used);

static ssize_t pinned_gone_show(struct device *dev,
				struct device_attribute *attr, char *out)
{
	u64 pages = mapbuf_pins_collect();

	return sysfs_emit(out, "%llu\n", pages << PAGE_SHIFT);
}

static struct device_attribute dev_attr_pinned_gone =
	__ATTR(pinned, 0444, pinned_gone_show, NULL);

static struct attribute *mapbuf_control_attrs[] = {
	&dev_attr_used.attr,
	&dev_attr_pinned_gone.attr,
	NULL
};

static const struct attribute_group mapbuf_control_group = {
	.attrs = mapbuf_control_attrs,
};

const struct attribute_group *mapbuf_control_groups[] = {
	&mapbuf_control_group,
	NULL
};

/**
 * mapbuf_counts_attach() - let poll() on the counts of a buffer tell of changes
 * @buf: the buffer, its device just added
 *
 * The attributes are held, because files and mappings may come to an end after
 * the device is gone.
 */
void mapbuf_counts_attach(struct mapbuf_buffer *buf)
{
	struct kernfs_node *dir = buf->dev.kobj.sd;

	WRITE_ONCE(buf->opens_attr, sysfs_get_dirent(dir, "opens"));
	WRITE_ONCE(buf->mappings_attr, sysfs_get_dirent(dir, "mappings"));
}

/**
 * mapbuf_counts_detach() - undo mapbuf_counts_attach()
 * @buf: the buffer, without users
 */
void mapbuf_counts_detach(struct mapbuf_buffer *buf)
{
	sysfs_put(buf->opens_attr);
	sysfs_put(buf->mappings_attr);
}

/**
 * mapbuf_counts_changed() - wake up who waits for a count to change
 * @attr: of the buffer, which the caller is a user of: opens_attr or
 *	  mappings_attr; NULL before anybody can know of the buffer
 *
 * Does not sleep.
 */
void mapbuf_counts_changed(struct kernfs_node *attr)
{
	if (!attr)
		return;
	/*
	 * To notify takes a lock of all of sysfs and starts a work item.  Nobody
	 * waits who has not opened the attribute; with kernfs_fop_open(), which
	 * comes before its reader: who is not seen here sees the new count.
	 */
	smp_mb();
	if (rcu_access_pointer(attr->attr.open))
		sysfs_notify_dirent(attr);
}

/* What the creator said of the node, so that udev rules do not undo it. */
static int mapbuf_uevent(mapbuf_uevent_const struct device *dev,
			 struct kobj_uevent_env *env)
{
	const struct mapbuf_spec *spec = &to_mapbuf(dev)->spec;
	/* chmod() and chown() may be adding to them. */
	u32 flags = smp_load_acquire(&spec->flags);
	int err;

	err = add_uevent_var(env, "MAPBUF_NAME=%s", spec->name);
	if (!err && flags & MAPBUF_CREATE_UID)
		err = add_uevent_var(env, "MAPBUF_UID=%u",
				     from_kuid(&init_user_ns,
					       READ_ONCE(spec->uid)));
	if (!err && flags & MAPBUF_CREATE_GID)
		err = add_uevent_var(env, "MAPBUF_GID=%u",
				     from_kgid(&init_user_ns,
					       READ_ONCE(spec->gid)));
	if (!err && flags & MAPBUF_CREATE_MODE)
		err = add_uevent_var(env, "MAPBUF_MODE=%04o",
				     READ_ONCE(spec->mode));
	return err;
}

static char *mapbuf_devnode(mapbuf_devnode_const struct device *dev,
			    umode_t *mode, kuid_t *uid, kgid_t *gid)
{
	const struct mapbuf_spec *spec = &to_mapbuf(dev)->spec;
	/* As above. */
	u32 flags = smp_load_acquire(&spec->flags);

	/* Removing the node asks for its name only. */
	if (uid && flags & MAPBUF_CREATE_UID)
		*uid = READ_ONCE(spec->uid);
	if (gid && flags & MAPBUF_CREATE_GID)
		*gid = READ_ONCE(spec->gid);
	/* A mode of 0 would be taken for none. */
	if (mode && flags & MAPBUF_CREATE_MODE)
		*mode = READ_ONCE(spec->mode) | S_IFCHR;
	return NULL;
}

const struct device_type mapbuf_device_type = {
	.name = "mapbuf",
	.groups = mapbuf_groups,
	.uevent = mapbuf_uevent,
	.devnode = mapbuf_devnode,
};
