/* SPDX-License-Identifier: 0BSD */
/*
 * A V4L2 camera that captures into a buffer: the buffer is cut into slots of
 * one frame each, in whole pages, and each is given to the camera as a dma-buf.
 * The camera fills them in the order in which they were queued.
 */
#ifndef CAMERA_H
#define CAMERA_H

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/videodev2.h>

#include <mapbuf.h>

#define CAMERA_PAGE 4096
#define CAMERA_SLOTS 32		/* at most; a second of frames or so */
#define CAMERA_TIMEOUT_MS 10000

struct camera {
	const char *path;
	int fd;
	struct v4l2_pix_format format;
	struct mapbuf *buffer;
	char *data;		/* of the buffer */
	uint64_t slot_size;
	unsigned int slots;
	int dmabufs[CAMERA_SLOTS];
};

/* A frame: its slot, and what the camera says about it */
struct camera_frame {
	char *data;
	unsigned int slot;
	unsigned int bytes;
	uint32_t number;	/* of all frames, also those that were lost */
};

static inline int camera_ioctl(const struct camera *camera,
			       unsigned long request, void *argument)
{
	int result;

	do {
		result = ioctl(camera->fd, request, argument);
	} while (result && errno == EINTR);
	return result;
}

/* With the format that it has, as set by v4l2-ctl for instance */
static inline void camera_open(struct camera *camera, const char *path)
{
	struct v4l2_format format = { .type = V4L2_BUF_TYPE_VIDEO_CAPTURE };

	memset(camera, 0, sizeof(*camera));
	camera->path = path;
	camera->fd = open(path, O_RDWR | O_CLOEXEC);
	if (camera->fd < 0)
		err(1, "%s: cannot open", path);
	if (camera_ioctl(camera, VIDIOC_G_FMT, &format))
		err(1, "%s: not a camera with frames of one plane", path);
	camera->format = format.fmt.pix;
}

/* Of the same size, but with such pixels */
static inline void camera_set_pixels(struct camera *camera, uint32_t pixels,
				     const char *name)
{
	struct v4l2_format format = {
		.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
		.fmt.pix = {
			.width = camera->format.width,
			.height = camera->format.height,
			.pixelformat = pixels,
			.field = V4L2_FIELD_NONE,
		},
	};

	if (camera_ioctl(camera, VIDIOC_S_FMT, &format))
		err(1, "%s: cannot set the format", camera->path);
	if (format.fmt.pix.pixelformat != pixels)
		errx(1, "%s: gives no frames in %s", camera->path, name);
	camera->format = format.fmt.pix;
}

static inline void camera_open_buffer(struct camera *camera, const char *name)
{
	camera->buffer = mapbuf_open(name, O_RDWR);
	if (!camera->buffer)
		err(1, "buffer %s: cannot open", name);
	camera->slot_size = ((uint64_t)camera->format.sizeimage + CAMERA_PAGE - 1) /
			    CAMERA_PAGE * CAMERA_PAGE;
	if (mapbuf_size(camera->buffer) / 2 < camera->slot_size)
		errx(1, "buffer %s: too small for two frames of %" PRIu64
		     " bytes", name, camera->slot_size);
	camera->data = mapbuf_map(camera->buffer, 0, 0, 0);
	if (!camera->data)
		err(1, "buffer %s: cannot map", name);
}

/* Give a slot to the camera: nobody else uses it until it comes as a frame. */
static inline void camera_queue(struct camera *camera, unsigned int slot)
{
	struct v4l2_buffer queued = {
		.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
		.memory = V4L2_MEMORY_DMABUF,
		.index = slot,
		.m.fd = camera->dmabufs[slot],
		.length = camera->slot_size,
	};

	if (camera_ioctl(camera, VIDIOC_QBUF, &queued))
		err(1, "%s: does not take slot %u of buffer %s%s", camera->path,
		    slot, mapbuf_name(camera->buffer), errno == EFAULT ?
		    " (it may need Backing=contiguous, DMABits=32)" : "");
}

static inline void camera_start(struct camera *camera, const char *name)
{
	struct v4l2_requestbuffers request = {
		.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
		.memory = V4L2_MEMORY_DMABUF,
	};
	int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
	uint64_t fit;
	unsigned int i;

	camera_open_buffer(camera, name);
	fit = mapbuf_size(camera->buffer) / camera->slot_size;
	request.count = fit < CAMERA_SLOTS ? fit : CAMERA_SLOTS;
	if (camera_ioctl(camera, VIDIOC_REQBUFS, &request))
		err(1, "%s: does not capture into dma-bufs", camera->path);
	if (request.count > fit || request.count > CAMERA_SLOTS)
		errx(1, "%s: wants %u slots, buffer %s has %" PRIu64,
		     camera->path, request.count, name, fit);
	camera->slots = request.count;
	for (i = 0; i < camera->slots; i++) {
		camera->dmabufs[i] = mapbuf_export_dmabuf(camera->buffer,
							  i * camera->slot_size,
							  camera->slot_size);
		if (camera->dmabufs[i] < 0)
			err(1, "buffer %s: cannot export", name);
		camera_queue(camera, i);
	}
	if (camera_ioctl(camera, VIDIOC_STREAMON, &type))
		err(1, "%s: cannot start", camera->path);
}

/* The next frame that is whole.  Its slot is to be queued again. */
static inline void camera_wait(struct camera *camera,
			       struct camera_frame *frame)
{
	struct pollfd readable = { .fd = camera->fd, .events = POLLIN };
	struct v4l2_buffer taken;
	int ready;

	for (;;) {
		ready = poll(&readable, 1, CAMERA_TIMEOUT_MS);
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready < 0)
			err(1, "%s: cannot wait", camera->path);
		if (!ready)
			errx(1, "%s: no frame in %d ms", camera->path,
			     CAMERA_TIMEOUT_MS);
		memset(&taken, 0, sizeof(taken));
		taken.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
		taken.memory = V4L2_MEMORY_DMABUF;
		if (camera_ioctl(camera, VIDIOC_DQBUF, &taken))
			err(1, "%s: no more frames", camera->path);
		if (!(taken.flags & V4L2_BUF_FLAG_ERROR))
			break;
		camera_queue(camera, taken.index);
	}
	frame->slot = taken.index;
	frame->data = camera->data + taken.index * camera->slot_size;
	frame->bytes = taken.bytesused;
	frame->number = taken.sequence;
}

static inline void camera_stop(struct camera *camera)
{
	unsigned int i;

	/* With the camera's file goes all that it has of the buffer. */
	close(camera->fd);
	for (i = 0; i < camera->slots; i++)
		close(camera->dmabufs[i]);
	mapbuf_unmap(camera->data, mapbuf_size(camera->buffer));
	mapbuf_close(camera->buffer);
}

#endif /* CAMERA_H */
