// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl.h"
#include "xalloc.h"

static const struct verb verb_help;

static const struct verb *const verbs[] = {
	&verb_status, &verb_list, &verb_show, &verb_create, &verb_destroy,
	&verb_apply, &verb_wait, &verb_notify, &verb_sync, &verb_events, &verb_bench,
	&verb_top, &verb_map, &verb_cdi, &verb_help,
};

#define VERB_COUNT (sizeof(verbs) / sizeof(verbs[0]))

int usage_error(char **argv)
{
	message(LEVEL_ERROR, "Try '%s --help'.", argv[0]);
	return EXIT_USAGE;
}

int word_is_unexpected(char **argv, const char *word)
{
	if (word)
		message(LEVEL_ERROR, "%s: '%s' is not expected", argv[0], word);
	return !!word;
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
	     "  -h, --help      print this help, or after a verb that of the verb\n"
	     "  -V, --version   print the version\n"
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

static int no_verb(char **argv, const char *name)
{
	message(LEVEL_ERROR, "mapbufctl: there is no verb '%s'", name);
	return usage_error(argv);
}

static int run_help(int argc, char **argv)
{
	const struct verb *verb;

	if (argc < 2) {
		print_help();
		return EXIT_OK;
	}
	if (word_is_unexpected(argv, argv[2]))
		return usage_error(argv);
	verb = find_verb(argv[1]);
	if (!verb)
		return no_verb(argv, argv[1]);
	print_verb_help(verb);
	return EXIT_OK;
}

static const struct verb verb_help = {
	.name = "help", .arguments = "[VERB]",
	.summary = "print this help, or that of a verb",
	.run = run_help
};

static int is_option(const char *word, char letter, const char *name)
{
	if (word[0] == '-' && word[1] == letter && !word[2])
		return 1;
	return strncmp(word, "--", 2) == 0 && strcmp(word + 2, name) == 0;
}

static int wants_help(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		if (is_option(argv[i], 'h', "help"))
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
	if (is_option(argv[1], 'h', "help")) {
		print_help();
		return EXIT_OK;
	}
	if (is_option(argv[1], 'V', "version")) {
		puts("mapbufctl " MAPBUF_VERSION);
		return EXIT_OK;
	}
	verb = find_verb(argv[1]);
	if (!verb)
		return no_verb(argv, argv[1]);
	return run_verb(verb, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	int status;

	/*
	 * For the names of processes.  Nothing else of the locale: scripts
	 * compare messages and numbers.
	 */
	setlocale(LC_CTYPE, "");
	status = run(argc, argv);
	/* A full disk must not go unnoticed. */
	if (fflush(stdout) || ferror(stdout)) {
		message(LEVEL_ERROR, "mapbufctl: the output cannot be written: %s",
			strerror(errno));
		if (status == EXIT_OK)
			status = EXIT_FAILED;
	}
	return status;
}
