// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <mapbuf.h>

#include "ctl.h"
#include "size.h"

enum { OPTION_FOR, OPTION_DIRECTION, OPTION_OFFSET, OPTION_LENGTH };

struct part {
	unsigned int owner;
	unsigned int direction;
	uint64_t offset;
	uint64_t length;	/* 0: to the end */
};

static void help(void)
{
	puts("      --for=cpu|device           who accesses the memory next; must be given\n"
	     "      --direction=to|from|both   whether the device reads or writes; default: both\n"
	     "      --offset=SIZE              where the part begins; default: 0\n"
	     "      --length=SIZE              how long it is; default: to the end");
}

static const char *explain(int error)
{
	switch (error) {
	case ENODEV:
		return "no device has it mapped (see --device in mapbufctl(8))";
	case EACCES:
		return "permission denied (it must be open for writing)";
	case EINVAL:
		return "the part is not within the buffer (see mapbufctl list)";
	case EOPNOTSUPP:
		return "of a reserved range only Cache=uc or wc needs no synchronization";
	default:
		return explain_open(error);
	}
}

static int sync_buffer(const char *name, const struct part *part)
{
	struct mapbuf *buffer = mapbuf_open(name, O_RDWR);
	const char *why = NULL;

	if (!buffer)
		why = explain_open(errno);
	else if (mapbuf_sync(buffer, part->offset, part->length,
			     part->owner | part->direction))
		why = explain(errno);
	if (why)
		message(LEVEL_ERROR,
			"mapbufctl: buffer '%s': cannot be synchronized: %s",
			name, why);
	mapbuf_close(buffer);
	return why ? EXIT_FAILED : EXIT_OK;
}

static int set_bytes(uint64_t *to, const char *option, const char *command)
{
	const char *why;

	if (!address_parse(optarg, to, &why))
		return 0;
	message(LEVEL_ERROR, "%s: --%s=%s: %s (write for instance 4096 or 64K)",
		command, option, optarg, why);
	return -1;
}

static int set_word(unsigned int *to, const char *const *words,
		    const unsigned int *values, const char *value)
{
	for (; *words; words++, values++) {
		if (strcmp(*words, value) == 0) {
			*to = *values;
			return 0;
		}
	}
	return -1;
}

static int set_option(struct part *part, int option, const char *command)
{
	static const char *const owners[] = { "cpu", "device", NULL };
	static const unsigned int owner_flags[] = {
		MAPBUF_FOR_CPU, MAPBUF_FOR_DEVICE
	};
	static const char *const directions[] = { "to", "from", "both", NULL };
	static const unsigned int direction_flags[] = {
		MAPBUF_TO_DEVICE, MAPBUF_FROM_DEVICE,
		MAPBUF_TO_DEVICE | MAPBUF_FROM_DEVICE
	};

	switch (option) {
	case OPTION_FOR:
		if (!set_word(&part->owner, owners, owner_flags, optarg))
			return 0;
		message(LEVEL_ERROR, "%s: --for=%s: it is neither cpu nor device",
			command, optarg);
		return -1;
	case OPTION_DIRECTION:
		if (!set_word(&part->direction, directions, direction_flags,
			      optarg))
			return 0;
		message(LEVEL_ERROR,
			"%s: --direction=%s: it is none of to, from and both",
			command, optarg);
		return -1;
	case OPTION_OFFSET:
		return set_bytes(&part->offset, "offset", command);
	case OPTION_LENGTH:
		return set_bytes(&part->length, "length", command);
	default:
		return -1;
	}
}

static int run(int argc, char **argv)
{
	static const struct option table[] = {
		{ "for", required_argument, NULL, OPTION_FOR },
		{ "direction", required_argument, NULL, OPTION_DIRECTION },
		{ "offset", required_argument, NULL, OPTION_OFFSET },
		{ "length", required_argument, NULL, OPTION_LENGTH },
		{ NULL, 0, NULL, 0 }
	};
	struct part part = {
		.direction = MAPBUF_TO_DEVICE | MAPBUF_FROM_DEVICE
	};
	int option;

	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (set_option(&part, option, argv[0]))
			return usage_error(argv);
	}
	if (!part.owner || argc - optind != 1) {
		message(LEVEL_ERROR, "%s: give --for=cpu or --for=device, and one NAME",
			argv[0]);
		return usage_error(argv);
	}
	return sync_buffer(argv[optind], &part);
}

const struct verb verb_sync = {
	.name = "sync", .arguments = "--for=cpu|device NAME",
	.summary = "synchronize a buffer with the device that it belongs to",
	.help = help, .run = run
};
