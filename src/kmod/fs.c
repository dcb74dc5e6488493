// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file system "mapbuf": each buffer as a regular file, which has a length.
 *
 * One instance, as many mounts as are wanted.  It has no tree of its own: names
 * are looked up in the registry, and a file that is no longer in use is forgotten.
 * The number of an inode says of which buffer it is, and is never used again; an
 * inode refers to no buffer, an open file does.
 *
 * Who owns a file, and its mode, is part of the buffer where its creator chose it
 * or chmod() and chown() did, which tell udev; else an option of the mount.
 */
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/fs_parser.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/statfs.h>

#include "backing.h"
#include "compat/fs.h"
#include "mapbuf.h"

/* What the files have that nothing else is said of. */
struct fs_options {
	kuid_t uid;
	kgid_t gid;
	umode_t mode;
};

static const struct fs_options root_only = {
	.uid = GLOBAL_ROOT_UID,
	.gid = GLOBAL_ROOT_GID,
	.mode = 0600,
};

/* Protects that a buffer has one inode at most, and what all inodes are like. */
static DEFINE_MUTEX(inodes_lock);

/* No mount before the module is complete. */
static bool enabled;

static const struct inode_operations file_iops;

/* Under inodes_lock.  A reserved range may be the registers of a device. */
static void inode_own(struct inode *inode, const struct mapbuf_buffer *buf)
{
	const struct fs_options *options = inode->i_sb->s_fs_info;
	const struct mapbuf_spec *spec = &buf->spec;
	struct fs_options own = root_only;

	if (!spec->ops->phys)
		own = *options;
	if (spec->flags & MAPBUF_CREATE_UID)
		own.uid = spec->uid;
	if (spec->flags & MAPBUF_CREATE_GID)
		own.gid = spec->gid;
	if (spec->flags & MAPBUF_CREATE_MODE)
		own.mode = spec->mode;
	inode->i_uid = own.uid;
	inode->i_gid = own.gid;
	inode->i_mode = S_IFREG | own.mode;
}

/* What lookup() finds out of a buffer. */
struct found {
	struct super_block *sb;
	struct inode *inode;
};

/* Under the lock of the registry. */
static int found_buffer(struct mapbuf_buffer *buf, void *data)
{
	struct found *found = data;
	struct inode *inode = ilookup(found->sb, buf->ino);

	if (!inode) {
		inode = new_inode(found->sb);
		if (!inode)
			return -ENOMEM;
		inode->i_ino = buf->ino;
		inode->i_op = &file_iops;
		inode->i_fop = &mapbuf_fops;
		inode->i_flags |= S_NOATIME | S_NOCMTIME;
		inode->i_blocks = buf->spec.bytes >> 9;
		i_size_write(inode, buf->spec.bytes);
		mapbuf_inode_set_times(inode, buf->created);
		inode_own(inode, buf);
		insert_inode_hash(inode);
	}
	found->inode = inode;
	return 0;
}

static struct dentry *fs_lookup(struct inode *dir, struct dentry *dentry,
				unsigned int flags)
{
	struct found found = { .sb = dir->i_sb };
	char name[MAPBUF_NAME_SIZE] = "";
	int err;

	if (dentry->d_name.len >= sizeof(name))
		return ERR_PTR(-ENAMETOOLONG);
	memcpy(name, dentry->d_name.name, dentry->d_name.len);

	mutex_lock(&inodes_lock);
	err = mapbuf_registry_look(name, 0, found_buffer, &found);
	mutex_unlock(&inodes_lock);
	if (err && err != -ENOENT)
		return ERR_PTR(err);
	return d_splice_alias(found.inode, dentry);
}

/* An entry may be of a buffer that is gone.  May be called under RCU. */
int mapbuf_fs_revalidate(struct dentry *dentry)
{
	const struct inode *inode = d_inode_rcu(dentry);

	if (inode && inode->i_ino == MAPBUF_ROOT_INO)
		return 1;
	return inode && mapbuf_ino_known(inode->i_ino);
}

/* Nothing is kept that could be looked up. */
static int fs_d_delete(const struct dentry *dentry)
{
	return 1;
}

static const struct dentry_operations fs_dops = {
	.d_revalidate = mapbuf_op_revalidate,
	.d_delete = fs_d_delete,
};

/* In order of creation; the position is the number of the inode. */
static int fs_iterate(struct file *file, struct dir_context *ctx)
{
	char name[MAPBUF_NAME_SIZE];
	unsigned long ino;

	if (!dir_emit_dots(file, ctx))
		return 0;
	for (;;) {
		ino = ctx->pos;
		if (!mapbuf_ino_next(&ino, name))
			return 0;
		ctx->pos = ino;
		if (!dir_emit(ctx, name, strlen(name), ino, DT_REG))
			return 0;
		ctx->pos++;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
}

static int fs_unlink(struct inode *dir, struct dentry *dentry)
{
	char name[MAPBUF_NAME_SIZE] = "";
	int err;

	memcpy(name, dentry->d_name.name, dentry->d_name.len);
	err = mapbuf_buffer_destroy(name, d_inode(dentry)->i_ino, false);
	if (!err)
		clear_nlink(d_inode(dentry));
	return err;
}

static const struct inode_operations dir_iops = {
	.lookup = fs_lookup,
	.unlink = fs_unlink,
};

static const struct file_operations dir_fops = {
	.owner = THIS_MODULE,
	.llseek = generic_file_llseek,
	.read = generic_read_dir,
	.iterate_shared = fs_iterate,
};

static int change_buffer(struct mapbuf_buffer *buf, void *data)
{
	const struct iattr *attr = data;
	u32 flags = buf->spec.flags;

	if (attr->ia_valid & ATTR_UID) {
		WRITE_ONCE(buf->spec.uid, attr->ia_uid);
		flags |= MAPBUF_CREATE_UID;
	}
	if (attr->ia_valid & ATTR_GID) {
		WRITE_ONCE(buf->spec.gid, attr->ia_gid);
		flags |= MAPBUF_CREATE_GID;
	}
	if (attr->ia_valid & ATTR_MODE) {
		WRITE_ONCE(buf->spec.mode, attr->ia_mode & 0777);
		flags |= MAPBUF_CREATE_MODE;
	}
	/* An event that is being sent has the old ones or the new ones. */
	smp_store_release(&buf->spec.flags, flags);
	kobject_uevent(&buf->dev.kobj, KOBJ_CHANGE);
	return 0;
}

/* The length is what it is; a truncating open, of which no length is, is granted. */
static int size_valid(const struct inode *inode, const struct iattr *attr)
{
	return !(attr->ia_valid & ATTR_SIZE) || attr->ia_valid & ATTR_OPEN ||
	       attr->ia_size == i_size_read(inode);
}

int mapbuf_fs_setattr(struct dentry *dentry, struct iattr *attr)
{
	const unsigned int owner = ATTR_UID | ATTR_GID | ATTR_MODE;
	struct inode *inode = d_inode(dentry);
	int err;

	if (!size_valid(inode, attr) ||
	    (attr->ia_valid & ATTR_MODE && attr->ia_mode & 07777 & ~0666))
		return -EINVAL;
	attr->ia_valid &= ~ATTR_SIZE;
	err = mapbuf_setattr_prepare(dentry, attr);
	if (err)
		return err;

	mutex_lock(&inodes_lock);
	if (attr->ia_valid & owner)
		err = mapbuf_registry_look(NULL, inode->i_ino, change_buffer,
					   attr);
	if (!err)
		mapbuf_setattr_copy(inode, attr);
	mutex_unlock(&inodes_lock);
	return err == -ENOENT ? -ESTALE : err;
}

static const struct inode_operations file_iops = {
	.setattr = mapbuf_op_setattr,
};

/* What max_bytes and max_buffers allow. */
static int fs_statfs(struct dentry *dentry, struct kstatfs *stat)
{
	u64 most = mapbuf_max_bytes() >> PAGE_SHIFT;
	u64 used = mapbuf_registry_charged() >> PAGE_SHIFT;
	unsigned int files = mapbuf_max_buffers();
	unsigned int buffers = mapbuf_registry_count();

	stat->f_type = MAPBUF_FS_MAGIC;
	stat->f_bsize = PAGE_SIZE;
	stat->f_namelen = MAPBUF_NAME_SIZE - 1;
	stat->f_blocks = most;
	stat->f_bfree = most > used ? most - used : 0;
	stat->f_bavail = stat->f_bfree;
	stat->f_files = files;
	stat->f_ffree = files > buffers ? files - buffers : 0;
	return 0;
}

/* Nobody refers to it: what it knows can be looked up again. */
static int fs_drop_inode(struct inode *inode)
{
	return 1;
}

static int fs_show_options(struct seq_file *m, struct dentry *root)
{
	const struct fs_options *options = root->d_sb->s_fs_info;

	seq_printf(m, ",uid=%u,gid=%u,mode=%04o",
		   from_kuid_munged(&init_user_ns, options->uid),
		   from_kgid_munged(&init_user_ns, options->gid),
		   options->mode);
	return 0;
}

static const struct super_operations fs_sops = {
	.statfs = fs_statfs,
	.drop_inode = fs_drop_inode,
	.show_options = fs_show_options,
};

enum { OPTION_UID, OPTION_GID, OPTION_MODE };

static const struct fs_parameter_spec fs_parameters[] = {
	fsparam_u32("uid", OPTION_UID),
	fsparam_u32("gid", OPTION_GID),
	fsparam_u32oct("mode", OPTION_MODE),
	{}
};

static int fs_parse_param(struct fs_context *fc, struct fs_parameter *param)
{
	struct fs_options *options = fc->s_fs_info;
	struct fs_parse_result result;
	int option;

	option = fs_parse(fc, fs_parameters, param, &result);
	switch (option) {
	case OPTION_UID:
		options->uid = make_kuid(fc->user_ns, result.uint_32);
		if (!uid_valid(options->uid))
			return invalf(fc, "mapbuf: no user %u", result.uint_32);
		break;
	case OPTION_GID:
		options->gid = make_kgid(fc->user_ns, result.uint_32);
		if (!gid_valid(options->gid))
			return invalf(fc, "mapbuf: no group %u", result.uint_32);
		break;
	case OPTION_MODE:
		if (result.uint_32 & ~0666)
			return invalf(fc, "mapbuf: mode has more than 0666");
		options->mode = result.uint_32;
		break;
	default:
		return option;
	}
	return 0;
}

static int fs_fill_super(struct super_block *sb, struct fs_context *fc)
{
	struct inode *inode;

	sb->s_blocksize = PAGE_SIZE;
	sb->s_blocksize_bits = PAGE_SHIFT;
	sb->s_maxbytes = MAX_LFS_FILESIZE;
	sb->s_magic = MAPBUF_FS_MAGIC;
	sb->s_time_gran = 1;
	sb->s_iflags |= SB_I_NOEXEC | SB_I_NODEV;
	sb->s_op = &fs_sops;
	mapbuf_set_d_op(sb, &fs_dops);

	inode = new_inode(sb);
	if (!inode)
		return -ENOMEM;
	inode->i_ino = MAPBUF_ROOT_INO;
	inode->i_mode = S_IFDIR | 0755;
	inode->i_op = &dir_iops;
	inode->i_fop = &dir_fops;
	inode->i_flags |= S_NOATIME;
	mapbuf_inode_set_times(inode, current_time(inode));
	set_nlink(inode, 2);
	sb->s_root = d_make_root(inode);
	return sb->s_root ? 0 : -ENOMEM;
}

static int fs_get_tree(struct fs_context *fc)
{
	return get_tree_single(fc, fs_fill_super);
}

static int own_again(struct mapbuf_buffer *buf, void *data)
{
	struct inode *inode = ilookup(data, buf->ino);

	if (inode) {
		inode_own(inode, buf);
		iput(inode);
	}
	return 0;
}

/* Also of files that are in use. */
static int fs_reconfigure(struct fs_context *fc)
{
	struct super_block *sb = fc->root->d_sb;
	struct fs_options *options = sb->s_fs_info;
	char name[MAPBUF_NAME_SIZE];
	unsigned long ino = 0;

	mutex_lock(&inodes_lock);
	*options = *(struct fs_options *)fc->s_fs_info;
	for (; mapbuf_ino_next(&ino, name); ino++)
		mapbuf_registry_look(NULL, ino, own_again, sb);
	mutex_unlock(&inodes_lock);
	return 0;
}

static void fs_free_context(struct fs_context *fc)
{
	kfree(fc->s_fs_info);
}

static const struct fs_context_operations fs_context_ops = {
	.parse_param = fs_parse_param,
	.get_tree = fs_get_tree,
	.reconfigure = fs_reconfigure,
	.free = fs_free_context,
};

static int fs_init_context(struct fs_context *fc)
{
	struct fs_options *options;

	if (!READ_ONCE(enabled))
		return -ENODEV;
	options = kzalloc(sizeof(*options), GFP_KERNEL);
	if (!options)
		return -ENOMEM;
	/* What is not said anew stays. */
	if (fc->root)
		*options = *(struct fs_options *)fc->root->d_sb->s_fs_info;
	else
		*options = root_only;
	fc->s_fs_info = options;
	fc->ops = &fs_context_ops;
	return 0;
}

static void fs_kill_sb(struct super_block *sb)
{
	kill_anon_super(sb);
	kfree(sb->s_fs_info);
}

static struct file_system_type fs_type = {
	.owner = THIS_MODULE,
	.name = "mapbuf",
	.init_fs_context = fs_init_context,
	.parameters = fs_parameters,
	.kill_sb = fs_kill_sb,
};
MODULE_ALIAS_FS("mapbuf");

/**
 * mapbuf_fs_init() - prepare the file system
 *
 * Return: 0, or -EBUSY if there is another one of that name.
 */
int __init mapbuf_fs_init(void)
{
	return register_filesystem(&fs_type);
}

/** mapbuf_fs_enable() - let it be mounted; the module is complete */
void mapbuf_fs_enable(void)
{
	WRITE_ONCE(enabled, true);
}

/** mapbuf_fs_exit() - undo mapbuf_fs_init(); nothing has it mounted */
void mapbuf_fs_exit(void)
{
	unregister_filesystem(&fs_type);
}
