/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QEMU's monitor, which the machine has as a port of its own: the program that waits for
 * a device to go is the one that tells QEMU to take it away.
 */
#ifndef MONITOR_H
#define MONITOR_H

/*
 * An edu device by that name, which is alone behind the bridge of the name PLUG, and
 * which reaches 32 bits, as many as a driver has that does not tell.
 */
#define PLUG "plug"
#define PLUGGED "plugged"
#define PLUGGED_DEVICE "0000:01:00.0"

void monitor_open(const char *port);

/* Until the kernel has given the device back and it is gone. */
void monitor_delete(const char *device);

/* Another edu device there */
void monitor_add(const char *device);

#endif
