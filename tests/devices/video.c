// SPDX-License-Identifier: GPL-2.0-only
#include "video.h"

#define BARS 8

/* White, yellow, cyan, green, magenta, red, blue, black */
static const unsigned char bars[BARS][3] = {
	{ 255, 255, 255 }, { 255, 255, 0 }, { 0, 255, 255 }, { 0, 255, 0 },
	{ 255, 0, 255 }, { 255, 0, 0 }, { 0, 0, 255 }, { 0, 0, 0 },
};

bool video_control(int fd, const char *name, int value)
{
	struct v4l2_queryctrl query = { .id = V4L2_CTRL_FLAG_NEXT_CTRL };
	struct v4l2_control control = { .value = value };

	while (!ioctl(fd, VIDIOC_QUERYCTRL, &query)) {
		if (!strcmp((char *)query.name, name)) {
			control.id = query.id;
			return !ioctl(fd, VIDIOC_S_CTRL, &control);
		}
		query.id |= V4L2_CTRL_FLAG_NEXT_CTRL;
	}
	t_note("the camera has no control '%s'", name);
	return false;
}

void video_open(struct video *video, unsigned int width, unsigned int height)
{
	struct v4l2_format format = {
		.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
		.fmt.pix = {
			.width = width,
			.height = height,
			.pixelformat = V4L2_PIX_FMT_RGB24,
			.field = V4L2_FIELD_NONE,
		},
	};

	video->fd = open("/dev/video0", O_RDWR | O_CLOEXEC);
	if (video->fd < 0)
		t_bail("open /dev/video0");
	/* "100% Colorbar", "Move Right Fast", "None" */
	if (ioctl(video->fd, VIDIOC_S_FMT, &format) ||
	    format.fmt.pix.width != width || format.fmt.pix.height != height ||
	    format.fmt.pix.pixelformat != V4L2_PIX_FMT_RGB24 ||
	    !video_control(video->fd, "Test Pattern", 1) ||
	    !video_control(video->fd, "Horizontal Movement", 6) ||
	    !video_control(video->fd, "OSD Text Mode", 2))
		t_bail("set up the camera");
	video->width = width;
	video->height = height;
	video->bytes = format.fmt.pix.sizeimage;
	video->slot = (video->bytes + PAGE - 1) / PAGE * PAGE;
}

int video_request(const struct video *video, unsigned int slots)
{
	struct v4l2_requestbuffers request = {
		.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
		.memory = V4L2_MEMORY_DMABUF,
		.count = slots,
	};

	return ioctl(video->fd, VIDIOC_REQBUFS, &request) ? -errno : 0;
}

int video_queue(const struct video *video, unsigned int slot, int dmabuf,
		size_t bytes)
{
	struct v4l2_buffer queued = {
		.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
		.memory = V4L2_MEMORY_DMABUF,
		.index = slot,
		.m.fd = dmabuf,
		.length = bytes,
	};

	return ioctl(video->fd, VIDIOC_QBUF, &queued) ? -errno : 0;
}

int video_stream(const struct video *video, bool on)
{
	int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;

	return ioctl(video->fd, on ? VIDIOC_STREAMON : VIDIOC_STREAMOFF, &type) ?
	       -errno : 0;
}

int video_take(const struct video *video, struct frame *frame)
{
	struct v4l2_buffer taken = {
		.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
		.memory = V4L2_MEMORY_DMABUF,
	};

	if (ioctl(video->fd, VIDIOC_DQBUF, &taken))
		return -errno;
	frame->slot = taken.index;
	frame->number = taken.sequence;
	frame->bytes = taken.bytesused;
	return (taken.flags & V4L2_BUF_FLAG_ERROR) ? -EIO : 0;
}

bool video_driver(const char *file)
{
	char path[128];

	snprintf(path, sizeof(path), VIDEO_DRIVER "%s", file);
	return !write_file(path, VIDEO_DEVICE);
}

static bool pixel_is(const unsigned char *pixel, const unsigned char *color,
		     int near)
{
	int i;

	for (i = 0; i < 3; i++) {
		if (abs(pixel[i] - color[i]) > near)
			return false;
	}
	return true;
}

static bool line_is(const unsigned char *line, unsigned int width,
		    unsigned int moved, int near)
{
	unsigned int x;

	for (x = 0; x < width; x++) {
		unsigned int from = (x + width - moved) % width;

		if (!pixel_is(line + 3 * x, bars[from * BARS / width], near))
			return false;
	}
	return true;
}

int bars_moved(const unsigned char *pixels, size_t stride, unsigned int width,
	       unsigned int height, int near)
{
	unsigned int moved, y;

	for (moved = 0; moved < width; moved++) {
		if (line_is(pixels, width, moved, near))
			break;
	}
	if (moved == width) {
		t_note("not bars: %d %d %d, %d %d %d, ...", pixels[0],
		       pixels[1], pixels[2], pixels[3], pixels[4], pixels[5]);
		return -1;
	}
	for (y = 1; y < height; y++) {
		if (!line_is(pixels + y * stride, width, moved, near)) {
			t_note("line %u differs from the first", y);
			return -1;
		}
	}
	return moved;
}
