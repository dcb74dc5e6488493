/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Takes the place of libudev: its events are the lines "ACTION NODE NAME" of
 * the file udev, or of the pipe of that name, beside the directory of devices.
 * "-" is none of these; the line "lost" is ENOBUFS, and "again" EAGAIN.
 */
#ifndef MAPBUF_TESTS_FAKE_UDEV_H
#define MAPBUF_TESTS_FAKE_UDEV_H

/**
 * struct fake_udev - what a test may set and look at
 * @new_error: errno of udev_monitor_new_from_netlink(), if not 0
 * @filter_result: what the filter gives
 * @enable_result: what udev_monitor_enable_receiving() gives
 * @references: how many objects there are
 * @is_receiving: whether events are taken
 * @source: whose events were asked for
 */
struct fake_udev {
	int new_error, filter_result, enable_result;
	int references, is_receiving;
	const char *source;
};

extern struct fake_udev fake_udev;

#endif /* MAPBUF_TESTS_FAKE_UDEV_H */
