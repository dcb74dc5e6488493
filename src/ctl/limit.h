/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MAPBUFCTL_LIMIT_H
#define MAPBUFCTL_LIMIT_H

#include <stdint.h>

/* What to do about it, for messages */
#define LIMIT_ADVICE "raise it with: echo 75% >/sys/module/mapbuf/parameters/max_bytes; and for later boots with the line \"options mapbuf max_bytes=75%\" in /etc/modprobe.d/mapbuf.conf"

/*
 * The limit of the module that is loaded, in bytes; 0 if it reports none.  @setting:
 * gets the text of the parameter or NULL, and is to be freed.
 */
uint64_t limit_read(uint64_t memory, char **setting);
/*
 * How many bytes all buffers may have: of the module that is loaded, else, and for
 * another @root than "", as it is configured there; of a machine that has @memory.
 */
uint64_t limit_of_bytes(const char *root, uint64_t memory);

#endif /* MAPBUFCTL_LIMIT_H */
