// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>

#include <mapbuf.h>

#include "ctl.h"

static int notify(const char *name)
{
	struct mapbuf *buffer = mapbuf_open(name, O_RDWR);
	int failed = !buffer || mapbuf_notify(buffer, NULL);

	if (failed)
		message(LEVEL_ERROR,
			"mapbufctl: buffer '%s': nobody is notified: %s", name,
			explain_open(errno));
	mapbuf_close(buffer);
	return failed;
}

static int run(int argc, char **argv)
{
	static const struct option table[] = {
		{ NULL, 0, NULL, 0 }
	};
	int i, status = EXIT_OK;

	if (getopt_long(argc, argv, "", table, NULL) != -1)
		return usage_error(argv);
	if (optind == argc) {
		message(LEVEL_ERROR, "%s: give at least one NAME", argv[0]);
		return usage_error(argv);
	}
	for (i = optind; i < argc; i++) {
		if (notify(argv[i]))
			status = EXIT_FAILED;
	}
	return status;
}

const struct verb verb_notify = {
	.name = "notify", .arguments = "NAME...",
	.summary = "wake the processes that wait for new data in buffers",
	.run = run
};
