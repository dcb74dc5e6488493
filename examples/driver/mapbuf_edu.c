// SPDX-License-Identifier: 0BSD
/*
 * A driver whose device fills a mapbuf buffer by DMA, for QEMU's "edu" device
 * (-device edu): a template for drivers that give their data to processes.
 *
 * The driver owns the buffer "edu".  Processes map /dev/mapbuf/edu, wait with
 * poll(), and read frames where the device has put them; nothing is copied.
 * They keep the memory when the device goes.
 *
 * The device has no data of its own, so each frame is made in memory, moved
 * into the device, and from there into the buffer, an interrupt after each.
 */
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/ktime.h>
#include <linux/mapbuf.h>
#include <linux/module.h>
#include <linux/pci.h>

#include "frame.h"

/* Registers, from QEMU's docs/specs/edu. */
#define EDU_IRQ_STATUS 0x24
#define EDU_IRQ_ACK 0x64
#define EDU_DMA_SOURCE 0x80
#define EDU_DMA_TARGET 0x88
#define EDU_DMA_COUNT 0x90
#define EDU_DMA_COMMAND 0x98
#define EDU_DMA_START BIT(0)
#define EDU_DMA_FROM_DEVICE BIT(1)
#define EDU_DMA_IRQ BIT(2)
#define EDU_DMA_DONE 0x100	/* in the interrupt status */
#define EDU_MEMORY 0x40000	/* where DMA finds the device's own memory */
#define EDU_ADDRESS_BITS 28

static unsigned int frames;
module_param(frames, uint, 0444);
MODULE_PARM_DESC(frames, "stop after so many frames; 0: never (default)");

/**
 * struct edu - a device
 * @dev: the device
 * @regs: its registers
 * @buf: the buffer; held from probe to remove
 * @table: its memory, mapped for the device.  One entry, as it is contiguous.
 * @scratch: where frames are made; coherent, at @scratch_dma for the device
 * @number: the frame that is being moved, from 1
 * @loaded: it is in the device already
 *
 * The last two are the interrupt handler's alone once it is enabled.
 */
struct edu {
	struct device *dev;
	void __iomem *regs;
	struct mapbuf_buffer *buf;
	struct sg_table *table;
	struct edu_frame *scratch;
	dma_addr_t scratch_dma;
	u64 number;
	bool loaded;
};

static void edu_move(struct edu *edu, dma_addr_t source, dma_addr_t target,
		     u32 direction)
{
	writeq(source, edu->regs + EDU_DMA_SOURCE);
	writeq(target, edu->regs + EDU_DMA_TARGET);
	writeq(EDU_FRAME_SIZE, edu->regs + EDU_DMA_COUNT);
	writeq(EDU_DMA_START | EDU_DMA_IRQ | direction,
	       edu->regs + EDU_DMA_COMMAND);
}

/* Make the next frame and move it into the device. */
static void edu_load(struct edu *edu)
{
	unsigned int i;

	edu->number++;
	edu->loaded = false;
	edu->scratch->number = edu->number;
	edu->scratch->time = ktime_get_ns();
	for (i = 0; i < ARRAY_SIZE(edu->scratch->samples); i++)
		edu->scratch->samples[i] = (u32)edu->number + i;
	edu_move(edu, edu->scratch_dma, EDU_MEMORY, 0);
}

/* The slot of the frame, for the device. */
static dma_addr_t edu_slot(const struct edu *edu)
{
	return sg_dma_address(edu->table->sgl) +
	       (u32)(edu->number - 1) % EDU_SLOTS * EDU_FRAME_SIZE;
}

/* Move it from the device to its slot in the buffer. */
static void edu_store(struct edu *edu)
{
	edu->loaded = true;
	/* A process may have written to it; from now on it is the device's. */
	dma_sync_single_for_device(edu->dev, edu_slot(edu), EDU_FRAME_SIZE,
				   DMA_FROM_DEVICE);
	edu_move(edu, EDU_MEMORY, edu_slot(edu), EDU_DMA_FROM_DEVICE);
}

static irqreturn_t edu_interrupt(int irq, void *data)
{
	struct edu *edu = data;
	u32 status = readl(edu->regs + EDU_IRQ_STATUS);

	if (!status)
		return IRQ_NONE;
	writel(status, edu->regs + EDU_IRQ_ACK);
	if (!(status & EDU_DMA_DONE))
		return IRQ_HANDLED;

	if (!edu->loaded) {
		edu_store(edu);
		return IRQ_HANDLED;
	}
	dma_sync_single_for_cpu(edu->dev, edu_slot(edu), EDU_FRAME_SIZE,
				DMA_FROM_DEVICE);
	mapbuf_notify(edu->buf);
	if (!frames || edu->number < frames)
		edu_load(edu);
	return IRQ_HANDLED;
}

/* In one piece and where the device can reach it, else DMA would be bounced. */
static int edu_make_buffer(struct pci_dev *pdev, struct edu *edu)
{
	struct mapbuf_attr attr = {
		.name = "edu",
		.bytes = EDU_SLOTS * EDU_FRAME_SIZE,
		.backing = MAPBUF_BACKING_CONTIGUOUS,
		.dma_bits = EDU_ADDRESS_BITS,
	};

	edu->buf = mapbuf_create(&attr);
	if (IS_ERR(edu->buf))
		return PTR_ERR(edu->buf);
	edu->table = mapbuf_map_sg(edu->buf, &pdev->dev, 0,
				   mapbuf_size(edu->buf), DMA_FROM_DEVICE);
	if (IS_ERR(edu->table)) {
		mapbuf_destroy(edu->buf);
		return PTR_ERR(edu->table);
	}
	return 0;
}

static void edu_unmake_buffer(struct edu *edu)
{
	mapbuf_unmap_sg(edu->buf, edu->table);
	mapbuf_destroy(edu->buf);
}

static int edu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct edu *edu;
	int err;

	edu = devm_kzalloc(&pdev->dev, sizeof(*edu), GFP_KERNEL);
	if (!edu)
		return -ENOMEM;
	edu->dev = &pdev->dev;
	pci_set_drvdata(pdev, edu);

	err = pcim_enable_device(pdev);
	if (err)
		return err;
	err = pcim_iomap_regions(pdev, BIT(0), "mapbuf_edu");
	if (err)
		return err;
	edu->regs = pcim_iomap_table(pdev)[0];
	err = dma_set_mask_and_coherent(&pdev->dev,
					DMA_BIT_MASK(EDU_ADDRESS_BITS));
	if (err)
		return err;
	edu->scratch = dmam_alloc_coherent(&pdev->dev, sizeof(*edu->scratch),
					   &edu->scratch_dma, GFP_KERNEL);
	if (!edu->scratch)
		return -ENOMEM;

	err = edu_make_buffer(pdev, edu);
	if (err)
		return dev_err_probe(&pdev->dev, err, "buffer 'edu'\n");
	pci_set_master(pdev);
	err = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_ALL_TYPES);
	if (err < 0)
		goto err_buffer;
	err = request_irq(pci_irq_vector(pdev, 0), edu_interrupt, IRQF_SHARED,
			  "mapbuf_edu", edu);
	if (err)
		goto err_vectors;
	edu_load(edu);
	return 0;

err_vectors:
	pci_free_irq_vectors(pdev);
err_buffer:
	pci_clear_master(pdev);
	edu_unmake_buffer(edu);
	return err;
}

static void edu_remove(struct pci_dev *pdev)
{
	struct edu *edu = pci_get_drvdata(pdev);

	/* No interrupt, then no DMA, then no buffer. */
	free_irq(pci_irq_vector(pdev, 0), edu);
	pci_free_irq_vectors(pdev);
	pci_clear_master(pdev);
	edu_unmake_buffer(edu);
}

static const struct pci_device_id edu_ids[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },
	{ }
};
MODULE_DEVICE_TABLE(pci, edu_ids);

static struct pci_driver edu_driver = {
	.name = "mapbuf_edu",
	.id_table = edu_ids,
	.probe = edu_probe,
	.remove = edu_remove,
};
module_pci_driver(edu_driver);

MODULE_DESCRIPTION("Frames from QEMU's edu device in a mapbuf buffer");
MODULE_AUTHOR("The mapbuf authors");
MODULE_LICENSE("Dual BSD/GPL");
