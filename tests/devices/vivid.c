// SPDX-License-Identifier: GPL-2.0-only
/*
 * The test camera captures into parts of a buffer.
 *
 * usage: vivid cpu | vivid dma
 *
 * With vivid's allocators=0 a processor writes the frames, by the address that
 * the dma-buf gives; with 1 the part is mapped for the device, and is to be
 * contiguous.
 */
#include "video.h"

#define WIDTH 320
#define HEIGHT 180
#define STEP 4			/* the bars move so far from frame to frame */
#define SIZE (8 * MIB)
#define POISON 0xa5

static struct video video;
/*
 * The frame before: its number, and how many pictures there were.  When the camera is
 * late, it skips numbers, and no picture.
 */
static int last_number, last_picture;
static int node, dmabufs[VIDEO_SLOTS];
static char *map;

static void slots_open(void)
{
	unsigned int i;

	node = b_open("camera", O_RDWR);
	map = b_map(node, SIZE, 0);
	memset(map, POISON, SIZE);
	video_open(&video, WIDTH, HEIGHT);
	for (i = 0; i < VIDEO_SLOTS; i++) {
		dmabufs[i] = b_export(node, i * video.slot, video.slot);
		if (dmabufs[i] < 0)
			t_bail("export slot %u", i);
	}
}

static void slots_close(void)
{
	unsigned int i;

	close(video.fd);
	for (i = 0; i < VIDEO_SLOTS; i++)
		close(dmabufs[i]);
	if (map)
		munmap(map, SIZE);
	close(node);
}

/* 0 or -errno */
static int start(void)
{
	unsigned int i;
	int err = video_request(&video, VIDEO_SLOTS);

	last_number = -1;
	last_picture = -1;
	for (i = 0; i < VIDEO_SLOTS && !err; i++)
		err = video_queue(&video, i, dmabufs[i], video.slot);
	return err ?: video_stream(&video, true);
}

static bool poisoned(const char *from, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if ((unsigned char)from[i] != POISON)
			return false;
	}
	return true;
}

/*
 * What is in the slot is a new picture, and no more than that: one that was not there
 * the last time, and not later than the number of the frame says.
 */
static bool is_frame(const char *slot, const struct frame *frame)
{
	const int pictures = WIDTH / STEP;
	int moved = bars_moved((const unsigned char *)slot, 3 * WIDTH, WIDTH,
			       HEIGHT, 0);
	int further = (moved / STEP - last_picture % pictures + pictures) % pictures;

	if (frame->bytes != video.bytes || moved < 0 || moved % STEP || !further ||
	    further > (int)frame->number - last_number) {
		t_note("frame %u of %zu bytes has moved by %d; picture %d was frame %d",
		       frame->number, frame->bytes, moved, last_picture,
		       last_number);
		return false;
	}
	last_number = frame->number;
	last_picture += further;
	return poisoned(slot + video.bytes, video.slot - video.bytes);
}

/* So many frames, each as it should be */
static bool frames(unsigned int count, const char *data)
{
	struct frame frame;

	while (count--) {
		char *slot;
		int err = video_take(&video, &frame);

		if (err) {
			t_note("no frame: %s", strerror(-err));
			return false;
		}
		slot = (char *)data + frame.slot * video.slot;
		if (!is_frame(slot, &frame))
			return false;
		memset(slot, POISON, video.slot);
		if (video_queue(&video, frame.slot, dmabufs[frame.slot],
				video.slot))
			return false;
	}
	return true;
}

static void captures(const char *store)
{
	slots_open();
	t_ok(!start() && frames(12, map), "%s: 12 frames, each in its slot",
	     store);
	t_ok(poisoned(map + VIDEO_SLOTS * video.slot,
		      SIZE - VIDEO_SLOTS * video.slot),
	     "%s: nothing but the slots was written to", store);
	t_ok(!video_stream(&video, false) && exports("camera") == VIDEO_SLOTS,
	     "%s: stopped", store);
	t_ok(!start() && frames(3, map), "%s: and started again", store);
	slots_close();
	t_ok(exports("camera") == 0, "%s: closed, it has no export", store);
}

static void refuses(const char *store)
{
	int small, i, bad = 0;

	slots_open();
	small = b_export(node, 0, video.slot - PAGE);
	video_request(&video, VIDEO_SLOTS);
	t_ok(video_queue(&video, 0, small, 0) == -EINVAL,
	     "%s: a part too small for a frame", store);
	t_ok(video_queue(&video, 0, small, video.slot) == -EFAULT,
	     "%s: one that is said to be larger than it is", store);
	t_ok(video_queue(&video, 0, node, video.slot) == -EINVAL,
	     "%s: the node is no dma-buf", store);
	close(small);
	t_ok(video_queue(&video, 0, small, video.slot) == -EINVAL,
	     "%s: a stale descriptor", store);

	/* It has the part already, attached and mapped, when it gives up. */
	for (i = 0; i < 10; i++) {
		bad += !video_control(video.fd, "Inject VIDIOC_QBUF Error", 1);
		bad += video_queue(&video, 0, dmabufs[0], video.slot) != -EINVAL;
	}
	t_ok(!bad, "%s: an importer that gives up half-way", store);
	bad = !video_control(video.fd, "Inject VIDIOC_STREAMON Error", 1);
	t_ok(!bad && start() == -EINVAL, "%s: one that cannot start", store);
	t_ok(!video_stream(&video, false) && !start() && frames(2, map),
	     "%s: the next time it can", store);
	slots_close();
	t_ok(exports("camera") == 0, "%s: none of them keeps an export", store);
}

/* Nothing but the camera, and its dma-bufs, has the buffer in the end. */
static void outlives(const struct store *s)
{
	struct frame frame;
	bool good = true;
	char *slot;

	slots_open();
	t_ok(!start() && b_destroy("camera", 0) == -EBUSY &&
	     module_unload() == -EAGAIN, "%s: in use while it captures",
	     s->name);
	munmap(map, SIZE);
	close(node);
	t_ok(b_destroy("camera", 0) == -EBUSY,
	     "%s: also when only the camera has it", s->name);
	t_ok(!b_destroy("camera", MAPBUF_DESTROY_DEFERRED) &&
	     b_id("camera") < 0, "%s: destroyed, deferred", s->name);
	/* The first ones may be from before. */
	do {
		if (video_take(&video, &frame))
			break;
		slot = mmap(NULL, video.slot, PROT_READ, MAP_SHARED,
			    dmabufs[frame.slot], 0);
		good &= slot != MAP_FAILED && is_frame(slot, &frame);
		munmap(slot, video.slot);
		video_queue(&video, frame.slot, dmabufs[frame.slot],
			    video.slot);
	} while (frame.number < 8);
	t_ok(good && last_number >= 8, "%s: the camera goes on", s->name);
	t_ok(module_unload() == -EAGAIN, "%s: the module stays", s->name);
	map = NULL;
	node = -1;
	slots_close();
	create_in(s, "camera", SIZE);
}

static int started[2];

/* Captures until it is told to, or made to, end. */
static void capture_on(unsigned int how)
{
	struct frame frame;

	slots_open();
	must(!start() && write(started[1], "", 1) == 1);
	switch (how % 3) {
	case 0:
		usleep(how * 15000);
		must(!video_stream(&video, false));
		break;
	case 1:
		usleep(how * 15000);
		return;
	default:
		while (!video_take(&video, &frame))
			video_queue(&video, frame.slot, dmabufs[frame.slot],
				    video.slot);
		_exit(1);
	}
}

static void ends(const char *store)
{
	unsigned int i, bad = 0;
	char byte;
	int status;
	pid_t pid;

	for (i = 0; i < 18; i++) {
		if (pipe(started))
			t_bail("pipe");
		pid = child(capture_on, i);
		close(started[1]);
		bad += read(started[0], &byte, 1) != 1;
		close(started[0]);
		if (i % 3 == 2) {
			usleep(i * 15000);
			kill(pid, SIGKILL);
		}
		waitpid(pid, &status, 0);
		bad += i % 3 == 2 ? !WIFSIGNALED(status) : status != 0;
		bad += exports("camera") != 0;
	}
	t_ok(!bad, "%s: stopped, closed or killed at any moment", store);
}

/* In another process, as the first one waits for a frame. */
static void unbinds(unsigned int delay)
{
	usleep(delay * 10000);
	must(video_driver("unbind"));
}

static void vanishes(const char *store)
{
	unsigned int i, bad = 0;
	struct frame frame;
	int err;

	for (i = 0; i < 6; i++) {
		slots_open();
		bad += start() != 0;
		child(unbinds, i * 4);
		do {
			err = video_take(&video, &frame) ?:
			      video_queue(&video, frame.slot,
					  dmabufs[frame.slot], video.slot);
		} while (!err);
		bad += err != -EINVAL && err != -ENODEV;
		bad += !reap();
		bad += video_queue(&video, 0, dmabufs[0], video.slot) != -ENODEV;
		slots_close();
		bad += exports("camera") != 0 || !video_driver("bind");
	}
	t_ok(!bad, "%s: a device that vanishes while it captures", store);
	slots_open();
	t_ok(!start() && frames(2, map), "%s: back, it captures", store);
	slots_close();
}

/* The device takes one range.  It finds out with the pages in its hands. */
static void scattered(void)
{
	off_t at = HUGE_PAGE - PAGE;
	uint64_t frame[2];
	int i, part, bad = 0;

	node = b_open("camera", O_RDWR);
	map = b_map(node, SIZE, 0);
	memset(map, POISON, SIZE);
	while (page_frames(map + at, 2, frame) && frame[0] + 1 == frame[1]) {
		at += HUGE_PAGE;
		if (at + HUGE_PAGE > (off_t)SIZE)
			t_bail("all of the buffer happens to be in one range");
	}
	video_open(&video, WIDTH, HEIGHT);
	part = b_export(node, at, video.slot);
	video_request(&video, VIDEO_SLOTS);
	for (i = 0; i < 10; i++)
		bad += video_queue(&video, i % VIDEO_SLOTS, part,
				   video.slot) != -EFAULT;
	t_ok(!bad, "an importer that finds the pages scattered");
	close(video.fd);
	close(part);
	munmap(map, SIZE);
	close(node);
	t_ok(exports("camera") == 0, "it leaves no export");
}

/* It wants pages, which a reserved range has not. */
static void without_pages(void)
{
	int part;

	node = b_open("camera", O_RDWR);
	video_open(&video, WIDTH, HEIGHT);
	part = b_export(node, 0, video.slot);
	video_request(&video, VIDEO_SLOTS);
	t_ok(video_queue(&video, 0, part, video.slot) == -EOPNOTSUPP,
	     "an importer that wants pages of a reserved range");
	close(video.fd);
	close(part);
	close(node);
}

static bool dma;

static void all(const struct store *s)
{
	if (dma && s->id == MAPBUF_BACKING_VMALLOC) {
		scattered();
		return;
	}
	if (dma && s->id == MAPBUF_BACKING_RESERVED) {
		without_pages();
		return;
	}
	captures(s->name);
	refuses(s->name);
	outlives(s);
	ends(s->name);
	vanishes(s->name);
}

int main(int argc, char **argv)
{
	dma = argc > 1 && !strcmp(argv[1], "dma");
	in_each(all_stores, "camera", SIZE, all);
	return t_done();
}
