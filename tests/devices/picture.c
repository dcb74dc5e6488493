// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the examples wrote.
 *
 * usage: picture camera WIDTH HEIGHT		set up the camera
 *	  picture image FILE FRAME		is it that frame?
 *	  picture film FILE WIDTH HEIGHT FRAMES LOST
 */
#include "video.h"

#include <err.h>
#include <png.h>

/*
 * How far the bars move from picture to picture, in one 320 wide.  A camera that is late
 * skips numbers of frames, and no picture.
 */
#define STEP 4

static int image_is_frame(const char *path, unsigned int number)
{
	png_image image = { .version = PNG_IMAGE_VERSION };
	unsigned char *pixels;
	int moved;

	if (!png_image_begin_read_from_file(&image, path))
		errx(1, "%s: %s", path, image.message);
	image.format = PNG_FORMAT_RGB;
	pixels = malloc(PNG_IMAGE_SIZE(image));
	if (!pixels ||
	    !png_image_finish_read(&image, NULL, pixels, 0, NULL))
		errx(1, "%s: %s", path, image.message);
	moved = bars_moved(pixels, PNG_IMAGE_ROW_STRIDE(image), image.width,
			   image.height, 4);
	printf("%ux%u, bars moved by %d\n", image.width, image.height, moved);
	free(pixels);
	return moved < 0 || moved % STEP ||
	       (number < image.width / STEP && moved > (int)number * STEP);
}

/* Each frame is whole, and what is between two are those that were lost. */
static int film_is_whole(const char *path, const struct video *video,
			 unsigned int frames, unsigned int lost)
{
	unsigned char *data = malloc(video->slot);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned int i, gaps = 0;
	int moved, last = 0;

	for (i = 0; i < frames; i++) {
		if (pread(fd, data, video->slot, i * video->slot) !=
		    (ssize_t)video->slot)
			err(1, "%s: cannot read frame %u", path, i);
		moved = bars_moved(data, 3 * video->width, video->width,
				   video->height, 0);
		if (moved < 0)
			errx(1, "%s: frame %u is broken", path, i);
		if (i)
			gaps += (moved + video->width - last) % video->width /
				STEP - 1;
		last = moved;
	}
	printf("%u frames, between them %u are lost\n", frames, gaps);
	free(data);
	close(fd);
	return gaps > lost;
}

int main(int argc, char **argv)
{
	struct video video;

	if (argc == 4 && !strcmp(argv[1], "image"))
		return image_is_frame(argv[2], atoi(argv[3]));
	if (argc == 4 && !strcmp(argv[1], "camera")) {
		video_open(&video, atoi(argv[2]), atoi(argv[3]));
		return 0;
	}
	if (argc == 7 && !strcmp(argv[1], "film")) {
		video_open(&video, atoi(argv[3]), atoi(argv[4]));
		return film_is_whole(argv[2], &video, atoi(argv[5]),
				     atoi(argv[6]));
	}
	errx(2, "usage: see the top of picture.c");
}
