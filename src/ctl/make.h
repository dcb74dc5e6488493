/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MAPBUFCTL_MAKE_H
#define MAPBUFCTL_MAKE_H

#include <stddef.h>
#include <stdint.h>

struct mapbuf_control;
struct properties;

/**
 * struct make_sum - of several buffers that are made
 * @count: how many
 * @bytes: that have to be cleared
 * @done: of those, of the buffers that are done
 */
struct make_sum {
	size_t count;
	uint64_t bytes;
	uint64_t done;
};

/* One more that will be made */
void make_expect(struct make_sum *sum, const struct properties *properties);

/**
 * struct make_item - a buffer that is to be made
 * @is_new: the caller has seen that there is none of that name; else all are looked
 *	through, so as not to take somebody else's for what is left
 * @data: the caller's
 * @error: what became of it: 0 or an errno
 * @id: the number that it got
 */
struct make_item {
	const char *name;
	const struct properties *properties;
	int is_new;
	void *data;
	int error;
	unsigned int id;
};

/*
 * Makes buffers, several at once, which get their numbers in their order.  Calls @made
 * for each in that order, as soon as it is known what became of it and those
 * before.  Shows progress; ends the program, with nothing left of those that are not
 * done, when a signal asks for that.  @sum and @made may be NULL.
 * @control is the same until make_end(), and what an item points to is as it was at
 * the first call.
 */
void make_buffers(struct mapbuf_control *control, struct make_item *items,
		  size_t count, struct make_sum *sum,
		  void (*made)(struct make_item *item));
/* Whether it takes so long that it is worth a process of its own. */
int make_takes_long(const struct properties *properties);
/* When all are made. */
void make_end(void);

/*
 * Waits until udev has given a new buffer its link, owner and mode; where udev does
 * not run, until its node is there.  Warns when that takes longer than 30 s,
 * counted from @since, as of progress_now_ms().
 */
void make_named(const char *name, long long since);

#endif /* MAPBUFCTL_MAKE_H */
