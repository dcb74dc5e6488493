// SPDX-License-Identifier: GPL-2.0-only
/* poll() is replaced: events come when the test wants them. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include <mapbuf.h>

#include "fake_files.h"
#include "fake_udev.h"
#include "fixture.h"

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);

/* What happens while poll() waits; NULL: nothing, until the timeout. */
static void (*events[4])(void);
static size_t next_event;
static int last_timeout;

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	assert_true(fake_udev.is_receiving);
	assert_int_equal(count, 1);
	assert_true(fds->fd >= 0);
	last_timeout = timeout;
	assert_true(next_event < sizeof(events) / sizeof(events[0]));
	if (!events[next_event])
		return 0;
	events[next_event++]();
	return errno == EINTR ? -1 : 1;
}

static int setup(void **state)
{
	memset(events, 0, sizeof(events));
	next_event = 0;
	readings = 0;
	files_are_mounted = false;
	memset(&fake_udev, 0, sizeof(fake_udev));
	if (fixture_setup(state))
		return -1;
	fixture_write("/dev/null", "");
	fixture_write("/udev", "");
	errno = 0;
	return 0;
}

static void add_buffer(void)
{
	fixture_buffer(2, "adc0", "4096", "vmalloc");
	errno = 0;
}

static void add_link(void)
{
	fixture_link("/dev/mapbuf/adc0", "../mapbuf2");
	errno = 0;
}

static void other_buffer(void)
{
	fixture_buffer(1, "adc1", "4096", "vmalloc");
	errno = 0;
}

static void interrupt(void)
{
	errno = EINTR;
}

static void run_udev(void)
{
	fixture_write("/run/udev/control", "");
}

static void add_file(void)
{
	fixture_write("/run/mapbuf/adc0", "");
	errno = 0;
}

static void waits(const char *source)
{
	assert_int_equal(mapbuf_wait("adc0", -1), 0);
	assert_string_equal(fake_udev.source, source);
	assert_int_equal(fake_udev.references, 0);
}

static void fails(int timeout, int error)
{
	assert_int_equal(mapbuf_wait("adc0", timeout), -1);
	assert_int_equal(errno, error);
	assert_int_equal(fake_udev.references, 0);
}

static void is_there(void **state)
{
	(void)state;
	run_udev();
	add_buffer();
	add_link();
	assert_int_equal(mapbuf_wait("adc0", -1), 0);
	/* Nobody has to listen for it. */
	assert_null(fake_udev.source);
	assert_int_equal(next_event, 0);
}

static void link_comes_last(void **state)
{
	(void)state;
	run_udev();
	events[0] = other_buffer;
	events[1] = add_buffer;
	events[2] = add_link;
	waits("udev");
	assert_int_equal(next_event, 3);
	assert_int_equal(last_timeout, -1);
	/* It has looked at no other buffer. */
	assert_int_equal(readings, 0);
}

static void stale_link(void **state)
{
	(void)state;
	run_udev();
	add_buffer();
	other_buffer();
	fixture_link("/dev/mapbuf/adc0", "../mapbuf1");
	fails(100, ETIMEDOUT);
}

static void without_udev(void **state)
{
	(void)state;
	events[0] = add_buffer;
	waits("kernel");
	assert_int_equal(next_event, 1);
}

static void by_file(void **state)
{
	(void)state;
	files_are_mounted = true;
	events[0] = other_buffer;
	events[1] = add_file;
	waits("kernel");
	assert_int_equal(next_event, 2);
	assert_int_equal(readings, 0);
}

static void times_out(void **state)
{
	(void)state;
	events[0] = other_buffer;
	fails(60000, ETIMEDOUT);
	assert_int_equal(next_event, 1);
	assert_in_range(last_timeout, 50000, 60000);
	next_event = 0;
	fails(0, ETIMEDOUT);
	assert_int_equal(last_timeout, 0);
}

static void other_failures(void **state)
{
	(void)state;
	events[0] = interrupt;
	fails(-1, EINTR);
	fake_udev.enable_result = -ENOBUFS;
	fails(-1, ENOBUFS);
	assert_int_equal(mapbuf_wait("a/b", 0), -1);
	assert_int_equal(errno, EINVAL);
	fails(-2, EINVAL);
}

#define wait_test(function) \
	cmocka_unit_test_setup_teardown(function, setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		wait_test(is_there),
		wait_test(link_comes_last),
		wait_test(stale_link),
		wait_test(without_udev),
		wait_test(by_file),
		wait_test(times_out),
		wait_test(other_failures),
	};

	return cmocka_run_group_tests_name("wait", tests, NULL, NULL);
}
