/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MAPBUFCTL_MAKE_H
#define MAPBUFCTL_MAKE_H

struct mapbuf_control;
struct properties;

/*
 * Makes a buffer and gives 0 or an errno.  Shows progress; ends the program,
 * with nothing left of the buffer, when a signal asks for that.  is_new: the
 * caller has seen that there is none of that name; else all are looked through,
 * so as not to take somebody else's for what is left.
 */
int make_buffer(struct mapbuf_control *control, const char *name,
		const struct properties *properties, int is_new,
		unsigned int *id);

/*
 * Waits until udev has given a new buffer its link, owner and mode; where udev does
 * not run, until its node is there.  Warns when that takes longer than 30 s,
 * counted from @since, as of progress_now_ms().
 */
void make_named(const char *name, long long since);

#endif /* MAPBUFCTL_MAKE_H */
