// SPDX-License-Identifier: GPL-2.0-only
/* examples/drive.c, the driver of edu, as its user runs it. */
#include "edu.h"

#include <sys/wait.h>

#define FRAMES 6
#define DISK "/dev/vda"

static const char *store;

/* Its exit status; what it printed is in /tmp/out. */
static int drive(const char *frames)
{
	char command[128];

	snprintf(command, sizeof(command),
		 "./drive " EDU_DEVICE " drive " DISK " %s >/tmp/out 2>&1", frames);
	return WEXITSTATUS(system(command));
}

static bool said(const char *words)
{
	char text[1024] = "";
	int fd = open("/tmp/out", O_RDONLY | O_CLOEXEC);

	(void)!read(fd, text, sizeof(text) - 1);
	close(fd);
	if (strstr(text, words))
		return true;
	t_note("%s", text);
	return false;
}

/* Each frame is a page of words that say which it is. */
static bool on_disk(void)
{
	int fd = open(DISK, O_RDWR | O_CLOEXEC);
	uint64_t page[PAGE / 8];
	unsigned int i, number;
	bool good = true;

	for (number = 0; number < FRAMES; number++) {
		must(pread(fd, page, PAGE, number * PAGE) == PAGE);
		for (i = 0; i < PAGE / 8; i++)
			good &= page[i] == ((uint64_t)number << 32 | i);
		/* Nothing is left for the next one to find. */
		memset(page, 0, PAGE);
		must(pwrite(fd, page, PAGE, number * PAGE) == PAGE);
	}
	must(!fsync(fd));
	close(fd);
	return good;
}

static void drives(unsigned int backing)
{
	char *text;

	must(!edu_try_buffer("drive", MIB, backing, edu_bits()));
	t_ok(drive("1") == 1 && said("uio_pci_generic"),
	     "%s: without a driver it has no interrupts", store);
	must(edu_bind_to("uio_pci_generic"));
	t_ok(!drive("6") && said("6 frames"), "%s: it drives the device", store);
	t_ok(on_disk(), "%s: all frames are on the disk", store);
	text = b_sysfs("drive", "notifications");
	t_ok(text && atoi(text) == FRAMES, "%s: of each was notified", store);
	must(edu_unbind());
	t_ok(!b_destroy("drive", 0), "%s: nothing holds it", store);
}

int main(void)
{
	edu_unbind();
	store = "vmalloc";
	drives(MAPBUF_BACKING_VMALLOC);
	store = "contiguous";
	drives(MAPBUF_BACKING_CONTIGUOUS);
	return t_done();
}
