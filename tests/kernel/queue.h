/* SPDX-License-Identifier: GPL-2.0-only */
/* What the processes do that queue.c kills. */
#ifndef QUEUE_H
#define QUEUE_H

#include "t.h"

#include <mapbuf.h>

#define ITEM 256
#define BYTES (16 * KIB)

/* Survives those who are killed. */
struct shared {
	uint64_t done;		/* items that the reader is through with */
	uint64_t again;		/* items it had before, and recognised */
	uint64_t lost;		/* of a ring */
	uint64_t stop;		/* the next item shall be the last */
	uint64_t limit;		/* so the writer has said */
};

extern struct shared *shared;

struct mapbuf *buffer_open(int flags);
/* Item @number into @item; its length */
size_t item_fill(uint64_t *item, uint64_t number);
bool item_is(const void *item, size_t length, uint64_t number);

/* Until the last item */
void queue_write(unsigned int number);
void queue_read(unsigned int number);
void ring_write(unsigned int number);
void ring_read(unsigned int number);

/* Items there and back in two queues, one at a time; @second: who answers */
void queue_bounce(unsigned int second);

/* One item, between two SIGSTOP */
void queue_write_once(void);
void queue_read_once(void);
void ring_write_once(void);

/* One item, after SIGSTOP; they wait. */
void queue_write_late(void);
void queue_read_late(void);

#endif
