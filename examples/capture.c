// SPDX-License-Identifier: 0BSD
/*
 * NAME
 *	capture - take a picture with a camera
 *
 * SYNOPSIS
 *	capture CAMERA BUFFER IMAGE [FRAMES]
 *
 * DESCRIPTION
 *	Takes FRAMES frames (10, for cameras that have to find the exposure)
 *	from CAMERA, /dev/videoN, and writes the last one to IMAGE, a PNG file.
 *	The camera captures into BUFFER itself, which is to have room for two
 *	frames at least; the frame stays there.  The size of the picture is the
 *	one that the camera is set to: v4l2-ctl -v width=1280,height=720.
 *
 *	Needs a camera that gives YUYV, as most do.
 */
#include <stdlib.h>

#include <linux/dma-buf.h>
#include <png.h>

#include "camera.h"

/* How three bytes of luma and chroma become a pixel */
struct conversion {
	double black, luma;		/* offset and scale of Y */
	double red_v, green_u, green_v, blue_u;
};

static struct conversion conversion_for(const struct v4l2_pix_format *format)
{
	unsigned int encoding = format->ycbcr_enc;
	unsigned int range = format->quantization;
	struct conversion c;
	double kr, kb, chroma;

	if (encoding == V4L2_YCBCR_ENC_DEFAULT)
		encoding = V4L2_MAP_YCBCR_ENC_DEFAULT(format->colorspace);
	if (range == V4L2_QUANTIZATION_DEFAULT)
		range = V4L2_MAP_QUANTIZATION_DEFAULT(false, format->colorspace,
						      encoding);
	kr = encoding == V4L2_YCBCR_ENC_709 ? 0.2126 : 0.299;
	kb = encoding == V4L2_YCBCR_ENC_709 ? 0.0722 : 0.114;
	c.black = range == V4L2_QUANTIZATION_LIM_RANGE ? 16 : 0;
	c.luma = range == V4L2_QUANTIZATION_LIM_RANGE ? 255.0 / 219 : 1;
	chroma = range == V4L2_QUANTIZATION_LIM_RANGE ? 255.0 / 224 : 1;
	c.red_v = 2 * (1 - kr) * chroma;
	c.blue_u = 2 * (1 - kb) * chroma;
	c.green_v = -c.red_v * kr / (1 - kr - kb);
	c.green_u = -c.blue_u * kb / (1 - kr - kb);
	return c;
}

static unsigned char clamp(double value)
{
	return value <= 0 ? 0 : value >= 255 ? 255 : value + 0.5;
}

/* Two pixels share the chroma: Y0 U Y1 V. */
static void convert_line(const struct conversion *c, const unsigned char *from,
			 unsigned char *to, unsigned int width)
{
	unsigned int x;

	for (x = 0; x < width; x++) {
		double y = (from[2 * x] - c->black) * c->luma;
		double u = from[x / 2 * 4 + 1] - 128;
		double v = from[x / 2 * 4 + 3] - 128;

		*to++ = clamp(y + c->red_v * v);
		*to++ = clamp(y + c->green_u * u + c->green_v * v);
		*to++ = clamp(y + c->blue_u * u);
	}
}

static void write_image(const struct v4l2_pix_format *format, const char *data,
			const char *path)
{
	const unsigned char *lines = (const unsigned char *)data;
	struct conversion c = conversion_for(format);
	png_image image = {
		.version = PNG_IMAGE_VERSION,
		.width = format->width,
		.height = format->height,
		.format = PNG_FORMAT_RGB,
	};
	unsigned char *pixels = malloc(PNG_IMAGE_SIZE(image));
	unsigned int y;

	if (!pixels)
		err(1, "no memory for the picture");
	for (y = 0; y < image.height; y++)
		convert_line(&c, lines + y * format->bytesperline,
			     pixels + y * PNG_IMAGE_ROW_STRIDE(image),
			     image.width);
	if (!png_image_write_to_file(&image, path, 0, pixels, 0, NULL))
		errx(1, "%s: cannot write: %s", path, image.message);
	free(pixels);
}

/* Before and after processors look at what a device has written */
static void sync_slot(const struct camera *camera, unsigned int slot,
		      uint64_t flags)
{
	struct dma_buf_sync sync = { .flags = flags | DMA_BUF_SYNC_READ };

	if (ioctl(camera->dmabufs[slot], DMA_BUF_IOCTL_SYNC, &sync))
		err(1, "buffer %s: cannot sync", mapbuf_name(camera->buffer));
}

int main(int argc, char **argv)
{
	struct camera_frame frame;
	struct camera camera;
	long frames, i;
	char *end = "";

	frames = argc == 5 ? strtol(argv[4], &end, 10) : 10;
	if (argc < 4 || argc > 5 || frames < 1 || *end)
		errx(2, "usage: capture CAMERA BUFFER IMAGE [FRAMES]");
	camera_open(&camera, argv[1]);
	camera_set_pixels(&camera, V4L2_PIX_FMT_YUYV, "YUYV");
	camera_start(&camera, argv[2]);
	for (i = 1; ; i++) {
		camera_wait(&camera, &frame);
		if (i == frames)
			break;
		camera_queue(&camera, frame.slot);
	}
	sync_slot(&camera, frame.slot, DMA_BUF_SYNC_START);
	write_image(&camera.format, frame.data, argv[3]);
	sync_slot(&camera, frame.slot, DMA_BUF_SYNC_END);
	printf("%s: %ux%u, frame %" PRIu32 ", from slot %u of buffer %s\n",
	       argv[3], camera.format.width, camera.format.height, frame.number,
	       frame.slot, argv[2]);
	camera_stop(&camera);
	return 0;
}
