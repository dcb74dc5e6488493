/* SPDX-License-Identifier: GPL-2.0-only */
/* What the verbs of mapbufctl share. */
#ifndef MAPBUFCTL_CTL_H
#define MAPBUFCTL_CTL_H

#include <stddef.h>

enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,	/* something that was asked for was not done */
	EXIT_USAGE = 2,
};

/**
 * struct verb - a subcommand
 * @name: what the user types; argv[0] of @run is "mapbufctl NAME"
 * @arguments: what follows it, as in a synopsis
 * @summary: one line
 * @help: prints the options; may be NULL
 * @run: gives the exit status
 */
struct verb {
	const char *name;
	const char *arguments;
	const char *summary;
	void (*help)(void);
	int (*run)(int argc, char **argv);
};

struct properties;

extern const struct verb verb_apply;
extern const struct verb verb_bench;
extern const struct verb verb_cdi;
extern const struct verb verb_create;
extern const struct verb verb_destroy;
extern const struct verb verb_events;
extern const struct verb verb_list;
extern const struct verb verb_map;
extern const struct verb verb_notify;
extern const struct verb verb_sync;
extern const struct verb verb_show;
extern const struct verb verb_status;
extern const struct verb verb_top;
extern const struct verb verb_wait;

/* main.c */
int usage_error(char **argv);
/* @word: argv[optind] of a verb that expects no words; reports one that is there */
int word_is_unexpected(char **argv, const char *word);
/* Whether --root=DIR names a directory: else nothing would seem configured. */
int root_is_wrong(char **argv, const char *root);

/* message.c: one line each, to standard error */
enum level { LEVEL_ERROR = 3, LEVEL_WARNING = 4 };

/* From here on each line is an object of JSON. */
void message_as_json(void);
void message(enum level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* explain.c: an errno in words, with what to do about it */
/* The caller frees it. */
char *explain_create(int error, const struct properties *properties);
const char *explain_destroy(int error);
const char *explain_control(int error);
const char *explain_list(int error);
/* Of opening a buffer, waiting for its data, or notifying */
const char *explain_open(int error);

#endif /* MAPBUFCTL_CTL_H */
