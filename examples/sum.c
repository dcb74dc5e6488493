// SPDX-License-Identifier: 0BSD
/* Prints the SHA-256 of what fill has put into a buffer, as sha256sum does. */
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include <mapbuf.h>

#include "frame.h"

int main(int argc, char **argv)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	const struct frame *frame;
	unsigned int i, digest_length;
	struct mapbuf *buffer;
	uint64_t length;

	if (argc != 2)
		errx(2, "usage: sum BUFFER");

	buffer = mapbuf_open(argv[1], O_RDONLY);
	if (!buffer)
		err(1, "buffer %s: cannot open", argv[1]);
	frame = mapbuf_map(buffer, 0, 0, MAPBUF_MAP_READ_ONLY);
	if (!frame)
		err(1, "buffer %s: cannot map", argv[1]);

	/* Whoever may write to the buffer may have written anything. */
	length = __atomic_load_n(&frame->length, __ATOMIC_ACQUIRE);
	if (length == 0)
		errx(1, "buffer %s: not filled", argv[1]);
	if (length > mapbuf_size(buffer) - FRAME_HEADER_SIZE)
		errx(1, "buffer %s: its header says %" PRIu64 " bytes, more than there are",
		     argv[1], length);

	if (!EVP_Digest(frame + 1, length, digest, &digest_length,
			EVP_sha256(), NULL))
		errx(1, "libcrypto cannot compute SHA-256");
	for (i = 0; i < digest_length; i++)
		printf("%02x", digest[i]);
	printf("  %.*s\n", (int)sizeof(frame->path), frame->path);
	if (fflush(stdout))
		err(1, "cannot print");

	mapbuf_unmap((void *)frame, mapbuf_size(buffer));
	mapbuf_close(buffer);
	return 0;
}
