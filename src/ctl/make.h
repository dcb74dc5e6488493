/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MAPBUFCTL_MAKE_H
#define MAPBUFCTL_MAKE_H

struct mapbuf_control;
struct properties;

/*
 * Makes a buffer and gives 0 or an errno.  Shows progress; ends the program,
 * with nothing left of the buffer, when a signal asks for that.
 */
int make_buffer(struct mapbuf_control *control, const char *name,
		const struct properties *properties, unsigned int *id);

#endif /* MAPBUFCTL_MAKE_H */
