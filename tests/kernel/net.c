// SPDX-License-Identifier: GPL-2.0-only
#include "net.h"
#include "t.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

void loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (ioctl(fd, SIOCGIFFLAGS, &request))
		t_bail("flags of lo");
	request.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &request))
		t_bail("set lo up");
	close(fd);
}

void connection(int ends[2])
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	int bytes = 8 * MIB;
	socklen_t len = sizeof(address);

	ends[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&address, len) ||
	    listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&address, &len) ||
	    setsockopt(ends[0], SOL_SOCKET, SO_SNDBUFFORCE, &bytes,
		       sizeof(bytes)) ||
	    setsockopt(ends[0], SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)) ||
	    connect(ends[0], (struct sockaddr *)&address, len))
		t_bail("a TCP connection over lo");
	ends[1] = accept(listener, NULL, NULL);
	close(listener);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
}
