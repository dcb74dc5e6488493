// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <unistd.h>

#include "internal.h"

/*
 * Moves all of it, one way: @to or @from is NULL.  One call of the kernel moves
 * at most about 2 GiB.
 */
static ssize_t transfer(struct mapbuf *buffer, char *to, const char *from,
			size_t length, uint64_t offset)
{
	size_t done = 0;
	ssize_t count;

	while (done < length) {
		if (to)
			count = pread(mapbuf_fd(buffer), to + done,
				      length - done, offset + done);
		else
			count = pwrite(mapbuf_fd(buffer), from + done,
				       length - done, offset + done);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0 && done == 0)
			return libmapbuf_refused(buffer);
		if (count <= 0)
			break;
		done += count;
	}
	return done;
}

ssize_t mapbuf_read(struct mapbuf *buffer, void *data, size_t length,
		    uint64_t offset)
{
	return transfer(buffer, data, NULL, length, offset);
}

ssize_t mapbuf_write(struct mapbuf *buffer, const void *data, size_t length,
		     uint64_t offset)
{
	return transfer(buffer, NULL, data, length, offset);
}
