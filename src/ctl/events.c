// SPDX-License-Identifier: GPL-2.0-only
/*
 * Creating and destroying is told by udev; opening and closing by the number of
 * open files of each buffer.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <mapbuf.h>

#include "ctl.h"
#include "json.h"
#include "xalloc.h"

/**
 * struct followed - a buffer
 * @is_told: that it was created, or it was there before
 * @opens: what was told last
 */
struct followed {
	unsigned int id;
	char *name;
	struct mapbuf_watch *watch;
	int64_t opens;
	int is_told;
};

/* Descriptor 0 is the monitor's, i + 1 that of buffer i. */
struct follower {
	struct mapbuf_monitor *monitor;
	struct followed *buffers;
	struct pollfd *fds;
	size_t count;
};

static int is_json;

static int tell_json(const char *what, const char *name, unsigned int id,
		     int64_t opens)
{
	struct json_object *object = json_object_new_object();
	char path[32];

	snprintf(path, sizeof(path), "/dev/mapbuf%u", id);
	json_add_text(object, "event", what);
	json_add_text(object, "name", name);
	json_add_text(object, "path", path);
	json_add_number(object, "opens", opens);
	json_print_line(object);
	return ferror(stdout);
}

/*
 * @opens: below 0 of an event that does not tell.  Scripts read the lines as
 * they come.
 */
static int tell(const char *what, const char *name, unsigned int id,
		int64_t opens)
{
	if (is_json)
		return tell_json(what, name, id, opens);
	printf("%s %s /dev/mapbuf%u", what, name, id);
	if (opens >= 0)
		printf(" opens=%" PRId64, opens);
	putchar('\n');
	return fflush(stdout);
}

static int tell_opens(struct followed *buffer, int64_t opens)
{
	int is_more = opens > buffer->opens;

	if (opens == buffer->opens)
		return 0;
	buffer->opens = opens;
	return tell(is_more ? "open" : "close", buffer->name, buffer->id,
		    opens);
}

static struct followed *find(const struct follower *follower, unsigned int id,
			     const char *name)
{
	size_t i;

	for (i = 0; i < follower->count; i++) {
		if (follower->buffers[i].id == id &&
		    strcmp(follower->buffers[i].name, name) == 0)
			return &follower->buffers[i];
	}
	return NULL;
}

static void forget(struct follower *follower, struct followed *buffer)
{
	size_t i = buffer - follower->buffers;

	mapbuf_watch_close(buffer->watch);
	free(buffer->name);
	follower->count--;
	*buffer = follower->buffers[follower->count];
	follower->fds[i + 1] = follower->fds[follower->count + 1];
}

/* One that is gone again is no failure. */
static int follow(struct follower *follower, unsigned int id, const char *name,
		  int is_new)
{
	struct mapbuf_watch *watch = mapbuf_watch_open(id);
	struct followed *buffer;
	int64_t opens;

	if (!watch)
		return errno == ENOENT || errno == ENODEV ? 0 : -1;
	opens = mapbuf_watch_opens(watch);
	if (opens < 0) {
		mapbuf_watch_close(watch);
		return 0;
	}
	follower->buffers = xgrow(follower->buffers, follower->count,
				  sizeof(follower->buffers[0]));
	follower->fds = xgrow(follower->fds, follower->count + 1,
			      sizeof(follower->fds[0]));
	buffer = &follower->buffers[follower->count++];
	*buffer = (struct followed){
		.id = id, .name = xstrdup(name), .watch = watch,
		.opens = is_new ? 0 : opens, .is_told = is_new
	};
	follower->fds[follower->count] = (struct pollfd){
		.fd = mapbuf_watch_fd(watch), .events = POLLPRI
	};
	return tell_opens(buffer, opens);
}

/* Its file is gone before udev tells so. */
static int look(struct follower *follower)
{
	struct followed *buffer;
	int64_t opens;
	size_t i;

	for (i = 0; i < follower->count; i++) {
		buffer = &follower->buffers[i];
		if (!follower->fds[i + 1].revents)
			continue;
		opens = mapbuf_watch_opens(buffer->watch);
		if (opens < 0)
			follower->fds[i + 1].fd = -1;
		else if (tell_opens(buffer, opens))
			return -1;
	}
	return 0;
}

/* Of a buffer that was there at the start, but not before the monitor */
static int created(struct follower *follower, unsigned int id,
		   const char *name)
{
	struct followed *buffer = find(follower, id, name);

	if (buffer && buffer->is_told)
		return 0;
	if (buffer)
		buffer->is_told = 1;
	if (tell("create", name, id, -1))
		return -1;
	return buffer ? 0 : follow(follower, id, name, 1);
}

static int destroyed(struct follower *follower, unsigned int id,
		     const char *name)
{
	struct followed *buffer = find(follower, id, name);

	if (buffer)
		forget(follower, buffer);
	return tell("destroy", name, id, -1);
}

static int take_event(struct follower *follower)
{
	unsigned int id = mapbuf_monitor_id(follower->monitor);
	const char *name = mapbuf_monitor_name(follower->monitor);

	if (mapbuf_monitor_action(follower->monitor) == MAPBUF_EVENT_CREATE)
		return created(follower, id, name);
	return destroyed(follower, id, name);
}

/* Those that exist; without the module there are none. */
static int follow_all(struct follower *follower)
{
	struct mapbuf_list *list = mapbuf_list_read();
	const struct mapbuf_entry *entry;
	int failed = !list && errno != ENOENT;
	size_t i;

	for (i = 0; !failed && list && (entry = mapbuf_list_get(list, i)); i++)
		failed = follow(follower, mapbuf_entry_id(entry),
				mapbuf_entry_name(entry), 0);
	mapbuf_list_free(list);
	return failed;
}

static void forget_all(struct follower *follower)
{
	while (follower->count)
		forget(follower, &follower->buffers[follower->count - 1]);
}

/* What is there now is followed from here on. */
static int start_again(struct follower *follower)
{
	message(LEVEL_WARNING, "mapbufctl: there were too many events, some are lost");
	forget_all(follower);
	return follow_all(follower);
}

static int take_events(struct follower *follower)
{
	int found, failed = 0;

	while (!failed && (found = mapbuf_monitor_next(follower->monitor)) > 0)
		failed = take_event(follower);
	if (failed || found == 0)
		return failed;
	return errno == ENOBUFS ? start_again(follower) : -1;
}

/* Until something fails.  A close comes before the end of its buffer. */
static void run_events(struct follower *follower)
{
	int failed = follow_all(follower);

	while (!failed) {
		failed = poll(follower->fds, follower->count + 1, -1) < 0 &&
			 errno != EINTR;
		if (!failed)
			failed = look(follower) || take_events(follower);
	}
}

/* Each buffer takes a descriptor. */
static void raise_limit(void)
{
	struct rlimit limit;

	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int events(void)
{
	struct follower follower = { .monitor = mapbuf_monitor_open() };

	raise_limit();
	if (follower.monitor) {
		follower.fds = xgrow(NULL, 0, sizeof(follower.fds[0]));
		follower.fds[0] = (struct pollfd){
			.fd = mapbuf_monitor_fd(follower.monitor),
			.events = POLLIN
		};
		run_events(&follower);
	}
	/* main() tells when the output cannot be written. */
	if (!ferror(stdout))
		message(LEVEL_ERROR, "mapbufctl: events cannot be followed: %s",
			strerror(errno));
	forget_all(&follower);
	free(follower.buffers);
	free(follower.fds);
	mapbuf_monitor_close(follower.monitor);
	return EXIT_FAILED;
}

static int run(int argc, char **argv)
{
	static const struct option table[] = {
		{ "json", no_argument, NULL, 'J' },
		{ NULL, 0, NULL, 0 }
	};
	int option;

	while ((option = getopt_long(argc, argv, "J", table, NULL)) != -1) {
		if (option != 'J')
			return usage_error(argv);
		is_json = 1;
	}
	if (word_is_unexpected(argv, argv[optind]))
		return usage_error(argv);
	if (is_json)
		message_as_json();
	return events();
}

static void help(void)
{
	puts("  -J, --json   print a line of JSON for each");
}

const struct verb verb_events = {
	.name = "events", .arguments = "[--json]",
	.summary = "print a line whenever a buffer is created, opened, closed, destroyed",
	.help = help, .run = run
};
