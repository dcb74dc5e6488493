/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mapbuf for other modules: named memory buffers shared with processes.
 *
 * A module that uses these functions keeps mapbuf loaded.  Build it with the
 * directory of this header and Module.symvers of mapbuf, see
 * examples/driver/Kbuild.
 */
#ifndef _LINUX_MAPBUF_H
#define _LINUX_MAPBUF_H

#include <linux/dma-direction.h>
#include <linux/scatterlist.h>
#include <linux/types.h>
#include <linux/uidgid.h>

#include <uapi/linux/mapbuf.h>

struct device;
struct dma_buf;
struct mapbuf_buffer;

/**
 * struct mapbuf_attr - what mapbuf_create() makes
 * @name: as in struct mapbuf_create, of the uapi header
 * @bytes: size, rounded up to whole pages
 * @backing: not MAPBUF_BACKING_RESERVED
 * @flags: of enum mapbuf_create_flags, which say what other members count
 * @numa_node: with MAPBUF_CREATE_NUMA_NODE
 * @dma_bits: 0 for anywhere
 * @uid: with MAPBUF_CREATE_UID
 * @gid: with MAPBUF_CREATE_GID
 * @mode: with MAPBUF_CREATE_MODE
 * @dev: a device of PCI or the platform that the buffer belongs to, or NULL; as
 *	member device of struct mapbuf_create.  Its driver does not come or go during
 *	the call, which may be in probe(); a driver destroys the buffer in remove()
 *
 * Set all of it to zero first; @name and @bytes alone are enough.
 */
struct mapbuf_attr {
	const char *name;
	u64 bytes;
	enum mapbuf_backing backing;
	u32 flags;
	int numa_node;
	u32 dma_bits;
	kuid_t uid;
	kgid_t gid;
	umode_t mode;
	struct device *dev;
};

struct mapbuf_buffer *mapbuf_create(const struct mapbuf_attr *attr);
void mapbuf_destroy(struct mapbuf_buffer *buf);
struct mapbuf_buffer *mapbuf_find(const char *name);
struct mapbuf_buffer *mapbuf_get(struct mapbuf_buffer *buf);
void mapbuf_put(struct mapbuf_buffer *buf);
size_t mapbuf_size(const struct mapbuf_buffer *buf);
void *mapbuf_vmap(struct mapbuf_buffer *buf);
int mapbuf_sg_table(struct mapbuf_buffer *buf, size_t offset, size_t bytes,
		    struct sg_table *table);
int mapbuf_sg_table_for(struct mapbuf_buffer *buf, struct device *dev,
			size_t offset, size_t bytes, struct sg_table *table);
struct sg_table *mapbuf_map_sg(struct mapbuf_buffer *buf, struct device *dev,
			       size_t offset, size_t bytes,
			       enum dma_data_direction direction);
void mapbuf_unmap_sg(struct mapbuf_buffer *buf, struct sg_table *table);
int mapbuf_sync(struct mapbuf_buffer *buf, size_t offset, size_t bytes,
		enum dma_data_direction direction, bool for_cpu);
struct dma_buf *mapbuf_dma_buf(struct mapbuf_buffer *buf, size_t offset,
			       size_t bytes);
int mapbuf_dma_address(struct mapbuf_buffer *buf, size_t offset,
		       dma_addr_t *address, size_t *bytes);
u64 mapbuf_notify(struct mapbuf_buffer *buf);
u64 mapbuf_notify_cansleep(struct mapbuf_buffer *buf);

#endif /* _LINUX_MAPBUF_H */
