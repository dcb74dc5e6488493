// SPDX-License-Identifier: GPL-2.0-only
/* A display driver imports buffers: vgem, which attaches and maps at once. */
#include "video.h"

#include <linux/dma-buf.h>

#include <drm.h>

#define SIZE (8 * MIB)
#define PART_AT (3 * PAGE)
#define PART (4 * MIB + PAGE)

static int open_display(void)
{
	int fd = open("/dev/dri/renderD128", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		t_bail("open /dev/dri/renderD128");
	return fd;
}

/* A handle, or -errno */
static int import(int display, int dmabuf)
{
	struct drm_prime_handle prime = { .fd = dmabuf };

	return ioctl(display, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime) ?
	       -errno : (int)prime.handle;
}

static int export_again(int display, int handle)
{
	struct drm_prime_handle prime = {
		.handle = handle, .flags = DRM_CLOEXEC | DRM_RDWR,
	};

	return ioctl(display, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime) ?
	       -errno : prime.fd;
}

static int drop(int display, int handle)
{
	struct drm_gem_close request = { .handle = handle };

	return ioctl(display, DRM_IOCTL_GEM_CLOSE, &request) ? -errno : 0;
}

static bool holds(int dmabuf, uint64_t seed)
{
	char *map = mmap(NULL, PART, PROT_READ, MAP_SHARED, dmabuf, 0);
	bool ok = map != MAP_FAILED && filled(map, PART, seed);

	munmap(map, PART);
	return ok;
}

static void imports(const char *store)
{
	int display = open_display(), node = b_open("display", O_RDWR);
	int whole = b_export(node, 0, SIZE);
	int part = b_export(node, PART_AT, PART);
	int first = import(display, whole), second = import(display, part);
	int again, i, bad = 0;

	t_ok(first > 0 && second > 0 && first != second,
	     "%s: all of it and a part are imported", store);
	t_ok(import(display, part) == second, "%s: once each", store);
	for (i = 1; i <= 3; i++) {
		bad += b_sync(part, DMA_BUF_SYNC_START | i);
		bad += b_sync(part, DMA_BUF_SYNC_END | i);
	}
	t_ok(!bad, "%s: sync while it is mapped for a device", store);
	t_ok(import(display, node) == -EINVAL, "%s: the node is no dma-buf",
	     store);

	close(whole);
	t_ok(exports("display") == 2, "%s: the driver keeps it", store);
	t_ok(!drop(display, first) && exports("display") == 1,
	     "%s: until it has dropped it", store);
	t_ok(drop(display, first) == -EINVAL, "%s: which it can once", store);
	again = export_again(display, second);
	t_ok(again >= 0 && again != part && lseek(again, 0, SEEK_END) ==
	     (off_t)PART, "%s: the driver hands it on", store);
	close(part);
	close(again);
	close(display);
	t_ok(exports("display") == 0, "%s: closed, nothing is kept", store);
	close(node);
}

/* The display has all that is left. */
static void outlives(const struct store *s)
{
	int display = open_display(), node = b_open("display", O_RDWR);
	int part = b_export(node, PART_AT, PART), handle, again;
	char *map = b_map(node, SIZE, 0);

	fill(map + PART_AT, PART, 5);
	munmap(map, SIZE);
	handle = import(display, part);
	close(part);
	close(node);
	t_ok(b_destroy("display", 0) == -EBUSY && module_unload() == -EAGAIN,
	     "%s: in use when only a driver has it", s->name);
	t_ok(!b_destroy("display", MAPBUF_DESTROY_DEFERRED),
	     "%s: destroyed, deferred", s->name);
	t_ok(module_unload() == -EAGAIN, "%s: the module stays", s->name);
	again = export_again(display, handle);
	t_ok(holds(again, 5), "%s: the driver hands the data on", s->name);
	close(again);
	close(display);
	create_in(s, "display", SIZE);
}

static void import_and_wait(unsigned int unused)
{
	int display = open_display(), node = b_open("display", O_RDWR);

	(void)unused;
	must(import(display, b_export(node, 0, SIZE)) > 0);
	must(import(display, b_export(node, PART_AT, PART)) > 0);
	raise(SIGKILL);
}

static void killed(const char *store)
{
	int i, status, bad = 0;

	for (i = 0; i < 20; i++) {
		waitpid(child(import_and_wait, 0), &status, 0);
		bad += !WIFSIGNALED(status) || exports("display") != 0;
	}
	t_ok(!bad, "%s: a killed process leaves no import", store);
}

/* It wants pages, which a reserved range has not. */
static void without_pages(void)
{
	int display = open_display(), node = b_open("display", O_RDWR);
	int whole = b_export(node, 0, SIZE);

	t_ok(import(display, whole) == -EOPNOTSUPP,
	     "reserved: is not for drivers that want pages");
	close(whole);
	close(node);
	close(display);
}

static void all(const struct store *s)
{
	if (s->id == MAPBUF_BACKING_RESERVED) {
		without_pages();
		return;
	}
	imports(s->name);
	outlives(s);
	killed(s->name);
}

int main(void)
{
	in_each(all_stores, "display", SIZE, all);
	return t_done();
}
