// SPDX-License-Identifier: GPL-2.0-only
/* 6.8: eventfd_signal() always adds 1. */
#include <linux/eventfd.h>

void mapbuf_probe(struct eventfd_ctx *ctx)
{
	eventfd_signal(ctx);
}
