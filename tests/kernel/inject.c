// SPDX-License-Identifier: GPL-2.0-only
#include "inject.h"

#include <sys/syscall.h>

#define MOST 20000U		/* faults that a call can meet */
#define TIMES "1000000000"

static int nth;
static const char *copies;	/* the file that counts down the copies that fail */

/* What is left to count down to the fault; not to be disturbed by one. */
static int set_nth(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	return pwrite(nth, text, len, 0) == len ? 0 : -errno;
}

/*
 * Whether what was to fail has, as what is left tells, read or, if it is the
 * reading that fails, not.
 */
static bool end_nth(void)
{
	char text[16] = "1";
	bool hit = pread(nth, text, sizeof(text) - 1, 0) > 0 && text[0] == '0';

	set_nth(0);
	return hit;
}

/* Copies that have not yet failed, of so many. */
static long copies_left(void)
{
	char text[32] = "";
	int fd = open(copies, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		t_bail("%s", copies);
	close(fd);
	return atol(text);
}

static void set_knob(const char *injector, const char *name, const char *value)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", injector, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		t_bail("%s", path);
	close(fd);
}

/* The kernel's own: all allocations, whoever waits; without a trace of each. */
static void set_up_kernel(void)
{
	static const char *const knobs[][3] = {
		{ "failslab", "ignore-gfp-wait", "0" },
		{ "failslab", "verbose", "0" },
		{ "fail_page_alloc", "ignore-gfp-wait", "0" },
		{ "fail_page_alloc", "ignore-gfp-highmem", "0" },
		{ "fail_page_alloc", "min-order", "0" },
		{ "fail_page_alloc", "verbose", "0" },
		{ "fail_usercopy", "verbose", "0" },
		{ "fail_usercopy", "times", TIMES },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(knobs); i++)
		set_knob(knobs[i][0], knobs[i][1], knobs[i][2]);
	copies = "/sys/kernel/debug/fail_usercopy/times";
}

/* Ours, see kmod/inject.c. */
static void set_up_module(void)
{
	int fd = open("/t/inject.ko", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || syscall(SYS_finit_module, fd, "copies=" TIMES, 0))
		t_bail("load /t/inject.ko");
	close(fd);
	nth = open("/dev/inject", O_RDWR);
	if (nth < 0)
		t_bail("/dev/inject");
	copies = "/sys/module/inject/parameters/copies";
}

void inject_set_up(void)
{
	nth = open("/proc/thread-self/fail-nth", O_RDWR);
	if (nth < 0)
		set_up_module();
	else
		set_up_kernel();
}

/* One fault; what it did is counted.  False: there was none. */
static bool inject_nth(const struct step *step, unsigned int n, int *told,
		       int *bad)
{
	long left = copies_left();
	int err, want;
	bool hit;

	step->before(step->arg);
	set_nth(n);
	err = step->call(step->arg);
	hit = end_nth();
	if (err) {
		want = copies_left() < left ? -EFAULT : -ENOMEM;
		(*told)++;
		if (!hit || (err != want && (err != step->also ||
					     want == -EFAULT))) {
			(*bad)++;
			t_note("%s: fault %u: error %d instead of %d",
			       step->name, n, err, want);
		}
		if (!step->unchanged(step->arg)) {
			(*bad)++;
			t_note("%s: fault %u: it has changed something",
			       step->name, n);
		}
		err = step->call(step->arg);
		if (err) {
			(*bad)++;
			t_note("%s: fault %u: the next try: error %d",
			       step->name, n, err);
		}
	}
	if (!err)
		step->undo(step->arg);
	return hit;
}

unsigned int inject_none(const struct step *step)
{
	char text[16] = "";
	int err;

	set_nth(MOST);
	err = step->call(step->arg);
	if (pread(nth, text, sizeof(text) - 1, 0) <= 0)
		t_bail("what is left of the %uth fault", MOST);
	set_nth(0);
	if (!err)
		step->undo(step->arg);
	return MOST - atoi(text);
}

unsigned int inject(const struct step *step, unsigned int first)
{
	int told = 0, bad = 0;
	unsigned int n = first;

	while (n < MOST && inject_nth(step, n, &told, &bad))
		n++;
	if (n == first && !bad)
		t_note("%s: meets no fault", step->name);
	else
		t_ok(n < MOST && !bad,
		     "%s: of %u faults %d are told, the rest does no harm",
		     step->name, n - first, told);
	return n - 1;
}
