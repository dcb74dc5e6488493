// SPDX-License-Identifier: GPL-2.0-only
/* Until 6.12: MODULE_IMPORT_NS() takes a token; then a string. */
#include <linux/module.h>

MODULE_IMPORT_NS(DMA_BUF);
