/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between kernels for a file system, as compat.h does for the rest.
 */
#ifndef MAPBUF_COMPAT_FS_H
#define MAPBUF_COMPAT_FS_H

#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/fs.h>

#include "compat/features.h"

#ifdef MAPBUF_HAVE_FILELOCK_HEADER
#include <linux/filelock.h>
#endif

/*
 * mapbuf_op_setattr(), mapbuf_op_revalidate() - operations that call these of fs.c
 *
 * mapbuf_setattr_prepare(), mapbuf_setattr_copy() - of a file system whose mounts
 * map no owners
 */
int mapbuf_fs_setattr(struct dentry *dentry, struct iattr *attr);
int mapbuf_fs_revalidate(struct dentry *dentry);

#if defined(MAPBUF_HAVE_MNT_IDMAP)
static inline int mapbuf_op_setattr(struct mnt_idmap *idmap,
				    struct dentry *dentry, struct iattr *attr)
{
	return mapbuf_fs_setattr(dentry, attr);
}

static inline int mapbuf_setattr_prepare(struct dentry *dentry,
					 struct iattr *attr)
{
	return setattr_prepare(&nop_mnt_idmap, dentry, attr);
}

static inline void mapbuf_setattr_copy(struct inode *inode,
				       const struct iattr *attr)
{
	setattr_copy(&nop_mnt_idmap, inode, attr);
}
#elif defined(MAPBUF_HAVE_MNT_USERNS)
static inline int mapbuf_op_setattr(struct user_namespace *ns,
				    struct dentry *dentry, struct iattr *attr)
{
	return mapbuf_fs_setattr(dentry, attr);
}

static inline int mapbuf_setattr_prepare(struct dentry *dentry,
					 struct iattr *attr)
{
	return setattr_prepare(&init_user_ns, dentry, attr);
}

static inline void mapbuf_setattr_copy(struct inode *inode,
				       const struct iattr *attr)
{
	setattr_copy(&init_user_ns, inode, attr);
}
#else
static inline int mapbuf_op_setattr(struct dentry *dentry, struct iattr *attr)
{
	return mapbuf_fs_setattr(dentry, attr);
}

static inline int mapbuf_setattr_prepare(struct dentry *dentry,
					 struct iattr *attr)
{
	return setattr_prepare(dentry, attr);
}

static inline void mapbuf_setattr_copy(struct inode *inode,
				       const struct iattr *attr)
{
	setattr_copy(inode, attr);
}
#endif

#ifdef MAPBUF_HAVE_REVALIDATE_NAME
static inline int mapbuf_op_revalidate(struct inode *dir,
				       const struct qstr *name,
				       struct dentry *dentry,
				       unsigned int flags)
{
	return mapbuf_fs_revalidate(dentry);
}
#else
static inline int mapbuf_op_revalidate(struct dentry *dentry,
				       unsigned int flags)
{
	return mapbuf_fs_revalidate(dentry);
}
#endif

/* Operations of all entries of a file system */
static inline void mapbuf_set_d_op(struct super_block *sb,
				   const struct dentry_operations *ops)
{
#ifdef MAPBUF_HAVE_SET_DEFAULT_D_OP
	set_default_d_op(sb, ops);
#else
	sb->s_d_op = ops;
#endif
}

static inline void mapbuf_inode_set_times(struct inode *inode,
					  struct timespec64 when)
{
#ifdef MAPBUF_HAVE_INODE_SET_MTIME
	inode_set_ctime_to_ts(inode, when);
	inode_set_mtime_to_ts(inode, when);
	inode_set_atime_to_ts(inode, when);
#else
	inode->i_ctime = when;
	inode->i_mtime = when;
	inode->i_atime = when;
#endif
}

/*
 * mapbuf_flc() - a member of struct file_lock_core, of a struct file_lock
 *
 * mapbuf_for_each_lock() - for each of a list of a struct file_lock_context, but
 * that of leases
 */
#ifdef MAPBUF_HAVE_FILE_LOCK_CORE
#define mapbuf_flc(lock, member) ((lock)->c.flc_##member)
#define mapbuf_for_each_lock(lock, list) \
	list_for_each_entry(lock, list, c.flc_list)
#else
#define mapbuf_flc(lock, member) ((lock)->fl_##member)
#define mapbuf_for_each_lock(lock, list) list_for_each_entry(lock, list, fl_list)
#endif

#endif /* MAPBUF_COMPAT_FS_H */
