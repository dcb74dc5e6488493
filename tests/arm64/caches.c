// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers of devices that do not see what processors have in their caches.  An
 * emulated machine has no caches, so wrong data cannot show.  What can be compared
 * is what the kernel is asked to write back, or to forget: the bytes that are to be
 * synchronized, and no others.  "moved" sees memory at other addresses, too, and
 * "coherent" sees the caches.  The PCI device may be behind an IOMMU.
 */
#include "../kernel/t.h"

#define SIZE (4 * MIB)
#define PAGES (SIZE / PAGE)
#define FETCH (MAPBUF_SYNC_FOR_CPU | MAPBUF_SYNC_FROM_DEVICE)
#define GIVE (MAPBUF_SYNC_FOR_DEVICE | MAPBUF_SYNC_TO_DEVICE)
#define BOTH (MAPBUF_SYNC_TO_DEVICE | MAPBUF_SYNC_FROM_DEVICE)

/* Where the bus of "moved" has what is at the beginning of memory. */
#define MEMORY 0x40000000UL
#define MOVED_TO 0x10000000UL

struct device {
	const char *name;
	bool coherent, moved;
};

static const struct device devices[] = {
	{ .name = "pci/0000:00:05.0" },
	{ .name = "platform/test-bus:moved", .moved = true },
	{ .name = "platform/test-bus:coherent", .coherent = true, .moved = true },
};

struct range {
	uint64_t start, end;
};

struct ranges {
	unsigned int n;
	struct range of[PAGES + 1];
};

static const struct device *device;
static bool translated;
static const char *store;
static uint64_t frames[PAGES];
static struct ranges clean, forget, wanted;

static void trace_on(void)
{
	static const char probes[] =
		"p:caches/clean arch_sync_dma_for_device start=%x0:x64 size=%x1:x64\n"
		"p:caches/forget arch_sync_dma_for_cpu start=%x0:x64 size=%x1:x64 dir=%x2:u32\n";
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	if (write_file(TRACING "kprobe_events", probes) ||
	    /* Then it does nothing. */
	    write_file(TRACING "events/caches/forget/filter", "dir != 1") ||
	    write_file(TRACING "set_event_pid", pid) ||
	    write_file(TRACING "events/caches/enable", "1"))
		t_bail("kprobes on what maintains caches");
}

static void trace_off(void)
{
	must(!write_file(TRACING "events/caches/enable", "0"));
	must(!write_file(TRACING "set_event_pid", "\n"));
	must(!write_file(TRACING "kprobe_events", "-:caches/clean\n-:caches/forget\n"));
}

/* Into one with the range before where they meet. */
static void add(struct ranges *ranges, uint64_t start, uint64_t end)
{
	struct range *last = &ranges->of[ranges->n - 1];

	if (ranges->n && last->end == start) {
		last->end = end;
		return;
	}
	must(ranges->n < ARRAY_LEN(ranges->of));
	ranges->of[ranges->n++] = (struct range){ start, end };
}

/* What the kernel has been asked since the last time, by physical addresses. */
static void collect(void)
{
	FILE *file = fopen(TRACING "trace", "r");
	uint64_t start, size;
	char line[256], *at;

	must(file);
	clean.n = 0;
	forget.n = 0;
	while (fgets(line, sizeof(line), file)) {
		at = strstr(line, " start=");
		if (!at)
			continue;
		must(sscanf(at, " start=%lx size=%lx", &start, &size) == 2);
		add(strstr(line, " clean: ") ? &clean : &forget, start,
		    start + size);
	}
	fclose(file);
	/* Opened to be truncated */
	fclose(fopen(TRACING "trace", "w"));
}

/* Whether these are just bytes [@from, @from + @n) of the buffer. */
static bool covers(const struct ranges *ranges, uint64_t from, uint64_t n)
{
	uint64_t end = from + n, stop, at;
	unsigned int i;

	wanted.n = 0;
	for (; from < end; from = stop) {
		stop = from - from % PAGE + PAGE;
		if (stop > end)
			stop = end;
		at = frames[from / PAGE] * PAGE + from % PAGE;
		add(&wanted, at, at + stop - from);
	}
	for (i = 0; i < ranges->n && i < wanted.n; i++) {
		if (memcmp(&ranges->of[i], &wanted.of[i], sizeof(wanted.of[i])))
			break;
	}
	if (i == ranges->n && i == wanted.n)
		return true;
	t_note("%u ranges, %u wanted; number %u:", ranges->n, wanted.n, i);
	if (i < ranges->n)
		t_note("0x%lx to 0x%lx", ranges->of[i].start, ranges->of[i].end);
	if (i < wanted.n)
		t_note("0x%lx to 0x%lx wanted", wanted.of[i].start,
		       wanted.of[i].end);
	return false;
}

static int create(unsigned int backing)
{
	struct mapbuf_create request = {
		.size = sizeof(request), .bytes = SIZE, .backing = backing,
		.name = "caches",
	};

	strncpy(request.device, device->name, sizeof(request.device) - 1);
	return ioctl(b_control(), MAPBUF_IOC_CREATE, &request) ? -errno : 0;
}

static void part(int fd, uint64_t from, uint64_t n)
{
	const char *name = device->name;

	must(!b_sync_part(fd, from, n, GIVE));
	collect();
	t_ok(covers(&clean, from, n) && !forget.n,
	     "%s: %s: %lu bytes from %lu are written back", name, store, n, from);
	must(!b_sync_part(fd, from, n, FETCH));
	collect();
	t_ok(covers(&forget, from, n) && !clean.n,
	     "%s: %s: and forgotten", name, store);
	must(!b_sync_part(fd, from, n, MAPBUF_SYNC_FOR_CPU | BOTH));
	collect();
	t_ok(covers(&forget, from, n) && !clean.n,
	     "%s: %s: and forgotten if the device did both", name, store);
	must(!b_sync_part(fd, from, n,
			  MAPBUF_SYNC_FOR_CPU | MAPBUF_SYNC_TO_DEVICE));
	collect();
	t_ok(!forget.n && !clean.n,
	     "%s: %s: nothing, if the device has only read", name, store);
}

static void parts(int fd)
{
	static const struct range all[] = {
		{ 0, 1 }, { 1, 63 }, { 100, PAGE }, { PAGE, PAGE },
		{ 64 * KIB - PAGE + 8, 3 * PAGE }, { HUGE_PAGE - 64, 128 },
		{ SIZE - 1, 1 }, { 0, SIZE },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(all); i++)
		part(fd, all[i].start, all[i].end);
}

static void nothing(int fd)
{
	must(!b_sync_part(fd, 0, SIZE, MAPBUF_SYNC_FOR_DEVICE | BOTH));
	must(!b_sync_part(fd, 0, SIZE, MAPBUF_SYNC_FOR_CPU | BOTH));
	collect();
	t_ok(!clean.n && !forget.n, "%s: %s: it sees caches: nothing to do",
	     device->name, store);
}

static void addresses(int fd)
{
	uint64_t offset = device->moved ? MOVED_TO - MEMORY : 0, at;
	struct mapbuf_dma dma;

	if (translated) {
		t_ok(!b_address(fd, 0, &dma) && dma.bytes == SIZE &&
		     dma.address != frames[0] * PAGE,
		     "%s: %s: an IOMMU makes one piece of it", device->name,
		     store);
		return;
	}
	for (at = 0; at < SIZE; at += PAGE) {
		if (b_address(fd, at, &dma) ||
		    dma.address != frames[at / PAGE] * PAGE + offset)
			break;
	}
	t_ok(at == SIZE, "%s: %s: where its bus has each page", device->name,
	     store);
}

static void whole_life(const struct store *s)
{
	struct ranges created;
	char *map;
	int fd;

	store = s->name;
	collect();
	if (create(s->id))
		t_bail("%s: %s: create: errno %d", device->name, store, errno);
	collect();
	created = clean;
	fd = b_open("caches", O_RDWR);
	map = b_map(fd, SIZE, 0);
	fill(map, SIZE, 1);
	must(page_frames(map, PAGES, frames));
	addresses(fd);
	if (device->coherent) {
		t_ok(!created.n, "%s: %s: nor was there before", device->name,
		     store);
		nothing(fd);
	} else {
		t_ok(covers(&created, 0, SIZE),
		     "%s: %s: a new buffer is written back", device->name, store);
		parts(fd);
	}
	munmap(map, SIZE);
	close(fd);
	collect();
	t_ok(!b_destroy("caches", 0), "%s: %s: nothing holds it", device->name,
	     store);
	collect();
	if (device->coherent)
		t_ok(!forget.n && !clean.n, "%s: %s: nor in the end",
		     device->name, store);
	else
		t_ok(covers(&forget, 0, SIZE),
		     "%s: %s: in the end all of it is forgotten", device->name,
		     store);
}

/* Processors access it without their caches, unless the device sees those. */
static void coherent_memory(void)
{
	char *map;
	int fd;

	store = "coherent";
	if (create(MAPBUF_BACKING_COHERENT))
		t_bail("%s: %s: create: errno %d", device->name, store, errno);
	fd = b_open("caches", O_RDWR);
	map = b_map(fd, SIZE, 0);
	fill(map, SIZE, 2);
	collect();
	must(!b_sync_part(fd, 0, SIZE, MAPBUF_SYNC_FOR_DEVICE | BOTH));
	must(!b_sync_part(fd, 0, SIZE, MAPBUF_SYNC_FOR_CPU | BOTH));
	collect();
	t_ok(!clean.n && !forget.n && filled(map, SIZE, 2),
	     "%s: %s: nothing to synchronize", device->name, store);
	munmap(map, SIZE);
	close(fd);
	must(!b_destroy("caches", 0));
}

int main(void)
{
	const struct store *s;
	size_t i;

	translated = setting("TRANSLATED", 0);
	trace_on();
	for (i = 0; i < (translated ? 1 : ARRAY_LEN(devices)); i++) {
		device = &devices[i];
		for (s = stores; s->name; s++)
			whole_life(s);
		coherent_memory();
	}
	trace_off();
	return t_done();
}
