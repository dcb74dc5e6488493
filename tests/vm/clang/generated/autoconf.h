/* SPDX-License-Identifier: GPL-2.0-only */
/* Stands before the kernel's own, when clang builds for a kernel of gcc. */
#include_next <generated/autoconf.h>

#undef CONFIG_CC_IS_GCC
#define CONFIG_CC_IS_CLANG 1
#undef CONFIG_CC_HAS_NAMED_AS
#undef CONFIG_USE_X86_SEG_SUPPORT
