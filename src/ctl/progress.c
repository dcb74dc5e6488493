// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"

#define FIRST_LINE 10

static int is_shown;
static long long next_line = FIRST_LINE;

void progress_log(const char *what, const char *name, long long seconds,
		  const char *more)
{
	if (isatty(2) || seconds < next_line)
		return;
	next_line *= 2;
	fprintf(stderr, "mapbufctl: %s '%s', %lld s%s\n", what, name, seconds,
		more);
}

void progress_tell(const char *what, const char *name, long long seconds,
		   const char *more)
{
	if (!isatty(2))
		return;
	fprintf(stderr, "\r\033[K%s '%s', %lld s%s", what, name, seconds, more);
	is_shown = 1;
}

void progress_end(void)
{
	int error = errno;

	if (is_shown)
		fputs("\r\033[K", stderr);
	is_shown = 0;
	next_line = FIRST_LINE;
	errno = error;
}

long long progress_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}
