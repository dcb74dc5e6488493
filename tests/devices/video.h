/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The test camera of the kernel, vivid, and what its test picture looks like:
 * eight upright bars, which move sideways from frame to frame.
 */
#ifndef VIDEO_H
#define VIDEO_H

#include "each.h"

#include <linux/videodev2.h>

#define VIDEO_DRIVER "/sys/bus/platform/drivers/vivid/"
#define VIDEO_DEVICE "vivid.0"
#define VIDEO_SLOTS 4

struct video {
	int fd;
	unsigned int width, height;
	size_t bytes;		/* of a frame */
	size_t slot;		/* the same in whole pages */
};

/* A frame as the camera hands it over */
struct frame {
	unsigned int slot, number;
	size_t bytes;
};

/* Three bytes a pixel.  The bars move, and there is no text on them. */
void video_open(struct video *video, unsigned int width, unsigned int height);
/* A control by its name; false if the camera refuses. */
bool video_control(int fd, const char *name, int value);
/* The next four return 0 or -errno. */
int video_request(const struct video *video, unsigned int slots);
int video_queue(const struct video *video, unsigned int slot, int dmabuf,
		size_t bytes);
int video_stream(const struct video *video, bool on);
int video_take(const struct video *video, struct frame *frame);

/* Take the device from its driver, or give it back: see VIDEO_DRIVER. */
bool video_driver(const char *file);

/*
 * How far the bars have moved in a picture; -1 if it is no picture of bars.
 * @near: a pixel may be off by so much, from conversions.
 */
int bars_moved(const unsigned char *pixels, size_t stride, unsigned int width,
	       unsigned int height, int near);

#endif
