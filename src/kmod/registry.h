/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The buffers that there are: by name and number, registry.c; by inode, inos.c.
 */
#ifndef MAPBUF_REGISTRY_H
#define MAPBUF_REGISTRY_H

#include <linux/types.h>

struct mapbuf_buffer;

/* registry.c */
int mapbuf_registry_start(void);
void mapbuf_registry_stop(void);
int mapbuf_registry_add(struct mapbuf_buffer *buf);
void mapbuf_registry_remove(struct mapbuf_buffer *buf);
void mapbuf_registry_forget(const struct mapbuf_buffer *buf,
			    unsigned long pinned);
void mapbuf_registry_uncharge(unsigned long pages);
u64 mapbuf_registry_charged(void);
void mapbuf_registry_publish(struct mapbuf_buffer *buf);
void mapbuf_registry_announce(struct mapbuf_buffer *buf);
void mapbuf_registry_for_each(void (*fn)(struct mapbuf_buffer *buf));
struct mapbuf_buffer *mapbuf_registry_claim(const char *name);
struct mapbuf_buffer *mapbuf_registry_claim_idle(const char *name,
						 unsigned long ino);
bool mapbuf_registry_retire(struct mapbuf_buffer *buf);
struct mapbuf_buffer *mapbuf_registry_get(u32 id);
int mapbuf_registry_look(const char *name, unsigned long ino,
			 int (*fn)(struct mapbuf_buffer *buf, void *data),
			 void *data);
unsigned int mapbuf_registry_count(void);
struct mapbuf_buffer *mapbuf_registry_find(const char *name);

/* inos.c */
int mapbuf_ino_reserve(struct mapbuf_buffer *buf);
void mapbuf_ino_publish(struct mapbuf_buffer *buf);
void mapbuf_ino_remove(struct mapbuf_buffer *buf);
struct mapbuf_buffer *mapbuf_ino_load(unsigned long ino);
struct mapbuf_buffer *mapbuf_ino_get(unsigned long ino);
bool mapbuf_ino_known(unsigned long ino);
bool mapbuf_ino_next(unsigned long *ino, char *name);
void mapbuf_inos_stop(void);

#endif /* MAPBUF_REGISTRY_H */
