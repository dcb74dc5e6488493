// SPDX-License-Identifier: GPL-2.0-only
/* 6.5, commit 2cb1e08985e3 replaced generic_file_splice_read.
 * symbol: copy_splice_read
 */
#include <linux/fs.h>

const struct file_operations mapbuf_probe = {
	.splice_read = copy_splice_read,
};
