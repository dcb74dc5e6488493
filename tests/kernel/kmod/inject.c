// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/inject is to kernels without fault injection what /proc/PID/fail-nth is
 * to those with: the number N written to it makes the Nth allocation from then
 * on of whoever wrote it fail, or the Nth copy from or to user space; reading
 * gives what is left of N.  The hooks are those of fault injection, which
 * kernels before 6.11 have without it, too.
 */
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/kprobes.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

static struct task_struct *victim;
static unsigned int left;

static ulong copies;
module_param(copies, ulong, 0644);
MODULE_PARM_DESC(copies, "counted down by each copy that was made to fail");

static bool hit(void)
{
	return in_task() && current == victim && left && !--left;
}

/* Where a function is sent that is not to run. */
static noinline notrace void just_return(void)
{
	asm volatile("");
}

static int return_now(struct pt_regs *regs, unsigned long value)
{
	regs->ax = value;
	regs->ip = (unsigned long)just_return;
	return 1;
}

/* int should_failslab(struct kmem_cache *s, gfp_t flags) */
static int fail_slab(struct kprobe *probe, struct pt_regs *regs)
{
	if ((__force gfp_t)regs->si & __GFP_NOFAIL || !hit())
		return 0;
	return return_now(regs, -ENOMEM);
}

/* bool should_fail_alloc_page(gfp_t flags, unsigned int order) */
static int fail_pages(struct kprobe *probe, struct pt_regs *regs)
{
	if ((__force gfp_t)regs->di & __GFP_NOFAIL || !hit())
		return 0;
	return return_now(regs, true);
}

/* unsigned long copy(void *to, const void *from, unsigned long n) */
static int fail_copy(struct kprobe *probe, struct pt_regs *regs)
{
	if (!hit())
		return 0;
	copies--;
	return return_now(regs, regs->dx);
}

static struct kprobe probes[] = {
	{ .symbol_name = "should_failslab", .pre_handler = fail_slab },
	{ .symbol_name = "should_fail_alloc_page", .pre_handler = fail_pages },
	{ .symbol_name = "_copy_from_user", .pre_handler = fail_copy },
	{ .symbol_name = "_copy_to_user", .pre_handler = fail_copy },
};

static ssize_t inject_write(struct file *file, const char __user *text,
			    size_t len, loff_t *pos)
{
	unsigned int n;
	int err = kstrtouint_from_user(text, len, 0, &n);

	if (err)
		return err;
	victim = current;
	left = n;
	return len;
}

static ssize_t inject_read(struct file *file, char __user *to, size_t len,
			   loff_t *pos)
{
	char text[16];

	return simple_read_from_buffer(to, len, pos, text,
				       scnprintf(text, sizeof(text), "%u\n",
						 left));
}

static const struct file_operations inject_fops = {
	.owner = THIS_MODULE,
	.write = inject_write,
	.read = inject_read,
};

static struct miscdevice inject_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "inject",
	.fops = &inject_fops,
};

static int __init inject_init(void)
{
	size_t i, n;
	int err;

	for (n = 0; n < ARRAY_SIZE(probes); n++) {
		err = register_kprobe(&probes[n]);
		if (err) {
			pr_err("cannot hook %s: error %d\n",
			       probes[n].symbol_name, err);
			goto err_probes;
		}
	}
	err = misc_register(&inject_device);
	if (!err)
		return 0;
err_probes:
	for (i = 0; i < n; i++)
		unregister_kprobe(&probes[i]);
	return err;
}

static void __exit inject_exit(void)
{
	size_t i;

	misc_deregister(&inject_device);
	for (i = 0; i < ARRAY_SIZE(probes); i++)
		unregister_kprobe(&probes[i]);
}

module_init(inject_init);
module_exit(inject_exit);
MODULE_DESCRIPTION("Makes calls fail, for tests");
MODULE_LICENSE("GPL");
