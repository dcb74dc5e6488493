// SPDX-License-Identifier: 0BSD
/*
 * NAME
 *	drive - be the driver of a device
 *
 * SYNOPSIS
 *	drive DEVICE BUFFER FILE FRAMES
 *
 * DESCRIPTION
 *	Has QEMU's "edu" device (-device edu) write FRAMES frames into BUFFER, and writes
 *	each to FILE, past the page cache.  The device is on the PCI bus, for instance
 *	0000:00:05.0, and has the driver uio_pci_generic, which passes its interrupts on
 *	and leaves all else to this program.  BUFFER belongs to the device, in
 *	mapbuf.conf:
 *
 *		[edu]
 *		Size=1M
 *		Device=/sys/bus/pci/devices/0000:00:05.0
 *		DMABits=28
 *
 *	Whoever waits for data of BUFFER is notified of each frame, which is in the slot
 *	of its number: a page, the last of which is not for frames.
 *
 *	The device has no data of its own.  So each frame is made in the last page, moved
 *	into the device, and from there to its slot, where it is compared with what it
 *	should be.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <mapbuf.h>

/* Registers, from QEMU's docs/specs/edu. */
#define EDU_IRQ_STATUS 0x24
#define EDU_IRQ_ACK 0x64
#define EDU_DMA_SOURCE 0x80
#define EDU_DMA_TARGET 0x88
#define EDU_DMA_COUNT 0x90
#define EDU_DMA_COMMAND 0x98
#define EDU_DMA_START 1
#define EDU_DMA_FROM_DEVICE 2
#define EDU_DMA_IRQ 4
#define EDU_MEMORY 0x40000	/* where DMA finds the device's own memory */
#define EDU_TRANSFER 2048	/* it cannot move all of its 4096 bytes at once */

#define FRAME 4096

struct device {
	const char *name;
	int config;		/* its PCI configuration */
	int interrupts;		/* /dev/uioN */
	volatile char *registers;
	struct mapbuf *buffer;
	uint64_t size;
	char *memory;
};

static int open_device(const char *device, const char *file)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", device, file);
	fd = open(path, O_RDWR | O_SYNC | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s: cannot open", path);
	return fd;
}

/* The interrupts of a device are those of its node /dev/uioN. */
static int open_interrupts(const char *device)
{
	char pattern[256], path[64];
	glob_t found;
	int fd;

	snprintf(pattern, sizeof(pattern), "/sys/bus/pci/devices/%s/uio/uio*",
		 device);
	if (glob(pattern, 0, NULL, &found))
		errx(1, "%s: has no interrupts for programs (echo uio_pci_generic >/sys/bus/pci/devices/%s/driver_override; echo %s >/sys/bus/pci/drivers_probe)",
		     device, device, device);
	snprintf(path, sizeof(path), "/dev%s", strrchr(found.gl_pathv[0], '/'));
	globfree(&found);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s: cannot open", path);
	return fd;
}

static void open_all(struct device *device, const char *name,
		     const char *buffer)
{
	int fd = open_device(name, "resource0");
	void *registers = mmap(NULL, FRAME, PROT_READ | PROT_WRITE, MAP_SHARED,
			       fd, 0);

	if (registers == MAP_FAILED)
		err(1, "%s: cannot map its registers", name);
	close(fd);
	device->name = name;
	device->registers = registers;
	device->config = open_device(name, "config");
	device->interrupts = open_interrupts(name);

	device->buffer = mapbuf_open(buffer, O_RDWR);
	if (!device->buffer)
		err(1, "buffer %s: cannot open", buffer);
	device->size = mapbuf_size(device->buffer);
	if (device->size < 2 * FRAME)
		errx(1, "buffer %s: too small, it must be %d bytes or larger",
		     buffer, 2 * FRAME);
	device->memory = mapbuf_map(device->buffer, 0, 0, 0);
	if (!device->memory)
		err(1, "buffer %s: cannot map", buffer);
}

static void write_register(const struct device *device, unsigned int at,
			   uint64_t value)
{
	*(volatile uint64_t *)(device->registers + at) = value;
}

/* uio_pci_generic has turned interrupts off; turned on, one that waits is raised. */
static void enable_interrupts(const struct device *device)
{
	uint16_t command;

	if (pread(device->config, &command, 2, PCI_COMMAND) != 2)
		err(1, "%s: cannot read its configuration", device->name);
	command |= PCI_COMMAND_MASTER;
	command &= ~PCI_COMMAND_INTX_DISABLE;
	if (pwrite(device->config, &command, 2, PCI_COMMAND) != 2)
		err(1, "%s: cannot configure it", device->name);
}

/* Until the device has moved what it was told to move */
static void wait_interrupt(const struct device *device)
{
	uint32_t count, status;

	do {
		if (read(device->interrupts, &count, sizeof(count)) !=
		    sizeof(count))
			err(1, "%s: cannot wait for an interrupt", device->name);
		status = *(volatile uint32_t *)(device->registers +
						EDU_IRQ_STATUS);
		*(volatile uint32_t *)(device->registers + EDU_IRQ_ACK) = status;
		enable_interrupts(device);
	} while (!status);
}

static uint64_t address_of(const struct device *device, uint64_t offset)
{
	uint64_t address, length;

	if (mapbuf_dma_address(device->buffer, offset, &address, &length))
		err(1, "buffer %s: has no address for the device",
		    mapbuf_name(device->buffer));
	if (length < EDU_TRANSFER)
		errx(1, "buffer %s: is in pieces that are too small",
		     mapbuf_name(device->buffer));
	return address;
}

static void sync_part(const struct device *device, uint64_t offset,
		      unsigned int flags)
{
	if (mapbuf_sync(device->buffer, offset, EDU_TRANSFER, flags))
		err(1, "buffer %s: cannot synchronize",
		    mapbuf_name(device->buffer));
}

static void move(const struct device *device, uint64_t from, uint64_t to,
		 unsigned int direction)
{
	write_register(device, EDU_DMA_SOURCE, from);
	write_register(device, EDU_DMA_TARGET, to);
	write_register(device, EDU_DMA_COUNT, EDU_TRANSFER);
	write_register(device, EDU_DMA_COMMAND,
		       EDU_DMA_START | EDU_DMA_IRQ | direction);
	wait_interrupt(device);
}

/* Give the device what a processor has written. */
static void load(const struct device *device, uint64_t offset)
{
	sync_part(device, offset, MAPBUF_FOR_DEVICE | MAPBUF_TO_DEVICE);
	move(device, address_of(device, offset), EDU_MEMORY, 0);
}

/* Have the device write, where from now on no processor does, and fetch it. */
static void store(const struct device *device, uint64_t offset)
{
	sync_part(device, offset, MAPBUF_FOR_DEVICE | MAPBUF_FROM_DEVICE);
	move(device, EDU_MEMORY, address_of(device, offset),
	     EDU_DMA_FROM_DEVICE);
	sync_part(device, offset, MAPBUF_FOR_CPU | MAPBUF_FROM_DEVICE);
}

/* The device fills the slot of a frame.  Returns the slot. */
static const char *capture(const struct device *device, uint32_t number)
{
	uint64_t source = device->size - FRAME, i;
	uint64_t slot = number % (source / FRAME) * FRAME;
	uint64_t *words = (uint64_t *)(device->memory + source);

	for (i = 0; i < FRAME / sizeof(*words); i++)
		words[i] = (uint64_t)number << 32 | i;
	for (i = 0; i < FRAME; i += EDU_TRANSFER) {
		load(device, source + i);
		store(device, slot + i);
	}
	if (memcmp(device->memory + slot, words, FRAME))
		errx(1, "buffer %s: frame %" PRIu32 " is not as it should be",
		     mapbuf_name(device->buffer), number);
	if (mapbuf_notify(device->buffer, NULL))
		err(1, "buffer %s: cannot notify", mapbuf_name(device->buffer));
	return device->memory + slot;
}

int main(int argc, char **argv)
{
	struct device device;
	long frames, i;
	char *end;
	int fd;

	frames = argc == 5 ? strtol(argv[4], &end, 10) : 0;
	if (frames < 1 || *end)
		errx(2, "usage: drive DEVICE BUFFER FILE FRAMES");
	open_all(&device, argv[1], argv[2]);
	fd = open(argv[3], O_WRONLY | O_CREAT | O_TRUNC | O_DIRECT | O_CLOEXEC,
		  0644);
	if (fd < 0)
		err(1, "%s: cannot open with O_DIRECT", argv[3]);
	enable_interrupts(&device);
	for (i = 0; i < frames; i++) {
		ssize_t written = pwrite(fd, capture(&device, i), FRAME,
					 i * FRAME);

		if (written < 0)
			err(1, "%s: cannot write", argv[3]);
		if (written < FRAME)
			errx(1, "%s: the disk is full", argv[3]);
	}
	if (fdatasync(fd) || close(fd))
		err(1, "%s: cannot write", argv[3]);
	mapbuf_close(device.buffer);
	printf("%s: %ld frames of %d bytes\n", argv[3], frames, FRAME);
	return 0;
}
