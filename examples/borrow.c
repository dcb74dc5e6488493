// SPDX-License-Identifier: 0BSD
/*
 * Receives a buffer from lend and tells what is in it.  It needs no right to
 * open any buffer itself.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <mapbuf.h>

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		errx(1, "%s: path too long", path);
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		err(1, "%s: cannot connect", path);
	return fd;
}

static int receive_fd(int socket)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space)
	};
	struct cmsghdr *header;
	ssize_t got;
	int fd;

	do {
		got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		err(1, "cannot receive");
	header = CMSG_FIRSTHDR(&message);
	if (got == 0 || !header || header->cmsg_level != SOL_SOCKET ||
	    header->cmsg_type != SCM_RIGHTS ||
	    header->cmsg_len != CMSG_LEN(sizeof(int)))
		errx(1, "no descriptor came");
	memcpy(&fd, CMSG_DATA(header), sizeof(int));
	return fd;
}

int main(int argc, char **argv)
{
	uint64_t i, count = 0;
	struct mapbuf *buffer;
	const char *memory;

	if (argc != 2)
		errx(2, "usage: borrow SOCKET");
	buffer = mapbuf_open_fd(receive_fd(connect_to(argv[1])));
	if (!buffer)
		err(1, "what came is no buffer");
	memory = mapbuf_map(buffer, 0, 0, MAPBUF_MAP_READ_ONLY);
	if (!memory)
		err(1, "buffer %s: cannot map", mapbuf_name(buffer));
	for (i = 0; i < mapbuf_size(buffer); i++)
		count += memory[i] != 0;
	printf("buffer %s: %" PRIu64 " of %" PRIu64 " bytes are not 0\n",
	       mapbuf_name(buffer), count, mapbuf_size(buffer));
	mapbuf_unmap((void *)memory, mapbuf_size(buffer));
	mapbuf_close(buffer);
	return 0;
}
