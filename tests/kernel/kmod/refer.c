// SPDX-License-Identifier: GPL-2.0-only
/*
 * Refers to a page of the next range that alloc_contig_range() gives to anybody, as
 * who goes through all pages of the machine does for a moment, until the module
 * is unloaded.
 */
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/module.h>

static ulong index;
module_param(index, ulong, 0444);
MODULE_PARM_DESC(index, "which page of the range");

static struct page *held;

/* int alloc_contig_range(unsigned long start, unsigned long end, ...) */
static int range_entry(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	unsigned long start = regs_get_kernel_argument(regs, 0);

	*(unsigned long *)instance->data = start;
	return held || regs_get_kernel_argument(regs, 1) - start <= index;
}

static int range_return(struct kretprobe_instance *instance,
			struct pt_regs *regs)
{
	if (held || regs_return_value(regs))
		return 0;
	held = pfn_to_page(*(unsigned long *)instance->data + index);
	get_page(held);
	return 0;
}

static struct kretprobe probe = {
	.kp.symbol_name = "alloc_contig_range",
	.entry_handler = range_entry,
	.handler = range_return,
	.data_size = sizeof(unsigned long),
};

static int __init refer_init(void)
{
	return register_kretprobe(&probe);
}

static void __exit refer_exit(void)
{
	unregister_kretprobe(&probe);
	if (held)
		put_page(held);
}

module_init(refer_init);
module_exit(refer_exit);
MODULE_DESCRIPTION("Refers to a page of a range, for tests");
MODULE_LICENSE("GPL");
