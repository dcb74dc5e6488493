/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Work on the pages of a buffer that several processors share.
 */
#ifndef MAPBUF_JOB_H
#define MAPBUF_JOB_H

#include <linux/atomic.h>
#include <linux/llist.h>
#include <linux/types.h>

struct mapbuf_buffer;
struct mapbuf_helper;

/**
 * struct mapbuf_job - work on the pages of a buffer, a piece at a time
 * @buf: the buffer
 * @piece: does the pages [@first, @first + @n); 0 or an error.  Called by several
 *	threads at once, each time for other pages; sleeps.  With @helper by a
 *	work item, which knows nothing of the caller's signals, cpuset and memory
 *	policy: then it does only what is easy.  What fails so is done again
 *	without @helper.
 * @end: the page after the last
 * @unit: pages of a piece
 * @node: the NUMA node of the memory
 * @creating: the buffer is new: stop on a fatal signal
 * @clears: and what is done is clear: tell of progress
 * @alone: others do not help
 * @next: the first page that nobody has taken, may be beyond @end
 * @done: pages that are done
 * @left: of struct mapbuf_helper, the pieces that failed
 * @owner: the task that runs the job
 * @helpers: work items, NULL if none; memory of mapbuf_job_run()
 * @nr_helpers: how many may be running
 * @stop: they shall not begin another piece
 *
 * The caller sets what comes before @next, and the first page in that.  Only
 * @piece may read the rest.
 */
struct mapbuf_job {
	struct mapbuf_buffer *buf;
	int (*piece)(struct mapbuf_job *job, unsigned long first,
		     unsigned long n, bool helper);
	unsigned long end;
	unsigned long unit;
	int node;
	bool creating;
	bool clears;
	bool alone;
	atomic_long_t next;
	atomic_long_t done;
	struct llist_head left;
	struct task_struct *owner;
	struct mapbuf_helper *helpers;
	unsigned int nr_helpers;
	bool stop;
};

int mapbuf_jobs_start(void);
void mapbuf_jobs_stop(void);
unsigned int mapbuf_job_helpers(const struct mapbuf_job *job);
int mapbuf_job_run(struct mapbuf_job *job);

#endif /* MAPBUF_JOB_H */
