/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MAPBUFCTL_MAKE_H
#define MAPBUFCTL_MAKE_H

#include <stddef.h>
#include <stdint.h>

struct mapbuf_control;
struct properties;

/**
 * struct make_sum - of several buffers that are made one after the other
 * @count: how many
 * @bytes: that have to be cleared
 * @done: of those, of the buffers before
 */
struct make_sum {
	size_t count;
	uint64_t bytes;
	uint64_t done;
};

/* One more that will be made */
void make_expect(struct make_sum *sum, const struct properties *properties);

/*
 * Makes a buffer and gives 0 or an errno.  Shows progress; ends the program,
 * with nothing left of the buffer, when a signal asks for that.  is_new: the
 * caller has seen that there is none of that name; else all are looked through,
 * so as not to take somebody else's for what is left.  @sum: NULL for this one alone.
 * @control is the same until make_end(), and what @name and @properties point to is
 * as it was at the first call.
 */
int make_buffer(struct mapbuf_control *control, const char *name,
		const struct properties *properties, int is_new,
		struct make_sum *sum, unsigned int *id);
/* When all are made. */
void make_end(void);

/*
 * Waits until udev has given a new buffer its link, owner and mode; where udev does
 * not run, until its node is there.  Warns when that takes longer than 30 s,
 * counted from @since, as of progress_now_ms().
 */
void make_named(const char *name, long long since);

#endif /* MAPBUFCTL_MAKE_H */
