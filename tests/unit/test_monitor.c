// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include <mapbuf.h>

#include "fake_udev.h"
#include "fixture.h"

static void is_event(struct mapbuf_monitor *monitor, int action,
		     const char *name, unsigned int id)
{
	assert_int_equal(mapbuf_monitor_next(monitor), 1);
	assert_int_equal(mapbuf_monitor_action(monitor), action);
	assert_string_equal(mapbuf_monitor_name(monitor), name);
	assert_int_equal(mapbuf_monitor_id(monitor), id);
}

static void tells_what_matters(void **state)
{
	struct mapbuf_monitor *monitor;

	(void)state;
	fixture_write("/dev/null", "");
	fixture_write("/udev", "change mapbuf0 adc0\n"
			       "add mapbuf0 adc0\n"
			       "add mapbuf1 -\n"
			       "- mapbuf1 adc1\n"
			       "add - adc1\n"
			       "add mapbuf1 a/c\n"
			       "add mapbuf-control adc1\n"
			       "remove mapbuf12 adc12\n"
			       "again\n"
			       "lost\n");
	monitor = mapbuf_monitor_open();
	assert_non_null(monitor);
	assert_string_equal(fake_udev.source, "kernel");
	assert_true(mapbuf_monitor_fd(monitor) >= 0);
	is_event(monitor, MAPBUF_EVENT_CREATE, "adc0", 0);
	is_event(monitor, MAPBUF_EVENT_DESTROY, "adc12", 12);
	assert_int_equal(mapbuf_monitor_next(monitor), 0);
	assert_int_equal(mapbuf_monitor_next(monitor), -1);
	assert_int_equal(errno, ENOBUFS);
	assert_int_equal(mapbuf_monitor_next(monitor), 0);
	mapbuf_monitor_close(monitor);
	assert_int_equal(fake_udev.references, 0);
}

static void failures(void **state)
{
	(void)state;
	fixture_write("/dev/null", "");
	fixture_write("/udev", "");
	fake_udev.new_error = EPROTO;
	assert_null(mapbuf_monitor_open());
	assert_int_equal(errno, EPROTO);
	fake_udev.new_error = 0;
	fake_udev.filter_result = -ENOMEM;
	assert_null(mapbuf_monitor_open());
	assert_int_equal(errno, ENOMEM);
	fake_udev.filter_result = 0;
	assert_int_equal(fake_udev.references, 0);
	mapbuf_monitor_close(NULL);
}

static void watches(void **state)
{
	struct mapbuf_watch *watch;

	(void)state;
	assert_null(mapbuf_watch_open(3));
	assert_int_equal(errno, ENOENT);
	mapbuf_watch_close(NULL);
	fixture_write("/sys/class/mapbuf/mapbuf3/opens", "2\n");
	watch = mapbuf_watch_open(3);
	assert_non_null(watch);
	assert_true(mapbuf_watch_fd(watch) >= 0);
	assert_int_equal(mapbuf_watch_opens(watch), 2);
	fixture_write("/sys/class/mapbuf/mapbuf3/opens", "12\n");
	assert_int_equal(mapbuf_watch_opens(watch), 12);
	fixture_write("/sys/class/mapbuf/mapbuf3/opens", "some\n");
	assert_int_equal(mapbuf_watch_opens(watch), -1);
	assert_int_equal(errno, EPROTO);
	mapbuf_watch_close(watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(tells_what_matters),
		fixture_test(failures),
		fixture_test(watches),
	};

	return cmocka_run_group_tests_name("monitor", tests, NULL, NULL);
}
