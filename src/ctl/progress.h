/* SPDX-License-Identifier: GPL-2.0-only */
/* What is told while something takes longer than a second. */
#ifndef MAPBUFCTL_PROGRESS_H
#define MAPBUFCTL_PROGRESS_H

/* How often to call progress_tell() */
#define PROGRESS_MS 1000

/*
 * Nothing, unless standard error is a terminal.  @more: what follows the seconds,
 * as ", 40 %"
 */
void progress_tell(const char *what, const char *name, long long seconds,
		   const char *more);
/* Nothing if it is one; else a line after 10, 20, 40... seconds. */
void progress_log(const char *what, const char *name, long long seconds,
		  const char *more);
/* Takes the line away; errno stays. */
void progress_end(void);
/* CLOCK_MONOTONIC */
long long progress_now_ms(void);

#endif /* MAPBUFCTL_PROGRESS_H */
