// SPDX-License-Identifier: 0BSD
/* Prints the lines of publish, those that are still there and those to come. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#include <mapbuf.h>

#define LINE_SIZE 256

int main(int argc, char **argv)
{
	struct mapbuf_ring *ring;
	struct mapbuf *buffer;
	char line[LINE_SIZE];
	uint64_t lost;
	ssize_t length;

	if (argc != 2)
		errx(2, "usage: follow BUFFER");
	/* Readers need not be allowed to write. */
	buffer = mapbuf_open(argv[1], O_RDONLY);
	if (!buffer)
		err(1, "buffer %s: cannot open", argv[1]);
	ring = mapbuf_ring_open(buffer, 0, 0, LINE_SIZE, MAPBUF_RING_READ);
	if (!ring)
		err(1, "buffer %s: cannot open the ring", argv[1]);
	for (;;) {
		length = mapbuf_ring_read(ring, line, sizeof(line), &lost, -1);
		if (length < 0)
			break;
		if (lost)
			warnx("too slow: %" PRIu64 " lines are lost", lost);
		fwrite(line, 1, length, stdout);
		if (fflush(stdout))
			err(1, "cannot print");
	}
	/* So the buffer has been destroyed. */
	if (errno != ENODEV)
		err(1, "buffer %s: cannot wait", argv[1]);
	mapbuf_ring_close(ring);
	mapbuf_close(buffer);
	return 0;
}
