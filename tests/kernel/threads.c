// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several processors allocate, clear and free a buffer: those that may, and no
 * others, until a signal ends it.  Each piece of work is an event of a probe,
 * which says who did it, where.
 */
#include "use.h"

#include <sched.h>
#include <sys/mount.h>

#define SIZE (128 * MIB)
#define SMALL (4 * MIB)
#define LEAST_PIECES 4	/* of SIZE */
#define TRIES 20
#define AGAIN 100	/* rounds */
#define THREADS "/sys/module/mapbuf/parameters/threads"
#define CPUMASK "/sys/devices/virtual/workqueue/cpumask"
#define CPU1 "/sys/devices/system/cpu/cpu1/online"

/* What does a piece, in the module. */
static const char *const functions[] = {
	"vmalloc_fill", "take_piece", "clear_piece", "free_piece",
};

/* Pieces of those who asked, and of helpers on each processor. */
struct pieces {
	long own;
	long helped[2];
};

/* Memory that is free is clear already: only to free is work. */
static bool init_on_free;

static void set_threads(const char *number)
{
	if (write_file(THREADS, number))
		t_bail("threads=%s", number);
}

static void probe(void)
{
	char text[64];
	size_t i;
	int fd = open(TRACING "kprobe_events", O_WRONLY | O_APPEND);

	for (i = 0; i < ARRAY_LEN(functions); i++) {
		snprintf(text, sizeof(text),
			 "p:pieces/%s mapbuf:%s helper=$arg4:u8\n",
			 functions[i], functions[i]);
		if (write(fd, text, strlen(text)) < 0)
			t_bail("probe %s: %s", functions[i], strerror(errno));
	}
	close(fd);
	if (write_file(TRACING "events/pieces/enable", "1") ||
	    write_file(TRACING "tracing_on", "1"))
		t_bail("probes");
}

static void unprobe(void)
{
	if (write_file(TRACING "events/pieces/enable", "0"))
		t_bail("probes stay");
	close(open(TRACING "kprobe_events", O_WRONLY | O_TRUNC));
}

static void forget(void)
{
	close(open(TRACING "trace", O_WRONLY | O_TRUNC));
}

/* What was done since forget(); @freeing: to free, or else all but that. */
static struct pieces pieces(bool freeing)
{
	FILE *trace = fopen(TRACING "trace", "r");
	struct pieces sum = { 0 };
	char line[512];
	int cpu;

	while (fgets(line, sizeof(line), trace)) {
		if (line[0] == '#' ||
		    sscanf(line, " %*s [%d]", &cpu) != 1 ||
		    freeing != !!strstr(line, " free_piece: "))
			continue;
		if (strstr(line, " helper=1") && cpu < 2)
			sum.helped[cpu]++;
		else
			sum.own++;
	}
	fclose(trace);
	return sum;
}

static long helped(const struct pieces *p)
{
	return p->helped[0] + p->helped[1];
}

static struct pieces create_one(const struct store *s, size_t size)
{
	struct pieces p;

	forget();
	b_create("threads", size, s->id);
	p = pieces(false);
	must(!b_destroy("threads", 0));
	return p;
}

/* Until a helper had its turn: on a busy machine the first may come too late. */
static struct pieces create_helped(const struct store *s)
{
	struct pieces p;
	int i = 0;

	do {
		p = create_one(s, SIZE);
	} while (!helped(&p) && ++i < TRIES);
	return p;
}

static void shared(const struct store *s)
{
	struct pieces p;

	set_threads("0");
	p = create_helped(s);
	t_ok(p.own && helped(&p), "%s: two share the work (%ld, %ld pieces)",
	     s->name, p.own, helped(&p));
	p = create_one(s, SMALL);
	t_ok(!helped(&p), "%s: nobody is woken for 4 MiB", s->name);
	set_threads("1");
	p = create_one(s, SIZE);
	t_ok(p.own && !helped(&p), "%s: threads=1 is one", s->name);
	set_threads("2");
	p = create_helped(s);
	t_ok(p.own && helped(&p), "%s: threads=2 are two", s->name);
}

/* What a process could see of memory that others had. */
static void clear(const struct store *s)
{
	int i, fd, bad = 0;
	char *map;

	for (i = 0; i < 4; i++) {
		b_create("threads", SIZE - PAGE, s->id);
		fd = b_open("threads", O_RDWR);
		map = b_map(fd, SIZE - PAGE, 0);
		bad += !all_zero(map, SIZE - PAGE);
		memset(map, 1, SIZE - PAGE);
		munmap(map, SIZE - PAGE);
		close(fd);
		must(!b_destroy("threads", 0));
	}
	t_ok(!bad, "%s: all of it is clear, of any size", s->name);
}

/* The administrator says where work items are; isolcpus= does so at boot. */
static void kept_off(const struct store *s, int cpu)
{
	struct pieces p;

	must(!write_file(CPUMASK, cpu ? "2" : "1"));
	p = create_helped(s);
	t_ok(p.helped[cpu] && !p.helped[!cpu],
	     "%s: helpers stay on processor %d (%ld, %ld pieces)", s->name, cpu,
	     p.helped[0], p.helped[1]);
	must(!write_file(CPUMASK, "3"));
}

/* Also from who may use all processors. */
static void isolated(const struct store *s)
{
	struct pieces p = create_helped(s);

	t_ok(p.own && p.helped[0] && !p.helped[1],
	     "%s: nobody helps on an isolated processor (%ld, %ld pieces)",
	     s->name, p.helped[0], p.helped[1]);
}

static void confined(const struct store *s)
{
	struct pieces p = create_one(s, SIZE);

	t_ok(p.own && !helped(&p), "%s: who may use one processor uses one",
	     s->name);
}

/* In a cpuset of its own, for good. */
static void in_cpuset(unsigned int unused)
{
	const struct store *s;
	char pid[16];

	(void)unused;
	snprintf(pid, sizeof(pid), "%d", getpid());
	mkdir("/tmp/groups", 0700);
	if (mount("none", "/tmp/groups", "cgroup2", 0, NULL) ||
	    write_file("/tmp/groups/cgroup.subtree_control", "+cpuset") ||
	    mkdir("/tmp/groups/one", 0700) ||
	    write_file("/tmp/groups/one/cpuset.cpus", "1") ||
	    write_file("/tmp/groups/one/cgroup.procs", pid)) {
		t_note("no cpusets: %s", strerror(errno));
		_exit(1);
	}
	for (s = stores; s->name; s++)
		confined(s);
	must(!write_file("/tmp/groups/cgroup.procs", pid));
	must(!rmdir("/tmp/groups/one") && !umount("/tmp/groups"));
}

static void creating(unsigned int backing)
{
	must(!b_try_create("threads", SIZE, backing));
}

/* Once it has ended, nobody works for it any more. */
static void killed(const struct store *s)
{
	int i, status, stopped = 0, late = 0;
	struct pieces before, after;
	pid_t pid;

	for (i = 0; i < 8 || (!stopped && i < 200); i++) {
		forget();
		pid = child(creating, s->id);
		do {
			before = pieces(false);
		} while (before.own + helped(&before) < 1 + i % LEAST_PIECES);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		before = pieces(false);
		stopped += !!b_destroy("threads", 0);
		usleep(20000);
		after = pieces(false);
		late += memcmp(&before, &after, sizeof(before)) != 0;
	}
	t_ok(stopped && !late, "%s: a signal ends it, for helpers too (%d of %d)",
	     s->name, stopped, i);
}

/* Bytes that are done, as whoever waits sees them. */
static long long cleared(void)
{
	char path[64], line[128];
	long long bytes = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", b_control());
	file = fopen(path, "r");
	while (fgets(line, sizeof(line), file))
		sscanf(line, "mapbuf-cleared: %lld", &bytes);
	fclose(file);
	return bytes;
}

static void progress(const struct store *s)
{
	long long last = 0, now;
	int status, back = 0;
	pid_t pid;

	b_create("threads", PAGE, s->id);	/* the count begins anew */
	must(!b_destroy("threads", 0));
	pid = child(creating, s->id);
	while (!waitpid(pid, &status, WNOHANG)) {
		now = cleared();
		/* Of the buffer before, until it begins. */
		back += now < last && last > (long long)PAGE;
		last = now;
	}
	t_ok(!status && !back && cleared() == SIZE,
	     "%s: what is done only grows, to %lld bytes", s->name, cleared());
	must(!b_destroy("threads", 0));
}

/*
 * What was freed a moment ago is on lists of processors, and goes back when the
 * first pieces are asked for: what is next to each other then merges.
 */
static void creating_again(unsigned int unused)
{
	const unsigned int backing = MAPBUF_BACKING_CONTIGUOUS;
	char name[32], before[32];
	int i;

	(void)unused;
	snprintf(name, sizeof(name), "threads%d", getpid());
	snprintf(before, sizeof(before), "before%d", getpid());
	for (i = 0; i < AGAIN; i++) {
		/* What comes behind it begins at an odd 2 MiB. */
		if (i % 2)
			b_create(before, 3 * HUGE_PAGE, backing);
		b_create(name, (4 + i % 5) * HUGE_PAGE, backing);
		must(!b_destroy(name, 0));
		if (i % 2)
			must(!b_destroy(before, 0));
	}
}

static void again(void)
{
	child(creating_again, 0);
	t_ok(reap(), "contiguous: the same memory again and again");
	child(creating_again, 0);
	child(creating_again, 0);
	t_ok(reap(), "contiguous: by two at once");
}

static int end[2];	/* a pipe: closed to end whoever moves processors */

static void plugging(unsigned int unused)
{
	char byte;

	(void)unused;
	close(end[1]);
	while (read(end[0], &byte, 1)) {
		must(!write_file(CPU1, "0"));
		must(!write_file(CPU1, "1"));
	}
}

static void plugged(void)
{
	const struct store *s;
	int i;

	if (pipe2(end, O_NONBLOCK))
		t_bail("pipe");
	child(plugging, 0);
	for (i = 0; i < 6; i++) {
		for (s = stores; s->name; s++)
			must(!use_whole_life("threads", SIZE, SIZE, s->id, i));
	}
	close(end[1]);
	t_ok(reap(), "processors come and go meanwhile");
	close(end[0]);
}

/* Between users, and when the memory goes back. */
static void afterwards(const struct store *s)
{
	struct mapbuf_create c = {
		.size = sizeof(c), .bytes = SIZE, .backing = s->id,
		.flags = MAPBUF_CREATE_ZERO_LAST_CLOSE, .name = "threads",
	};
	struct pieces p;
	int i = 0, fd, bad = 0;
	char *map;

	must(!ioctl(b_control(), MAPBUF_IOC_CREATE, &c));
	do {
		fd = b_open("threads", O_RDWR);
		map = b_map(fd, SIZE, 0);
		bad += !all_zero(map, SIZE);
		memset(map, 1, SIZE);
		munmap(map, SIZE);
		forget();
		close(fd);
		close(b_open("threads", O_RDWR));	/* waits */
		p = pieces(false);
	} while (!helped(&p) && ++i < TRIES);
	t_ok(!bad && p.own && helped(&p),
	     "%s: two clear it after the last user (%ld, %ld pieces)", s->name,
	     p.own, helped(&p));
	forget();
	must(!b_destroy("threads", 0));
	p = pieces(true);
	if (init_on_free)
		t_ok(helped(&p) + p.own == SIZE / HUGE_PAGE,
		     "%s: each piece is freed once (%ld of %ld by others)",
		     s->name, helped(&p), p.own + helped(&p));
	else
		t_ok(p.own && !helped(&p), "%s: to free it takes one", s->name);
}

int main(void)
{
	char cmdline[2048] = "";
	cpu_set_t one, all;
	const struct store *s;
	int fd = open("/proc/cmdline", O_RDONLY);

	if (read(fd, cmdline, sizeof(cmdline) - 1) < 0)
		t_bail("cmdline");
	close(fd);
	init_on_free = strstr(cmdline, "init_on_free=1");

	probe();
	if (strstr(cmdline, "isolcpus=")) {
		CPU_ZERO(&all);
		CPU_SET(0, &all);
		CPU_SET(1, &all);
		must(!sched_setaffinity(0, sizeof(all), &all));
		for (s = stores; s->name; s++)
			isolated(s);
		unprobe();
		return t_done();
	}
	for (s = stores; s->name; s++) {
		if (!init_on_free) {
			shared(s);
			kept_off(s, 0);
			kept_off(s, 1);
			killed(s);
		}
		set_threads("0");
		clear(s);
		progress(s);
		afterwards(s);
	}
	again();

	must(!sched_getaffinity(0, sizeof(all), &all));
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	must(!sched_setaffinity(0, sizeof(one), &one));
	for (s = stores; s->name; s++)
		confined(s);
	must(!sched_setaffinity(0, sizeof(all), &all));
	if (access("/proc/self/cpuset", F_OK)) {
		t_skip("the kernel has none", "in a cpuset as well");
	} else {
		child(in_cpuset, 0);
		t_ok(reap(), "in a cpuset as well");
	}
	unprobe();
	plugged();
	return t_done();
}
