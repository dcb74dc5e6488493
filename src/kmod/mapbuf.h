/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The buffer and the interface between the parts of the module.
 */
#ifndef MAPBUF_INTERNAL_H
#define MAPBUF_INTERNAL_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/device.h>
#include <linux/dma-resv.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/page-flags.h>
#include <linux/pgtable.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock_types.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <linux/mapbuf.h>

#include "compat/features.h"
#include "registry.h"

struct iov_iter;
struct kernfs_node;
struct mapbuf_backing_ops;
struct mapbuf_dma_map;
struct mapbuf_watch;
struct poll_table_struct;
struct vm_area_struct;
struct vm_fault;
struct zone;

/* What is as large as a user asks: fails, and kills nothing, when short. */
#define MAPBUF_GFP (GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/* The largest piece that one page table entry can map. */
#define MAPBUF_CHUNK_ORDER (PMD_SHIFT - PAGE_SHIFT)
#define MAPBUF_CHUNK_PAGES BIT(MAPBUF_CHUNK_ORDER)

/*
 * Whether chunks are compound pages where they can.  A kernel without transparent
 * huge pages maps none in one piece, and cannot split a folio: MADV_COLD of one
 * that it finds mapped in part tries again for ever (6.12, mm/madvise.c).  Before
 * 6.12 a kernel maps them also where the processor knows no such entry.
 */
static inline bool mapbuf_compound(void)
{
	return IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE) &&
	       has_transparent_hugepage();
}

/**
 * struct mapbuf_chunk - MAPBUF_CHUNK_PAGES pages of a buffer
 * @head: the first of adjacent pages: one compound page, or single ones
 * @pages: where the pages are not adjacent: each of them
 * @failed: a page with a memory error has been noticed; never back to false
 *
 * One of the first two is set.  The last chunk of a buffer may be shorter.
 */
struct mapbuf_chunk {
	struct page *head;
	struct page **pages;
	bool failed;
};

/**
 * struct mapbuf_spec - what a buffer is to be
 * @name: checked by mapbuf_name_valid()
 * @bytes: not yet rounded
 * @ops: the backing
 * @numa_node: or NUMA_NO_NODE
 * @dma_bits: 0 for anywhere; what @device reaches, if that is less than was asked for
 * @flags: of enum mapbuf_create_flags
 * @uid: with MAPBUF_CREATE_UID
 * @gid: with MAPBUF_CREATE_GID
 * @mode: with MAPBUF_CREATE_MODE
 * @cache: of enum mapbuf_cache
 * @phys_addr: of a reserved range
 * @device: that the buffer belongs to, or NULL; who has the spec has a reference
 * @device_is_locked: the caller keeps its driver from coming and going
 * @asked_bits: @dma_bits as asked for
 * @node_is_devices: nobody asked for @numa_node, which is near @device
 * @cleared: bytes of it that are done, for who looks on; may be NULL
 */
struct mapbuf_spec {
	char name[MAPBUF_NAME_SIZE];
	u64 bytes;
	const struct mapbuf_backing_ops *ops;
	int numa_node;
	u32 dma_bits;
	u32 flags;
	kuid_t uid;
	kgid_t gid;
	umode_t mode;
	u32 cache;
	u64 phys_addr;
	struct device *device;
	bool device_is_locked;
	u32 asked_bits;
	bool node_is_devices;
	atomic64_t *cleared;
};

/**
 * struct mapbuf_buffer - a buffer
 * @dev: its device; the reference count of this structure.  Held by the
 *       registry from reservation to mapbuf_buffer_release().
 * @users: keeps the memory: 1 for the registry while the buffer has a node, 1
 *         for each user, see users.c, and for whoever waits to become one.  At 0
 *         the memory is freed; it never rises from 0 again.
 * @active: users; 0 while memory is cleared between them
 * @announced: the buffer can be found by name; under registry_lock
 * @leaving: it is being destroyed, and its name will be free; under registry_lock
 * @spec: as created, bytes rounded up to pages
 * @id: N of /dev/mapbufN
 * @ino: the number of its file's inode, higher than that of all before
 * @created: when that was
 * @nr_pages: size in pages
 * @chunks: its memory; constant while @users is not 0.  Each page has one
 *          reference of the buffer; users of the mapping may pin it longer.
 *          NULL where the backing has no pages.
 * @kaddr: where the kernel sees a backing without pages; NULL after that has gone
 * @dma_handle: where the device finds @kaddr, if its memory comes from it
 * @claim: of a reserved range, in /proc/iomem; NULL after its device has gone
 * @claims_link: in the list of those that have one
 * @range_lock: protects @revoked; held by whoever reaches for the range
 * @revoked: the device has gone that the range was of; never back to false
 * @inode: its mapping is the f_mapping of every open file, so that the size
 *         is known to page faults; all locks of files are kept with it
 * @opens: open files
 * @mappings: areas of memory that map it
 * @opens_attr: in sysfs; NULL until there is a device
 * @mappings_attr: the same
 * @users_lock: protects @clear_state, and @active where it comes from or to 0
 * @clear_state: 0 if @active may rise, -EINPROGRESS while the memory is cleared,
 *		 -EBUSY if that has to wait for pins
 * @clear_waiters: for @clear_state to change
 * @clear_work: clears; it alone has @clear_next and @clear_tries while
 *		@clear_state is -EINPROGRESS
 * @clear_next: chunk to clear next
 * @clear_tries: how often that one was found pinned
 * @pinned_link: in the list of those that are gone and still pinned
 * @pinned_pages: how many, once it is there; under the lock of that list
 * @sequence: notifications so far
 * @wake_lock: held by the one who tells of them; protects @told
 * @told: the last notification that all who poll have been told of
 * @watch_lock: protects what follows; taken under @wake_lock
 * @watches: of struct mapbuf_watch, each eventfd once
 * @next_watch: where the one who tells them is in the list
 * @nr_watches: length of the list
 * @waiters: who polls
 * @notify_work: tells of notifications that cannot be told of at once
 * @exports: dma-bufs of it
 * @dma_lock: protects @dma_maps and @dma_exports; taken under @dma_resv
 * @dma_maps: of struct mapbuf_dma_map, what devices have mapped by any dma-buf
 * @dma_exports: of struct mapbuf_dmabuf, all dma-bufs
 * @dma_resv: the fences of all dma-bufs
 * @device_link: in the list of those that belong to a device
 * @device_map: the memory, mapped for it, one of @dma_maps, or NULL; read under
 *		@dma_lock, as @device_hidden
 * @device_hidden: @device_map is not to be used any more
 * @device_gone: the device has been removed; never back to false
 * @device_linked: sysfs shows it
 * @device_translated: @device_map is behind an IOMMU
 * @vmap_lock: protects @vaddr
 * @vaddr: where mapbuf_buffer_vmap(), or mapbuf_scrap_vmap(), has mapped; or NULL
 * @gone: the node has been taken away; never back to false
 * @name_node: in the table of names; under registry_lock
 * @rcu: frees this structure after mapbuf_buffer_get() can have seen it
 */
struct mapbuf_buffer {
	struct device dev;
	refcount_t users;
	atomic_t active;
	bool announced;
	bool leaving;
	struct mapbuf_spec spec;
	u32 id;
	unsigned long ino;
	struct timespec64 created;
	unsigned long nr_pages;
	struct mapbuf_chunk *chunks;
	void *kaddr;
	dma_addr_t dma_handle;
	struct resource *claim;	/* under claims_lock, as claims_link */
	struct list_head claims_link;
	struct rw_semaphore range_lock;	/* revoked */
	bool revoked;
	struct inode *inode;
	atomic_t opens;
	atomic_t mappings;
	struct kernfs_node *opens_attr;
	struct kernfs_node *mappings_attr;
	spinlock_t users_lock;	/* clear_state, active from and to 0 */
	int clear_state;
	wait_queue_head_t clear_waiters;
	struct delayed_work clear_work;
	unsigned long clear_next;
	unsigned int clear_tries;
	struct list_head pinned_link;
	unsigned long pinned_pages;
	atomic64_t sequence;
	struct mutex wake_lock;	/* told */
	u64 told;
	struct mutex watch_lock;	/* watches, of files: watch */
	struct list_head watches;
	struct list_head *next_watch;
	unsigned int nr_watches;
	wait_queue_head_t waiters;
	struct work_struct notify_work;
	bool gone;
	atomic_t exports;
	struct mutex dma_lock;	/* dma_maps, dma_exports, device_hidden */
	struct list_head dma_maps;
	struct list_head dma_exports;
#ifdef CONFIG_DMA_SHARED_BUFFER
	struct dma_resv dma_resv;
#endif
	struct list_head device_link;	/* under devices_lock, as all of device_ */
	struct mapbuf_dma_map *device_map;
	bool device_hidden;
	bool device_gone;
	bool device_linked;
	bool device_translated;
	struct mutex vmap_lock;	/* vaddr */
	void *vaddr;
	struct rhash_head name_node;
	struct rcu_head rcu;
};

/**
 * struct mapbuf_file - an open node of a buffer
 * @buf: the buffer; the file is one of its users
 * @seen: the last notification that its holder has been told of
 * @watch: of the eventfd that notifications signal, or NULL; under watch_lock of
 *	   @buf
 * @marked: has the mark of locks.c, which goes with it; never back to false
 */
struct mapbuf_file {
	struct mapbuf_buffer *buf;
	atomic64_t seen;
	struct mapbuf_watch *watch;
	bool marked;
};

static inline struct mapbuf_buffer *mapbuf_of(const struct file *file)
{
	return ((const struct mapbuf_file *)file->private_data)->buf;
}

static inline unsigned long mapbuf_nr_chunks(const struct mapbuf_buffer *buf)
{
	return DIV_ROUND_UP(buf->nr_pages, MAPBUF_CHUNK_PAGES);
}

/**
 * mapbuf_page() - a page of a buffer
 * @buf: the buffer; the caller is one of its users
 * @index: below @buf->nr_pages
 *
 * Return: the page; the reference stays with the buffer.
 */
static inline struct page *mapbuf_page(const struct mapbuf_buffer *buf,
				       unsigned long index)
{
	const struct mapbuf_chunk *chunk =
		&buf->chunks[index >> MAPBUF_CHUNK_ORDER];

	index &= MAPBUF_CHUNK_PAGES - 1;
	return chunk->pages ? chunk->pages[index] : chunk->head + index;
}

static inline struct mapbuf_buffer *to_mapbuf(const struct device *dev)
{
	return container_of(dev, struct mapbuf_buffer, dev);
}

#define MAPBUF_MIN_DMA_BITS 12
#define MAPBUF_ROOT_INO 1UL

#define MAPBUF_CREATE_KNOWN						\
	(MAPBUF_CREATE_NUMA_NODE | MAPBUF_CREATE_UID |			\
	 MAPBUF_CREATE_GID | MAPBUF_CREATE_MODE |			\
	 MAPBUF_CREATE_ZERO_LAST_CLOSE | MAPBUF_CREATE_ZERO |		\
	 MAPBUF_CREATE_SHOW_ADDRESS)

/* main.c */
extern struct class mapbuf_class;

/* params.c */
bool mapbuf_params_apply(void);
int mapbuf_params_make_buffers(void);
const struct mapbuf_backing_ops *mapbuf_default_backing(void);
const struct mapbuf_backing_ops *mapbuf_backing_find(u32 id);
u64 mapbuf_max_bytes(void);
unsigned int mapbuf_max_buffers(void);
unsigned int mapbuf_max_eventfds(void);
unsigned int mapbuf_threads(void);

/* buffer.c */
int mapbuf_buffers_init(dev_t devt);
void mapbuf_buffers_exit(void);
bool mapbuf_name_valid(const char *name);
struct mapbuf_buffer *mapbuf_buffer_alloc(const struct mapbuf_spec *spec);
int mapbuf_buffer_publish(struct mapbuf_buffer *buf);
void mapbuf_buffer_unpublish(struct mapbuf_buffer *buf);
struct mapbuf_buffer *mapbuf_buffer_find(const char *name);
struct mapbuf_buffer *mapbuf_buffer_hold(struct mapbuf_buffer *buf);
void mapbuf_buffer_retire(struct mapbuf_buffer *buf);
int mapbuf_buffer_destroy(const char *name, unsigned long ino, bool deferred);
struct mapbuf_buffer *mapbuf_buffer_get(u32 id, bool nonblock);
struct mapbuf_buffer *mapbuf_buffer_get_ino(unsigned long ino, bool nonblock);
void mapbuf_buffer_put(struct mapbuf_buffer *buf);
void mapbuf_buffer_unref(struct mapbuf_buffer *buf);
void mapbuf_buffer_drop(struct mapbuf_buffer *buf);

/* users.c */
int mapbuf_users_start(void);
void mapbuf_users_stop(void);
void mapbuf_users_init(struct mapbuf_buffer *buf);
int mapbuf_users_enter(struct mapbuf_buffer *buf, bool nonblock);
void mapbuf_users_add(struct mapbuf_buffer *buf);
void mapbuf_users_leave(struct mapbuf_buffer *buf);
void mapbuf_users_end(struct mapbuf_buffer *buf);

/* pins.c */
void mapbuf_pins_keep(struct mapbuf_buffer *buf, unsigned long pages);
unsigned long mapbuf_pins_collect(void);
void mapbuf_pins_stop(void);

/* available.c */
extern const gfp_t mapbuf_zone_gfp[];
bool mapbuf_pages_available(const struct mapbuf_spec *spec, u64 nr);
int mapbuf_top_zone(const struct mapbuf_spec *spec);
unsigned long mapbuf_zone_reach(const struct mapbuf_spec *spec,
				struct zone *zone);
bool mapbuf_zone_has(const struct mapbuf_spec *spec, struct zone *zone, int top,
		     unsigned long nr);
bool mapbuf_zones_free(const struct mapbuf_spec *spec, int type, int top,
		       unsigned long nr);

/* pages.c */
struct page **mapbuf_pages_from(const struct mapbuf_buffer *buf,
				unsigned long first, unsigned long *n,
				struct page **few, unsigned long nr_few);
int mapbuf_pages_set_cache(struct mapbuf_buffer *buf);
bool mapbuf_chunk_pinned(const struct mapbuf_buffer *buf, unsigned long nr);
unsigned long mapbuf_pages_pinned(const struct mapbuf_buffer *buf);
unsigned long mapbuf_pages_free(struct mapbuf_buffer *buf, bool pinned_too);
size_t mapbuf_buffer_copy(struct mapbuf_buffer *buf, loff_t pos, size_t bytes,
			  struct iov_iter *iter, bool to_iter);
bool mapbuf_range_valid(const struct mapbuf_buffer *buf, u64 offset, u64 bytes);
size_t mapbuf_dma_segment(struct device *dev);
int mapbuf_buffer_sg_table(const struct mapbuf_buffer *buf, struct device *dev,
			   unsigned long first, unsigned long n,
			   struct sg_table *table);
bool mapbuf_buffer_has_pages(const struct mapbuf_buffer *buf);
bool mapbuf_buffer_is_io(const struct mapbuf_buffer *buf);
pgprot_t mapbuf_buffer_pgprot(const struct mapbuf_buffer *buf, pgprot_t prot);
bool mapbuf_buffer_phys(const struct mapbuf_buffer *buf, phys_addr_t *phys);

/* clear.c */
void mapbuf_note_cleared(const struct mapbuf_buffer *buf, unsigned long nr);
int mapbuf_pages_clear(struct mapbuf_buffer *buf);
void mapbuf_chunks_clear(struct mapbuf_buffer *buf, unsigned long first,
			 unsigned long end);

/* cache.c */
#define MAPBUF_CACHES (MAPBUF_CACHE_UNCACHED + 1)
extern const char *const mapbuf_cache_names[MAPBUF_CACHES];
int mapbuf_cache_set(const struct mapbuf_buffer *buf, struct page *first,
		     unsigned long n);
bool mapbuf_cache_reset(const struct mapbuf_buffer *buf, struct page *first,
			unsigned long n);

/* errors.c */
void mapbuf_page_revoke(const struct mapbuf_buffer *buf, unsigned long index);
unsigned long mapbuf_pages_good(const struct mapbuf_buffer *buf,
				unsigned long first, struct page **pages,
				unsigned long n);
unsigned long mapbuf_pages_failed(const struct mapbuf_buffer *buf,
				  unsigned long first, unsigned long n);
void mapbuf_chunk_mapped(const struct mapbuf_buffer *buf, unsigned long index);
bool mapbuf_piece_failed(struct page *head);

/**
 * mapbuf_page_failed() - whether a page has a memory error
 * @buf: the buffer; the caller keeps it from being freed
 * @index: below @buf->nr_pages
 *
 * If so, it is taken away from all who map it.  Sleeps then.
 *
 * Return: false for a buffer that is not made of pages.
 */
static inline bool mapbuf_page_failed(const struct mapbuf_buffer *buf,
				      unsigned long index)
{
	if (!buf->chunks || likely(!PageHWPoison(mapbuf_page(buf, index))))
		return false;
	mapbuf_page_revoke(buf, index);
	return true;
}

/**
 * mapbuf_chunk_failed() - whether a page of a chunk is known to have an error
 * @buf: the buffer; the caller keeps it from being freed
 * @index: of any page of the chunk
 *
 * Return: true if the chunk must not be mapped in one piece.
 */
static inline bool mapbuf_chunk_failed(const struct mapbuf_buffer *buf,
				       unsigned long index)
{
	return READ_ONCE(buf->chunks[index >> MAPBUF_CHUNK_ORDER].failed);
}

/* place.c, mapping.c */
void mapbuf_mapping_place(struct mapbuf_buffer *buf);
void mapbuf_mapping_displace(struct mapbuf_buffer *buf);
int mapbuf_mapping_init(struct mapbuf_buffer *buf);
void mapbuf_mapping_destroy(struct mapbuf_buffer *buf);
int mapbuf_mapping_mmap(struct mapbuf_buffer *buf, struct vm_area_struct *vma);
int mapbuf_mmap(struct file *file, struct vm_area_struct *vma);
void mapbuf_mapping_open(struct vm_area_struct *vma);
void mapbuf_mapping_close(struct vm_area_struct *vma);
#ifdef MAPBUF_HAVE_MM_GET_UNMAPPED_AREA_OP
unsigned long mapbuf_get_unmapped_area(struct file *file, unsigned long addr,
				       unsigned long len, unsigned long pgoff,
				       unsigned long flags);
#else
/* NULL, no operation, in a kernel without 2 MiB mappings. */
#define mapbuf_get_unmapped_area thp_get_unmapped_area
#endif

/* mapping_pages.c */
pgprot_t mapbuf_mapping_prot(const struct vm_area_struct *vma);
void mapbuf_mapping_dirty(struct vm_fault *vmf);
void mapbuf_mapping_stand_in(struct vm_area_struct *area,
			     const struct vm_area_struct *vma,
			     unsigned long flags);
vm_fault_t mapbuf_mapping_fault_pages(struct vm_fault *vmf,
				      const struct mapbuf_buffer *buf);

/* devtree.c */
int mapbuf_devtree_start(void);
void mapbuf_devtree_stop(void);

/* sysfs.c */
bool mapbuf_may_see_addresses(void);
void mapbuf_counts_attach(struct mapbuf_buffer *buf);
void mapbuf_counts_detach(struct mapbuf_buffer *buf);
void mapbuf_counts_changed(struct kernfs_node *attr);

/* dmabuf.c */
void mapbuf_dmabuf_init(struct mapbuf_buffer *buf);
void mapbuf_dmabuf_end(struct mapbuf_buffer *buf);
struct file *mapbuf_dmabuf_export(struct mapbuf_buffer *buf, u64 offset,
				  u64 bytes);

/* notify.c */
int mapbuf_notify_start(void);
void mapbuf_notify_stop(void);
void mapbuf_notify_init(struct mapbuf_buffer *buf);
void mapbuf_notify_end(struct mapbuf_buffer *buf);
u64 mapbuf_buffer_notify(struct mapbuf_buffer *buf);
u64 mapbuf_buffer_notify_soon(struct mapbuf_buffer *buf);
void mapbuf_notify_gone(struct mapbuf_buffer *buf);
void mapbuf_file_init(struct mapbuf_file *file);
u64 mapbuf_file_seen(struct mapbuf_file *file);
__poll_t mapbuf_file_poll(struct file *file, struct poll_table_struct *wait);
int mapbuf_file_eventfd(struct mapbuf_file *file, int fd);
void mapbuf_file_end(struct mapbuf_file *file);

/* chardev.c, control.c, sysfs.c */
extern const struct file_operations mapbuf_fops;

/* fs.c */
int mapbuf_fs_init(void);
void mapbuf_fs_enable(void);
void mapbuf_fs_exit(void);
int mapbuf_control_init(void);
void mapbuf_control_enable(void);
void mapbuf_control_exit(void);
extern const struct device_type mapbuf_device_type;
extern const struct attribute_group *mapbuf_control_groups[];

/* control.c: also serves the requests of chardev.c */
long mapbuf_node_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

#endif /* MAPBUF_INTERNAL_H */
