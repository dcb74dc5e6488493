// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "ctl.h"

/*
 * Whether standard error is the journal, which reads a line's level from its
 * beginning; sd_journal_stream_fd(3) describes the variable.
 */
static int is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat status;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(2, &status) == 0 && status.st_dev == device &&
	       status.st_ino == inode;
}

void message(enum level level, const char *format, ...)
{
	va_list arguments;

	if (is_journal())
		fprintf(stderr, "<%d>", level);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}
