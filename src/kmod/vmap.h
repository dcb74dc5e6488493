/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Buffers in the address space of the kernel.
 */
#ifndef MAPBUF_VMAP_H
#define MAPBUF_VMAP_H

struct mapbuf_buffer;

void *mapbuf_buffer_vmap(struct mapbuf_buffer *buf);
void *mapbuf_scrap_vmap(struct mapbuf_buffer *buf);
void mapbuf_vmap_end(struct mapbuf_buffer *buf);

#endif /* MAPBUF_VMAP_H */
