// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mapbuf.h>

#include "ctl.h"
#include "progress.h"

#define NAME_RULE "NAME must be 1 to 31 of A-Z a-z 0-9 _ . -, not starting with . or -"

/* Seconds; more milliseconds do not fit in an int. */
#define TIMEOUT_MAX 2000000

static void help(void)
{
	puts("      --timeout=SECONDS   give up after this time; default: never");
}

/* -1 with errno; in turns, so that progress can be shown */
static int wait_one(const char *name, long long end)
{
	long long start = progress_now_ms(), left, now = start;
	int failed, turn;

	for (;;) {
		left = end < 0 ? PROGRESS_MS : end - now;
		turn = left < 0 ? 0 : left < PROGRESS_MS ? left : PROGRESS_MS;
		failed = mapbuf_wait(name, turn);
		now = progress_now_ms();
		if (!failed || errno != ETIMEDOUT || (end >= 0 && now >= end))
			break;
		progress_tell("waiting for buffer", name, (now - start) / 1000);
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
		if (!wait_one(names[i], end))
			continue;
		message(LEVEL_ERROR, "mapbufctl: buffer '%s': %s", names[i],
			errno == ETIMEDOUT ? "it did not appear in time" :
			strerror(errno));
		status = EXIT_FAILED;
	}
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
		{ "timeout", required_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 }
	};
	const char *wrong = NULL;
	long timeout = -1;
	int option;

	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
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
	return wait_for(argv + optind, argc - optind,
			timeout < 0 ? -1 : timeout * 1000LL);
}

const struct verb verb_wait = {
	.name = "wait", .arguments = "[--timeout=SECONDS] NAME...",
	.summary = "wait until buffers exist and udev has named them",
	.help = help, .run = run
};
