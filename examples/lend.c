// SPDX-License-Identifier: 0BSD
/*
 * Passes a descriptor of a buffer, open for reading only, to everybody who
 * connects to the socket that systemd hands it.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mapbuf.h>

/* The first descriptor that is passed; see sd_listen_fds(3). */
#define LISTENER 3

static int send_fd(int socket, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char byte = 0;
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space)
	};
	ssize_t sent;

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
	do {
		sent = sendmsg(socket, &message, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	return sent == 1 ? 0 : -1;
}

static void serve(const struct mapbuf *buffer)
{
	int client;

	for (;;) {
		client = accept4(LISTENER, NULL, NULL, SOCK_CLOEXEC);
		if (client < 0 && errno != EINTR && errno != ECONNABORTED)
			err(1, "cannot accept a connection");
		if (client < 0)
			continue;
		if (send_fd(client, mapbuf_fd(buffer)))
			warn("cannot send the descriptor");
		close(client);
	}
}

int main(int argc, char **argv)
{
	const char *sockets = getenv("LISTEN_FDS");
	struct mapbuf *buffer;

	if (argc != 2 || !sockets || strcmp(sockets, "1") != 0)
		errx(2, "usage: lend BUFFER, started for one socket by systemd");
	buffer = mapbuf_open(argv[1], O_RDONLY);
	if (!buffer)
		err(1, "buffer %s: cannot open", argv[1]);
	serve(buffer);
}
