/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QEMU's edu device, behind an IOMMU and given to this process by vfio-pci, or
 * without a driver.
 * All that it reads and writes by itself goes through its memory of 4 KiB.
 */
#ifndef EDU_H
#define EDU_H

#include "each.h"

#include <linux/vfio.h>

#define EDU_DEVICE "0000:00:05.0"
/* QEMU 7.2 does not survive transfers of the whole memory. */
#define EDU_TRANSFER 2048

struct edu {
	int container, group, fd;
	volatile char *regs;
};

/* EDU_DEVICE, unless the program sets another; a file of it in sysfs */
extern const char *edu_device;
const char *edu_file(const char *name);

/* The driver of the device: vfio-pci, or none */
bool edu_bind_to(const char *driver);
bool edu_bind(void);
bool edu_unbind(void);

void edu_open(struct edu *edu);
void edu_close(struct edu *edu);

/* Without a driver, or with uio_pci_generic: its registers are in sysfs. */
void edu_open_alone(struct edu *edu);
void edu_close_alone(struct edu *edu);

/*
 * Whether the kernel's command line has a word.  How many bits of an address the device
 * has: 28 behind an IOMMU, else as many as reach memory.  A buffer of it: 0 or -errno.
 */
bool edu_is_told(const char *word);
unsigned int edu_bits(void);
int edu_try_buffer(const char *name, uint64_t bytes, unsigned int backing,
		   unsigned int bits);

/*
 * What the device is to find at @iova, which has 28 bits at most.  @flags:
 * VFIO_DMA_MAP_FLAG_READ, _WRITE, as the device sees it.  0 or -errno.
 */
int edu_map(const struct edu *edu, void *address, size_t bytes, uint64_t iova,
	    unsigned int flags);
int edu_unmap(const struct edu *edu, uint64_t iova, size_t bytes);

/* Of EDU_TRANSFER bytes.  The first two wait until it is done. */
void edu_load(const struct edu *edu, uint64_t iova);
void edu_store(const struct edu *edu, uint64_t iova);
void edu_begin_store(const struct edu *edu, uint64_t iova);

#endif
