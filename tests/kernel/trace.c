// SPDX-License-Identifier: GPL-2.0-only
/* The tracepoints: each event, in order, with what it says. */
#include "t.h"

#define SIZE (2 * HUGE_PAGE)
#define AROUND (32 * MIB)
#define FAULT_NOPAGE 0x100	/* VM_FAULT_NOPAGE */

static FILE *trace;

static void trace_write(const char *file, const char *text)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), TRACING "%s", file);
	fd = open(path, O_WRONLY | O_TRUNC);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		t_bail("write to %s", path);
	close(fd);
}

static void trace_start(void)
{
	trace_write("trace", "\n");
	trace_write("events/mapbuf/enable", "1");
	trace_write("tracing_on", "1");
}

static void trace_stop(void)
{
	trace_write("events/mapbuf/enable", "0");
	trace = fopen(TRACING "trace", "r");
	if (!trace)
		t_bail("open the trace");
}

/* The next event in the trace, without what the tracer says of it. */
static const char *next_event(void)
{
	static char line[512];
	char *event;

	while (fgets(line, sizeof(line), trace)) {
		event = strstr(line, ": mapbuf_");
		if (event && line[0] != '#') {
			line[strcspn(line, "\n")] = '\0';
			return event + 2;
		}
	}
	return "nothing more";
}

static void next_is(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));
static void next_is(const char *fmt, ...)
{
	const char *event = next_event();
	char want[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(want, sizeof(want), fmt, args);
	va_end(args);
	if (strcmp(event, want))
		t_note("the trace has: %s", event);
	t_ok(!strcmp(event, want), "%s", want);
}

/* A half of what was [@start, @end); kernels differ in which is the new one. */
static void next_is_half(unsigned long start, unsigned long end)
{
	unsigned long half = (start + end) / 2;
	const char *event = next_event();
	char lower[256], upper[256];

	snprintf(lower, sizeof(lower),
		 "mapbuf_map: name=trace start=%#lx end=%#lx pgoff=0 by=2M",
		 start, half);
	snprintf(upper, sizeof(upper),
		 "mapbuf_map: name=trace start=%#lx end=%#lx pgoff=512 by=2M",
		 half, end);
	t_ok(!strcmp(event, lower) || !strcmp(event, upper),
	     "a half becomes an area of its own: %s", event);
}

static void none_is_left(void)
{
	char line[512];
	bool left = false;

	while (fgets(line, sizeof(line), trace)) {
		if (strstr(line, ": mapbuf_")) {
			t_note("%s", line);
			left = true;
		}
	}
	t_ok(!left, "and no other event");
	fclose(trace);
}

/* Of 2 MiB pages, used by two areas, one split, destroyed in use. */
static void whole_life(void)
{
	unsigned long start, half;
	bool around = kernel_since(6, 12);	/* a fault maps both pieces */
	char *map;
	int fd, id;

	trace_start();
	id = b_create("trace", SIZE - PAGE + 1, MAPBUF_BACKING_VMALLOC);
	fd = b_open("trace", O_RDWR);
	map = b_map(fd, SIZE, 0);
	((volatile char *)map)[PAGE + 1] = 1;
	((volatile char *)map)[5] = 1;
	((volatile char *)map)[HUGE_PAGE + 7 * PAGE] = 1;
	munmap(map + HUGE_PAGE, HUGE_PAGE);
	b_destroy("trace", MAPBUF_DESTROY_DEFERRED);
	close(fd);
	munmap(map, HUGE_PAGE);
	trace_stop();

	start = (unsigned long)map;
	half = start + HUGE_PAGE;
	next_is("mapbuf_create: name=trace id=%d backing=vmalloc bytes=%lu",
		id, SIZE);
	next_is("mapbuf_map: name=trace start=%#lx end=%#lx pgoff=0 by=2M",
		start, start + SIZE);
	next_is("mapbuf_fault: name=trace start=%#lx pgoff=1 result=0x%x", start,
		around ? FAULT_NOPAGE : 0);
	if (!around || start / AROUND != half / AROUND)
		next_is("mapbuf_fault: name=trace start=%#lx pgoff=519 result=0x%x",
			start, around ? FAULT_NOPAGE : 0);
	next_is_half(start, start + SIZE);
	next_is("mapbuf_unmap: name=trace start=%#lx end=%#lx pgoff=512 by=2M",
		half, start + SIZE);
	next_is("mapbuf_destroy: name=trace id=%d backing=vmalloc bytes=%lu",
		id, SIZE);
	next_is("mapbuf_unmap: name=trace start=%#lx end=%#lx pgoff=0 by=2M",
		start, half);
	next_is("mapbuf_release: name=trace id=%d backing=vmalloc bytes=%lu",
		id, SIZE);
	none_is_left();
}

/* Of single pages. */
static void small(void)
{
	unsigned long start;
	char *map;
	int fd, id;

	trace_start();
	id = b_create("small", 3 * PAGE, MAPBUF_BACKING_CONTIGUOUS);
	fd = b_open("small", O_RDONLY);
	map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 2 * PAGE);
	(void)*(volatile char *)map;
	munmap(map, PAGE);
	close(fd);
	b_destroy("small", 0);
	trace_stop();

	start = (unsigned long)map;
	next_is("mapbuf_create: name=small id=%d backing=contiguous bytes=%lu",
		id, 3 * PAGE);
	next_is("mapbuf_map: name=small start=%#lx end=%#lx pgoff=2 by=page",
		start, start + PAGE);
	next_is("mapbuf_fault: name=small start=%#lx pgoff=2 result=%#x", start,
		FAULT_NOPAGE);
	next_is("mapbuf_unmap: name=small start=%#lx end=%#lx pgoff=2 by=page",
		start, start + PAGE);
	next_is("mapbuf_destroy: name=small id=%d backing=contiguous bytes=%lu",
		id, 3 * PAGE);
	next_is("mapbuf_release: name=small id=%d backing=contiguous bytes=%lu",
		id, 3 * PAGE);
	none_is_left();
}

/* What is refused leaves no trace. */
static void failed(void)
{
	unsigned long bytes = 1UL << 50;

	trace_start();
	t_ok(b_try_create("never", bytes, 0) == -ENOSPC &&
	     b_destroy("never", 0) == -ENOENT, "a buffer that never was");
	trace_stop();
	none_is_left();
}

int main(void)
{
	whole_life();
	small();
	failed();
	return t_done();
}
