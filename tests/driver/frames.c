// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames of examples/driver, read where the device has put them; and what
 * becomes of a reader when the device goes.
 */
#include "../kernel/t.h"

#include <sys/syscall.h>

#include <poll.h>

#include "../../examples/driver/frame.h"

#define FRAMES 12
#define PATIENCE 600000	/* ms */
#define DEVICE "0000:00:05.0"

static int node;
static const struct edu_frame *ring;

static const struct edu_frame *slot(uint64_t number)
{
	return (const void *)((const char *)ring +
			      (number - 1) % EDU_SLOTS * EDU_FRAME_SIZE);
}

static bool frame_ok(uint64_t number)
{
	const struct edu_frame *frame = slot(number);
	size_t i;

	if (frame->number != number || !frame->time) {
		t_note("frame %llu says %llu", (unsigned long long)number,
		       (unsigned long long)frame->number);
		return false;
	}
	for (i = 0; i < ARRAY_LEN(frame->samples); i++) {
		if (frame->samples[i] != (uint32_t)number + i)
			return false;
	}
	return true;
}

static int wait_for(int timeout)
{
	struct pollfd p = { .fd = node, .events = POLLIN };

	return poll(&p, 1, timeout) == 1 ? p.revents : 0;
}

static uint64_t seen(void)
{
	struct mapbuf_notify n = { .size = sizeof(n) };

	if (ioctl(node, MAPBUF_IOC_SEEN, &n))
		t_bail("MAPBUF_IOC_SEEN");
	return n.sequence;
}

static bool driver(const char *file, const char *text)
{
	char path[128];
	int fd;
	bool ok;

	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/mapbuf_edu/%s",
		 file);
	fd = open(path, O_WRONLY);
	ok = fd >= 0 && write(fd, text, strlen(text)) > 0;
	close(fd);
	return ok;
}

static void ring_open(void)
{
	node = b_open("edu", O_RDONLY);
	ring = mmap(NULL, EDU_SLOTS * EDU_FRAME_SIZE, PROT_READ, MAP_SHARED,
		    node, 0);
	if (ring == MAP_FAILED)
		t_bail("mmap");
}

static void ring_close(void)
{
	munmap((void *)ring, EDU_SLOTS * EDU_FRAME_SIZE);
	close(node);
}

/* How often it had to be woken up for all frames. */
static unsigned int reads(uint64_t *last, bool *ok)
{
	unsigned int wakeups = 0;
	uint64_t now = seen();

	*ok = true;
	for (*last = 0;; now = seen()) {
		for (; *last < now; ++*last)
			*ok &= frame_ok(*last + 1);
		if (*last >= FRAMES || !(wait_for(PATIENCE) & POLLIN))
			return wakeups;
		wakeups++;
	}
}

/* On a busy machine the frames may be there first: the device begins again. */
static void reads_all(void)
{
	unsigned int wakeups, tries = 0;
	uint64_t last;
	bool ok;

	ring_open();
	for (;;) {
		wakeups = reads(&last, &ok);
		if (wakeups > 1 || !ok || last != FRAMES || ++tries == 20)
			break;
		ring_close();
		if (!driver("unbind", DEVICE) || !driver("bind", DEVICE))
			t_bail("bind the device again");
		ring_open();
	}
	t_ok(ok && last == FRAMES, "%llu frames, each as the device wrote it",
	     (unsigned long long)last);
	t_ok(wakeups > 1 && !wait_for(500), "woken up for them, and not again");
}

static void unbinds(void)
{
	t_ok(b_destroy("edu", 0) == -EBUSY,
	     "the buffer of a driver cannot be destroyed");
	t_fails(syscall(SYS_delete_module, "mapbuf", O_NONBLOCK), EAGAIN,
		"mapbuf stays while a driver uses it");
	t_ok(driver("unbind", DEVICE), "the device goes");
	t_ok(b_id("edu") < 0, "the buffer's name and node go with it");
	t_ok(wait_for(PATIENCE) & POLLHUP, "a reader is told");
	t_ok(frame_ok(FRAMES), "and keeps the frames");
	t_ok(driver("bind", DEVICE) && b_id("edu") >= 0,
	     "the device comes back with a new buffer");
	t_ok(frame_ok(FRAMES), "which is another one");
}

/* The device writes, and is taken away in the middle of it. */
static void rebinds(void)
{
	int i, bad = 0;

	for (i = 0; i < 20; i++) {
		usleep(i * 20000);
		bad += !driver("unbind", DEVICE) || b_id("edu") >= 0;
		bad += !driver("bind", DEVICE) || b_id("edu") < 0;
	}
	t_ok(!bad, "20 times, at any moment");
}

int main(void)
{
	reads_all();
	unbinds();
	rebinds();
	ring_close();
	return t_done();
}
