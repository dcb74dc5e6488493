// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mapbuf.h>

#include "ctl.h"
#include "progress.h"
#include "xalloc.h"

#define NAME_RULE "NAME must be 1 to 31 of A-Z a-z 0-9 _ . -, not starting with . or -"

/* Seconds; more milliseconds do not fit in an int. */
#define TIMEOUT_MAX 2000000

static void help(void)
{
	puts("      --data              wait for new data in them instead");
	puts("      --timeout=SECONDS   give up after this time; default: never");
}

/* Until it exists, or where it is open, until it has new data */
static int wait_turn(const char *name, struct mapbuf *buffer, int timeout_ms)
{
	return buffer ? mapbuf_wait_data(buffer, NULL, timeout_ms) :
			mapbuf_wait(name, timeout_ms);
}

/* -1 with errno; in turns, so that progress can be shown */
static int wait_one(const char *name, struct mapbuf *buffer, long long end)
{
	long long start = progress_now_ms(), left, now = start;
	int failed, turn;

	for (;;) {
		left = end < 0 ? PROGRESS_MS : end - now;
		turn = left < 0 ? 0 : left < PROGRESS_MS ? left : PROGRESS_MS;
		failed = wait_turn(name, buffer, turn);
		now = progress_now_ms();
		if (!failed || errno != ETIMEDOUT || (end >= 0 && now >= end))
			break;
		progress_tell(buffer ? "waiting for new data in buffer" :
				       "waiting for buffer", name,
			      (now - start) / 1000, "");
	}
	progress_end();
	return failed;
}

/* @timeout_ms is for all of them together; -1 for none. */
static int wait_for(char **names, int count, long long timeout_ms)
{
	long long end = timeout_ms < 0 ? -1 : progress_now_ms() + timeout_ms;
	int i, status = EXIT_OK;

	for (i = 0; i < count; i++) {
		if (!wait_one(names[i], NULL, end))
			continue;
		message(LEVEL_ERROR, "mapbufctl: buffer '%s': %s", names[i],
			errno == ETIMEDOUT ? "it did not appear in time" :
			strerror(errno));
		status = EXIT_FAILED;
	}
	return status;
}

static int wait_for_data(char **names, int count, long long timeout_ms)
{
	long long end = timeout_ms < 0 ? -1 : progress_now_ms() + timeout_ms;
	struct mapbuf **buffers = NULL;
	int i, status = EXIT_OK;

	/* All are open before any is waited for, so that nothing is missed. */
	for (i = 0; i < count; i++) {
		buffers = xgrow(buffers, i, sizeof(*buffers));
		buffers[i] = mapbuf_open(names[i], O_RDONLY);
		if (buffers[i])
			continue;
		message(LEVEL_ERROR, "mapbufctl: buffer '%s': %s", names[i],
			explain_open(errno));
		status = EXIT_FAILED;
	}
	for (i = 0; i < count; i++) {
		if (buffers[i] && wait_one(names[i], buffers[i], end)) {
			message(LEVEL_ERROR, "mapbufctl: buffer '%s': %s",
				names[i], errno == ETIMEDOUT ?
				"no new data in time" : explain_open(errno));
			status = EXIT_FAILED;
		}
		mapbuf_close(buffers[i]);
	}
	free(buffers);
	return status;
}

static int parse_seconds(const char *text, long *seconds)
{
	if (!*text || strlen(text) > 7 ||
	    strspn(text, "0123456789") != strlen(text))
		return -1;
	*seconds = strtol(text, NULL, 10);
	return *seconds > TIMEOUT_MAX ? -1 : 0;
}

static const char *check_names(char **names, int count)
{
	int i;

	if (count == 0)
		return "give at least one NAME";
	for (i = 0; i < count; i++) {
		if (!mapbuf_name_is_valid(names[i]))
			return NAME_RULE;
	}
	return NULL;
}

static int run(int argc, char **argv)
{
	static const struct option table[] = {
		{ "data", no_argument, NULL, 'd' },
		{ "timeout", required_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 }
	};
	const char *wrong = NULL;
	long timeout = -1;
	int option, data = 0;

	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (option == 'd') {
			data = 1;
			continue;
		}
		if (option != 't')
			return usage_error(argv);
		if (parse_seconds(optarg, &timeout))
			wrong = "--timeout must be a number of seconds, 0 to 2000000";
	}
	if (!wrong)
		wrong = check_names(argv + optind, argc - optind);
	if (wrong) {
		message(LEVEL_ERROR, "%s: %s", argv[0], wrong);
		return usage_error(argv);
	}
	return (data ? wait_for_data : wait_for)(argv + optind, argc - optind,
						 timeout < 0 ? -1 :
						 timeout * 1000LL);
}

const struct verb verb_wait = {
	.name = "wait", .arguments = "[--data] [--timeout=SECONDS] NAME...",
	.summary = "wait until buffers exist, or have new data",
	.help = help, .run = run
};
