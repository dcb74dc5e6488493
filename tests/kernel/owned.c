// SPDX-License-Identifier: GPL-2.0-only
#include "owned.h"

bool is_bounced(void)
{
	char command[4096] = "";
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);

	must(read(fd, command, sizeof(command) - 1) > 0);
	close(fd);
	return strstr(command, "swiotlb=force");
}

int try_owned(const char *name, uint64_t bytes, unsigned int backing,
	      const char *device, unsigned int flags, unsigned int bits)
{
	struct mapbuf_create request = {
		.size = sizeof(request), .bytes = bytes, .backing = backing,
		.flags = flags, .dma_bits = bits,
	};

	strncpy(request.name, name, sizeof(request.name) - 1);
	memcpy(request.device, device, strnlen(device, sizeof(request.device)));
	return ioctl(b_control(), MAPBUF_IOC_CREATE, &request) ? -errno : 0;
}

bool device_does(int driver, int fd, uint64_t bytes, unsigned long command,
		 uint64_t seed)
{
	struct driver_call call;
	struct mapbuf_dma dma;
	uint64_t at;

	for (at = 0; at < bytes; at += dma.bytes) {
		if (b_address(fd, at, &dma) || !dma.bytes)
			return false;
		call = (struct driver_call){
			.address = dma.address, .bytes = dma.bytes,
			.seed = seed + at / 8,
		};
		if (ioctl(driver, command, &call))
			return false;
	}
	return at == bytes;
}

static void change_drivers(unsigned int rounds)
{
	while (rounds--) {
		(void)!write_file(OWNER "bind", "mapbuf-driver");
		(void)!write_file(OWNER "unbind", "mapbuf-driver");
	}
}

void race_drivers(void (*use)(unsigned int seed))
{
	must(!write_file(DEVICES "driver_override", "mapbuf-owner"));
	child(change_drivers, 200);
	child(use, 1);
	child(use, 2);
	t_ok(reap(), "drivers come and go while buffers do");
	must(!write_file(DEVICES "driver_override", "\n"));
}
