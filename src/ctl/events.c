// SPDX-License-Identifier: GPL-2.0-only
/*
 * Creating and destroying is told by udev.  Nobody tells of opening and
 * closing, so the numbers of open files are looked at from time to time.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mapbuf.h>

#include "ctl.h"

#define INTERVAL_MS 200
#define INTERVAL_MAX_MS 3600000

static void help(void)
{
	puts("      --interval=MS   look for opened and closed files this often; default: 200");
}

static const struct mapbuf_entry *find(const struct mapbuf_list *list,
				       unsigned int id, const char *name)
{
	const struct mapbuf_entry *entry;
	size_t i;

	for (i = 0; list && (entry = mapbuf_list_get(list, i)); i++) {
		if (mapbuf_entry_id(entry) == id &&
		    strcmp(mapbuf_entry_name(entry), name) == 0)
			return entry;
	}
	return NULL;
}

/* Scripts read the lines as they come. */
static int tell(const char *what, const char *name, unsigned int id)
{
	printf("%s %s /dev/mapbuf%u\n", what, name, id);
	return fflush(stdout);
}

static int tell_opens(const struct mapbuf_entry *entry, int64_t before)
{
	int64_t now = mapbuf_entry_opens(entry);

	if (now < 0 || before < 0 || now == before)
		return 0;
	printf("%s %s /dev/mapbuf%u opens=%" PRId64 "\n",
	       now > before ? "open" : "close", mapbuf_entry_name(entry),
	       mapbuf_entry_id(entry), now);
	return fflush(stdout);
}

/* Replaces *@list by what is there now. */
static int compare(struct mapbuf_list **list)
{
	const struct mapbuf_entry *entry, *before;
	struct mapbuf_list *now = mapbuf_list_read();
	int failed = 0;
	size_t i;

	/* Without the module there are none. */
	if (!now && errno != ENOENT)
		return -1;
	for (i = 0; now && (entry = mapbuf_list_get(now, i)); i++) {
		before = find(*list, mapbuf_entry_id(entry),
			      mapbuf_entry_name(entry));
		failed |= tell_opens(entry, before ?
				     mapbuf_entry_opens(before) : 0);
	}
	mapbuf_list_free(*list);
	*list = now;
	return failed;
}

static int tell_events(struct mapbuf_monitor *monitor)
{
	int found, failed = 0;

	while (!failed && (found = mapbuf_monitor_next(monitor)) > 0) {
		failed = tell(mapbuf_monitor_action(monitor) ==
			      MAPBUF_EVENT_CREATE ? "create" : "destroy",
			      mapbuf_monitor_name(monitor),
			      mapbuf_monitor_id(monitor));
	}
	if (!failed && found < 0 && errno == ENOBUFS)
		message(LEVEL_WARNING, "mapbufctl: there were too many events, some are lost");
	else if (found < 0)
		failed = -1;
	return failed;
}

static int follow(struct mapbuf_monitor *monitor, int interval)
{
	struct pollfd fd = {
		.fd = mapbuf_monitor_fd(monitor), .events = POLLIN
	};
	struct mapbuf_list *list = mapbuf_list_read();
	int failed = !list && errno != ENOENT;

	while (!failed) {
		if (poll(&fd, 1, interval) < 0 && errno != EINTR)
			failed = -1;
		if (!failed)
			failed = tell_events(monitor);
		if (!failed)
			failed = compare(&list);
	}
	mapbuf_list_free(list);
	return failed;
}

static int events(int interval)
{
	struct mapbuf_monitor *monitor = mapbuf_monitor_open();

	if (monitor)
		follow(monitor, interval);
	/* main() tells when the output cannot be written. */
	if (!ferror(stdout))
		message(LEVEL_ERROR, "mapbufctl: events cannot be followed: %s",
			strerror(errno));
	mapbuf_monitor_close(monitor);
	return EXIT_FAILED;
}

static int parse_interval(const char *text, int *interval)
{
	if (!*text || strlen(text) > 7 ||
	    strspn(text, "0123456789") != strlen(text))
		return -1;
	*interval = atoi(text);
	return *interval < 1 || *interval > INTERVAL_MAX_MS ? -1 : 0;
}

static int run(int argc, char **argv)
{
	static const struct option table[] = {
		{ "interval", required_argument, NULL, 'i' },
		{ NULL, 0, NULL, 0 }
	};
	int option, interval = INTERVAL_MS;
	const char *wrong = NULL;

	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (option != 'i')
			return usage_error(argv);
		if (parse_interval(optarg, &interval))
			wrong = "--interval must be a number of milliseconds, 1 to 3600000";
	}
	if (!wrong && optind < argc)
		wrong = "no NAME is expected";
	if (wrong) {
		message(LEVEL_ERROR, "%s: %s", argv[0], wrong);
		return usage_error(argv);
	}
	return events(interval);
}

const struct verb verb_events = {
	.name = "events", .arguments = "[--interval=MS]",
	.summary = "print a line whenever a buffer is created, opened, closed, destroyed",
	.help = help, .run = run
};
