// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl.h"
#include "xalloc.h"

static const struct verb *const verbs[] = {
	&verb_status, &verb_list, &verb_show, &verb_create, &verb_destroy,
	&verb_apply, &verb_wait, &verb_notify, &verb_events, &verb_bench,
};

#define VERB_COUNT (sizeof(verbs) / sizeof(verbs[0]))

int usage_error(char **argv)
{
	message(LEVEL_ERROR, "Try '%s --help'.", argv[0]);
	return EXIT_USAGE;
}

int root_is_wrong(char **argv, const char *root)
{
	struct stat status;

	if (!*root)
		return 0;
	if (!stat(root, &status)) {
		if (S_ISDIR(status.st_mode))
			return 0;
		errno = ENOTDIR;
	}
	message(LEVEL_ERROR, "%s: --root=%s: %s", argv[0], root,
		strerror(errno));
	return 1;
}

static void print_help(void)
{
	size_t i;

	puts("Usage: mapbufctl VERB [ARGUMENT]...\n"
	     "\n"
	     "Make, remove and show named memory buffers.\n"
	     "\n"
	     "Verbs:");
	for (i = 0; i < VERB_COUNT; i++)
		printf("  %-8s %s\n", verbs[i]->name, verbs[i]->summary);
	puts("\n"
	     "Options:\n"
	     "      --help      print this, or with a verb what it takes\n"
	     "      --version   print the version\n"
	     "\n"
	     "Exit status: 0 done, 1 something could not be done, 2 wrong usage.\n"
	     "See mapbufctl(8).");
}

static void print_verb_help(const struct verb *verb)
{
	printf("Usage: mapbufctl %s%s%s\n\n%c%s.\n", verb->name,
	       *verb->arguments ? " " : "", verb->arguments,
	       verb->summary[0] & ~0x20, verb->summary + 1);
	if (verb->help) {
		puts("\nOptions:");
		verb->help();
	}
}

static const struct verb *find_verb(const char *name)
{
	size_t i;

	for (i = 0; i < VERB_COUNT; i++) {
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	}
	return NULL;
}

static int wants_help(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		if (strcmp(argv[i], "--help") == 0)
			return 1;
	}
	return 0;
}

static int run_verb(const struct verb *verb, int argc, char **argv)
{
	int status;

	if (wants_help(argc, argv)) {
		print_verb_help(verb);
		return EXIT_OK;
	}
	/* getopt_long() begins its messages with it. */
	argv[0] = xprintf("mapbufctl %s", verb->name);
	status = verb->run(argc, argv);
	free(argv[0]);
	return status;
}

static int run(int argc, char **argv)
{
	const struct verb *verb;

	argv[0] = "mapbufctl";
	if (argc < 2) {
		message(LEVEL_ERROR, "mapbufctl: give a verb");
		return usage_error(argv);
	}
	if (strcmp(argv[1], "--help") == 0) {
		print_help();
		return EXIT_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("mapbufctl " MAPBUF_VERSION);
		return EXIT_OK;
	}
	verb = find_verb(argv[1]);
	if (!verb) {
		message(LEVEL_ERROR, "mapbufctl: there is no verb '%s'",
			argv[1]);
		return usage_error(argv);
	}
	return run_verb(verb, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	int status = run(argc, argv);

	/* A full disk must not go unnoticed. */
	if (fflush(stdout) || ferror(stdout)) {
		message(LEVEL_ERROR, "mapbufctl: the output cannot be written: %s",
			strerror(errno));
		if (status == EXIT_OK)
			status = EXIT_FAILED;
	}
	return status;
}
