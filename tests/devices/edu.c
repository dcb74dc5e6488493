// SPDX-License-Identifier: GPL-2.0-only
#include "edu.h"

#include <linux/pci_regs.h>

const char *edu_device = EDU_DEVICE;

/* Registers, from QEMU's docs/specs/edu. */
#define EDU_ID 0x00
#define EDU_DMA_SOURCE 0x80
#define EDU_DMA_TARGET 0x88
#define EDU_DMA_COUNT 0x90
#define EDU_DMA_COMMAND 0x98
#define EDU_DMA_START 1
#define EDU_DMA_FROM_DEVICE 2
#define EDU_MEMORY 0x40000

const char *edu_file(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", edu_device,
		 name);
	return path;
}

bool edu_is_told(const char *word)
{
	char command[4096] = "";
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);

	must(read(fd, command, sizeof(command) - 1) > 0);
	close(fd);
	return strstr(command, word);
}

unsigned int edu_bits(void)
{
	if (edu_is_told("iommu"))
		return 28;
	return setting("EDU_MOVED", 0) ? 33 : 32;
}

int edu_try_buffer(const char *name, uint64_t bytes, unsigned int backing,
		   unsigned int bits)
{
	struct mapbuf_create request = {
		.size = sizeof(request), .bytes = bytes, .backing = backing,
		.dma_bits = bits,
	};

	snprintf(request.device, sizeof(request.device), "pci/%s", edu_device);
	strncpy(request.name, name, sizeof(request.name) - 1);
	return ioctl(b_control(), MAPBUF_IOC_CREATE, &request) ? -errno : 0;
}

bool edu_bind_to(const char *driver)
{
	return !write_file(edu_file("driver_override"), driver) &&
	       !write_file("/sys/bus/pci/drivers_probe", edu_device) &&
	       !access(edu_file("driver"), F_OK);
}

bool edu_bind(void)
{
	return edu_bind_to("vfio-pci");
}

bool edu_unbind(void)
{
	return !write_file(edu_file("driver/unbind"), edu_device);
}

static int open_group(void)
{
	char link[256] = "", path[64];

	if (readlink(edu_file("iommu_group"), link, sizeof(link) - 1) < 0)
		t_bail("no IOMMU group");
	snprintf(path, sizeof(path), "/dev/vfio%s", strrchr(link, '/'));
	return open(path, O_RDWR | O_CLOEXEC);
}

/* Without this the device does not do DMA. */
static void set_master(const struct edu *edu)
{
	struct vfio_region_info config = {
		.argsz = sizeof(config),
		.index = VFIO_PCI_CONFIG_REGION_INDEX,
	};
	uint16_t command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;

	if (ioctl(edu->fd, VFIO_DEVICE_GET_REGION_INFO, &config) ||
	    pwrite(edu->fd, &command, sizeof(command),
		   config.offset + PCI_COMMAND) != sizeof(command))
		t_bail("PCI_COMMAND");
}

static volatile uint64_t *reg(const struct edu *edu, unsigned int offset)
{
	return (volatile uint64_t *)(edu->regs + offset);
}

static void finish(const struct edu *edu)
{
	double limit = seconds() + 600;

	while (*reg(edu, EDU_DMA_COMMAND) & EDU_DMA_START) {
		if (seconds() > limit)
			t_bail("the device does not finish");
		usleep(5000);
	}
}

void edu_open(struct edu *edu)
{
	struct vfio_region_info bar = {
		.argsz = sizeof(bar), .index = VFIO_PCI_BAR0_REGION_INDEX,
	};

	edu->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	edu->group = open_group();
	if (edu->container < 0 || edu->group < 0)
		t_bail("open /dev/vfio");
	if (ioctl(edu->group, VFIO_GROUP_SET_CONTAINER, &edu->container) ||
	    ioctl(edu->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		t_bail("VFIO_SET_IOMMU");
	edu->fd = ioctl(edu->group, VFIO_GROUP_GET_DEVICE_FD, edu_device);
	if (edu->fd < 0 || ioctl(edu->fd, VFIO_DEVICE_GET_REGION_INFO, &bar))
		t_bail("VFIO_GROUP_GET_DEVICE_FD");
	set_master(edu);
	edu->regs = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			 edu->fd, bar.offset);
	if (edu->regs == MAP_FAILED ||
	    (*(volatile uint32_t *)(edu->regs + EDU_ID) & 0xffff) != 0xed)
		t_bail("the registers of edu");
	/*
	 * The device cannot be reset.  What a killed process began would reach
	 * our memory, and meanwhile the device ignores all commands.
	 */
	finish(edu);
}

void edu_close(struct edu *edu)
{
	munmap((void *)edu->regs, PAGE);
	close(edu->fd);
	close(edu->group);
	close(edu->container);
}

void edu_open_alone(struct edu *edu)
{
	uint16_t command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	int config = open(edu_file("config"), O_RDWR | O_CLOEXEC);

	/* A driver for processes has done so. */
	if (config < 0 ||
	    (access(edu_file("driver"), F_OK) && write_file(edu_file("enable"), "1")) ||
	    pwrite(config, &command, sizeof(command), PCI_COMMAND) !=
	    sizeof(command))
		t_bail("enable %s", edu_device);
	close(config);
	edu->fd = open(edu_file("resource0"), O_RDWR | O_SYNC | O_CLOEXEC);
	edu->regs = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			 edu->fd, 0);
	if (edu->regs == MAP_FAILED)
		t_bail("the registers of edu");
	finish(edu);
}

void edu_close_alone(struct edu *edu)
{
	munmap((void *)edu->regs, PAGE);
	close(edu->fd);
}

int edu_map(const struct edu *edu, void *address, size_t bytes, uint64_t iova,
	    unsigned int flags)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map), .flags = flags,
		.vaddr = (uintptr_t)address, .iova = iova, .size = bytes,
	};

	return ioctl(edu->container, VFIO_IOMMU_MAP_DMA, &map) ? -errno : 0;
}

int edu_unmap(const struct edu *edu, uint64_t iova, size_t bytes)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap), .iova = iova, .size = bytes,
	};

	if (ioctl(edu->container, VFIO_IOMMU_UNMAP_DMA, &unmap))
		return -errno;
	return unmap.size == bytes ? 0 : -ENOENT;
}

static void begin(const struct edu *edu, uint64_t source, uint64_t target,
		  uint64_t direction)
{
	*reg(edu, EDU_DMA_SOURCE) = source;
	*reg(edu, EDU_DMA_TARGET) = target;
	*reg(edu, EDU_DMA_COUNT) = EDU_TRANSFER;
	*reg(edu, EDU_DMA_COMMAND) = EDU_DMA_START | direction;
}

void edu_load(const struct edu *edu, uint64_t iova)
{
	begin(edu, iova, EDU_MEMORY, 0);
	finish(edu);
}

void edu_begin_store(const struct edu *edu, uint64_t iova)
{
	begin(edu, EDU_MEMORY, iova, EDU_DMA_FROM_DEVICE);
}

void edu_store(const struct edu *edu, uint64_t iova)
{
	edu_begin_store(edu, iova);
	finish(edu);
}
