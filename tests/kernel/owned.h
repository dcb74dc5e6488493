/* SPDX-License-Identifier: GPL-2.0-only */
/* Buffers that belong to the device of kmod/driver_device.c. */
#ifndef OWNED_H
#define OWNED_H

#include "use.h"

#include "kmod/driver.h"

#define DEVICE "platform/mapbuf-driver"
#define DEVICES "/sys/bus/platform/devices/mapbuf-driver/"
#define OWNER "/sys/bus/platform/drivers/mapbuf-owner/"

#define FETCH (MAPBUF_SYNC_FOR_CPU | MAPBUF_SYNC_FROM_DEVICE)
#define GIVE (MAPBUF_SYNC_FOR_DEVICE | MAPBUF_SYNC_TO_DEVICE)

/* Whether devices are behind bounce buffers, here. */
bool is_bounced(void);

/* A buffer of a device: 0 or -errno. */
int try_owned(const char *name, uint64_t bytes, unsigned int backing,
	      const char *device, unsigned int flags, unsigned int bits);

/* The device does it with all of the buffer, piece by piece. */
bool device_does(int driver, int fd, uint64_t bytes, unsigned long command,
		 uint64_t seed);

/* Drivers come and go while two processes do @use, each with a seed of its own. */
void race_drivers(void (*use)(unsigned int seed));

#endif
