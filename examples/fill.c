// SPDX-License-Identifier: 0BSD
/*
 * Reads a file into a buffer, past the page cache: the disk writes into the
 * buffer itself.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mapbuf.h>

#include "frame.h"

/* No disk has larger blocks. */
#define BLOCK 4096
#define CHUNK (8 << 20)

static uint64_t round_up(uint64_t bytes)
{
	return (bytes + BLOCK - 1) / BLOCK * BLOCK;
}

/*
 * Offset, length and address are whole blocks.  The last read asks for more
 * than the file has and gets the rest.
 */
static void read_direct(int fd, const char *path, char *data, uint64_t length)
{
	uint64_t done = 0;

	while (done < length) {
		uint64_t want = round_up(length - done);
		ssize_t got = pread(fd, data + done,
				    want < CHUNK ? want : CHUNK, done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			err(1, "%s: cannot read at %" PRIu64, path, done);
		if (got == 0)
			errx(1, "%s: became shorter while it was read", path);
		done += got;
	}
}

int main(int argc, char **argv)
{
	struct mapbuf *buffer;
	struct frame *frame;
	struct stat st;
	char *path;
	int fd;

	if (argc != 3)
		errx(2, "usage: fill BUFFER FILE");

	buffer = mapbuf_open(argv[1], O_RDWR);
	if (!buffer)
		err(1, "buffer %s: cannot open", argv[1]);
	frame = mapbuf_map(buffer, 0, 0, 0);
	if (!frame)
		err(1, "buffer %s: cannot map", argv[1]);

	path = realpath(argv[2], NULL);
	if (!path)
		err(1, "%s", argv[2]);
	if (strlen(path) >= sizeof(frame->path))
		errx(1, "%s: path too long", path);
	fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s: cannot open with O_DIRECT", path);
	if (fstat(fd, &st))
		err(1, "%s", path);
	if (!S_ISREG(st.st_mode) || st.st_size == 0)
		errx(1, "%s: not a regular file with contents", path);
	if (round_up(st.st_size) > mapbuf_size(buffer) - FRAME_HEADER_SIZE)
		errx(1, "buffer %s: %" PRIu64 " bytes are too few for %s",
		     argv[1], mapbuf_size(buffer), path);

	/* Readers look at the length first, so it goes first and comes last. */
	__atomic_store_n(&frame->length, 0, __ATOMIC_RELEASE);
	read_direct(fd, path, (char *)frame + FRAME_HEADER_SIZE, st.st_size);
	strcpy(frame->path, path);
	__atomic_store_n(&frame->length, st.st_size, __ATOMIC_RELEASE);

	close(fd);
	free(path);
	mapbuf_unmap(frame, mapbuf_size(buffer));
	mapbuf_close(buffer);
	return 0;
}
