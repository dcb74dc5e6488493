// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#include <mapbuf.h>

#include "ctl.h"

static void help(void)
{
	puts("      --deferred   remove the name of a buffer in use now, and free\n"
	     "                   the memory when its last user closes it");
}

static int destroy(char **names, int count, unsigned int flags)
{
	struct mapbuf_control *control;
	int i, status = EXIT_OK;

	control = mapbuf_control_open();
	if (!control) {
		message(LEVEL_ERROR, "mapbufctl: nothing can be destroyed: %s",
			explain_control(errno));
		return EXIT_FAILED;
	}
	for (i = 0; i < count; i++) {
		if (!mapbuf_control_destroy(control, names[i], flags))
			continue;
		message(LEVEL_ERROR,
			"mapbufctl: buffer '%s': cannot be destroyed: %s",
			names[i], explain_destroy(errno));
		status = EXIT_FAILED;
	}
	mapbuf_control_close(control);
	return status;
}

static int run(int argc, char **argv)
{
	static const struct option table[] = {
		{ "deferred", no_argument, NULL, 'd' },
		{ NULL, 0, NULL, 0 }
	};
	unsigned int flags = 0;
	int option;

	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (option != 'd')
			return usage_error(argv);
		flags |= MAPBUF_DEFERRED;
	}
	if (optind == argc) {
		message(LEVEL_ERROR, "%s: give at least one NAME", argv[0]);
		return usage_error(argv);
	}
	return destroy(argv + optind, argc - optind, flags);
}

const struct verb verb_destroy = {
	.name = "destroy", .arguments = "[--deferred] NAME...",
	.summary = "destroy buffers",
	.help = help, .run = run
};
