// SPDX-License-Identifier: 0BSD
/* Passes lines to all who run follow, and waits for none of them. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <mapbuf.h>

#define LINE_SIZE 256

int main(int argc, char **argv)
{
	struct mapbuf_ring *ring;
	struct mapbuf *buffer;
	char line[LINE_SIZE];

	if (argc != 2)
		errx(2, "usage: publish BUFFER <FILE");
	buffer = mapbuf_open(argv[1], O_RDWR);
	if (!buffer)
		err(1, "buffer %s: cannot open", argv[1]);
	ring = mapbuf_ring_open(buffer, 0, 0, LINE_SIZE, MAPBUF_RING_WRITE);
	if (!ring)
		err(1, "buffer %s: cannot open the ring", argv[1]);
	/* A longer line is passed in parts. */
	while (fgets(line, sizeof(line), stdin)) {
		if (mapbuf_ring_write(ring, line, strlen(line), 0))
			err(1, "buffer %s: cannot pass on", argv[1]);
	}
	mapbuf_ring_close(ring);
	mapbuf_close(buffer);
	return 0;
}
