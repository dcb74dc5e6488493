/* SPDX-License-Identifier: GPL-2.0-only */
/* The ioctls as tables, and inputs for them that are nearly right. */
#ifndef REQUESTS_H
#define REQUESTS_H

#include "fuzz.h"

#define BYTES 184		/* the longest structure */
#define NAMES 12		/* names that a worker gives to buffers */

/* What a member is.  Texts have what they have; those to LENGTH have 8, others 4. */
enum kind {
	END, NAME, DEVICE, LONG, LENGTH, SIZE, FLAGS, NUMBER, BACKING, BITS, NODE, MODE,
	FD
};

#define OUTPUT 1	/* written on success */
#define ZERO 2		/* must be zero */

struct field {
	uint8_t offset;
	enum kind kind;
	unsigned int rules;
};

/* An ioctl: its flags, and what it may give beside what every one can. */
struct request {
	unsigned int cmd;
	bool control;
	uint32_t size;
	uint32_t first_size;	/* as it was first published */
	uint32_t flags;
	const struct field *fields;	/* ends with END */
	int errors[9];
};

enum { CREATE, DESTROY, INFO, NOTIFY, SEEN, EVENTFD, EXPORT, SYNC, DMA, REQUESTS };
extern const struct request requests[REQUESTS];

/* On what a request is made; descriptors that requests may name. */
enum {
	CONTROL = 0, SMALL, SMALL_RO, LARGE, LARGE_RO, DMABUF, TARGETS,
	EVENT = TARGETS, EVENT2, FDS
};

/* Where its structure is. */
enum {
	GOOD, UNALIGNED, BEFORE_NOTHING, INTO_NOTHING, READ_ONLY,
	INTO_READ_ONLY, IN_BUFFER, NOWHERE, KERNEL, NOT_AN_ADDRESS, PLACES
};

struct input {
	unsigned int cmd;
	uint8_t request;	/* index in requests */
	uint8_t target;
	uint8_t place;
	uint8_t cut;		/* bytes of it before a border */
	uint16_t tail;		/* where behind it a byte is not 0; 0: nowhere */
	uint8_t bytes[BYTES];
};

/* A request as it should be, and a little otherwise. */
void request_generate(struct fuzz *f, struct input *in, const int fds[FDS]);
void request_mutate(struct fuzz *f, struct input *in, const int fds[FDS]);

size_t member_width(const struct field *m);
uint64_t member(const struct input *in, const struct field *m);	/* no name */

/* The names of a worker, too far from those of others for a mutation. */
void name_of(const struct fuzz *f, char *name, unsigned int i);
int number_of(const struct fuzz *f, const char *name);	/* -1: none */

#endif
