/* SPDX-License-Identifier: GPL-2.0-only */
/* Stands before the kernel's own, for a kernel that gives nobody a range. */
#include_next <generated/autoconf.h>

#undef CONFIG_CONTIG_ALLOC
