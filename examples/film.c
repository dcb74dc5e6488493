// SPDX-License-Identifier: 0BSD
/*
 * NAME
 *	film - write the frames of a camera to disk
 *
 * SYNOPSIS
 *	film CAMERA BUFFER FILE FRAMES
 *
 * DESCRIPTION
 *	Writes FRAMES frames of CAMERA, /dev/videoN, to FILE, as they are, each
 *	at the start of a page.  The camera captures into BUFFER, and the disk
 *	reads BUFFER, past the page cache: no processor copies a frame.  While
 *	one is written the camera fills the others.  The format is the one that
 *	the camera is set to.
 *
 *	Frames for which there was no room in time are lost, and counted; with
 *	a larger buffer the disk may be slow for longer.
 */
#include <stdio.h>
#include <stdlib.h>

#include "camera.h"

static void write_frame(int fd, const char *path, const char *data,
			uint64_t length, uint64_t offset)
{
	uint64_t done = 0;
	ssize_t got;

	while (done < length) {
		got = pwrite(fd, data + done, length - done, offset + done);
		if (got < 0 && errno != EINTR)
			err(1, "%s: cannot write at %" PRIu64, path,
			    offset + done);
		if (got == 0)
			errx(1, "%s: the disk is full", path);
		if (got > 0)
			done += got;
	}
}

int main(int argc, char **argv)
{
	struct camera_frame frame = { 0 };
	uint32_t first = 0;
	struct camera camera;
	long frames, i;
	char *end;
	int fd;

	frames = argc == 5 ? strtol(argv[4], &end, 10) : 0;
	if (frames < 1 || *end)
		errx(2, "usage: film CAMERA BUFFER FILE FRAMES");
	fd = open(argv[3], O_WRONLY | O_CREAT | O_TRUNC | O_DIRECT | O_CLOEXEC,
		  0644);
	if (fd < 0)
		err(1, "%s: cannot open with O_DIRECT", argv[3]);
	camera_open(&camera, argv[1]);
	camera_start(&camera, argv[2]);
	for (i = 0; i < frames; i++) {
		camera_wait(&camera, &frame);
		if (i == 0)
			first = frame.number;
		write_frame(fd, argv[3], frame.data, camera.slot_size,
			    i * camera.slot_size);
		camera_queue(&camera, frame.slot);
	}
	camera_stop(&camera);
	if (fdatasync(fd) || close(fd))
		err(1, "%s: cannot write", argv[3]);
	printf("%s: %ld frames of %" PRIu64 " bytes, %" PRIu64 " lost\n",
	       argv[3], frames, camera.slot_size,
	       (uint64_t)(frame.number - first) + 1 - frames);
	return 0;
}
