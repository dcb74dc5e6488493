// SPDX-License-Identifier: GPL-2.0-only
/*
 * Work on the pages of a buffer that several processors share: nearly all of what a
 * buffer costs is clearing it.
 *
 * Who needs the work does it, and would do all of it alone.  Helpers are work items
 * that take pieces, too, as long as there are any; one that has not begun when
 * there are no more never does.  So nothing waits for a processor but for one
 * piece.  They are of an unbound workqueue: the kernel keeps those off the
 * processors that isolcpus= or the administrator has set aside.
 */
#include <linux/cpumask.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include <linux/workqueue.h>

#include "job.h"
#include "mapbuf.h"

/* What a processor must have to do so that it is worth waking it. */
#define PAGES_EACH (2 * MAPBUF_CHUNK_PAGES)

/**
 * struct mapbuf_helper - a work item of a job
 * @work: takes pieces
 * @job: of this
 * @link: in @left of the job
 * @first: then: the piece that it could not do
 */
struct mapbuf_helper {
	struct work_struct work;
	struct mapbuf_job *job;
	struct llist_node link;
	unsigned long first;
};

/* Of its own: a driver may put a buffer in a work item that memory waits for. */
static struct workqueue_struct *job_queue;

static unsigned long piece_take(struct mapbuf_job *job)
{
	return atomic_long_fetch_add(job->unit, &job->next);
}

static int piece_do(struct mapbuf_job *job, unsigned long first, bool helper)
{
	unsigned long n = min(job->end - first, job->unit);
	int err = job->piece(job, first, n, helper);

	if (!err)
		atomic_long_add(n, &job->done);
	cond_resched();
	return err;
}

/* A cpuset, or a processor that goes away, can change where it may be. */
static bool helper_may_go_on(const struct mapbuf_job *job)
{
	return !READ_ONCE(job->stop) &&
	       cpumask_test_cpu(raw_smp_processor_id(), job->owner->cpus_ptr);
}

static void helper_work(struct work_struct *work)
{
	struct mapbuf_helper *helper =
		container_of(work, struct mapbuf_helper, work);
	struct mapbuf_job *job = helper->job;
	unsigned long first;

	while (helper_may_go_on(job)) {
		first = piece_take(job);
		if (first >= job->end)
			break;
		if (piece_do(job, first, true)) {
			helper->first = first;
			llist_add(&helper->link, &job->left);
			break;
		}
	}
}

/* Memory on a node without processors is cleared by those where the caller is. */
static int node_of_helpers(int node)
{
	return cpumask_intersects(cpumask_of_node(node), cpu_online_mask) ?
	       node : numa_node_id();
}

/**
 * mapbuf_job_helpers() - how many others are worth asking for help
 * @job: about to run
 *
 * Return: how many; one for each other processor of the node that the caller may
 * run on, too, as far as the parameter "threads" allows.
 */
unsigned int mapbuf_job_helpers(const struct mapbuf_job *job)
{
	unsigned long pages = job->end - atomic_long_read(&job->next);
	unsigned int most = mapbuf_threads(), here, n = 0;
	const struct cpumask *cpus;
	int cpu;

	if (job->alone || pages < 2 * PAGES_EACH || num_online_cpus() == 1)
		return 0;
	most = min_t(unsigned long, most ? most : UINT_MAX, pages / PAGES_EACH);

	here = raw_smp_processor_id();
	cpus = cpumask_of_node(node_of_helpers(job->node));
	for_each_cpu_and(cpu, cpus, current->cpus_ptr) {
		if (n + 1 >= most)
			break;
		n += cpu_online(cpu) && cpu != here;
	}
	return n;
}

static void helpers_start(struct mapbuf_job *job)
{
	unsigned int n = mapbuf_job_helpers(job), i;
	int node;

	if (!n)
		return;
	job->helpers = kcalloc(n, sizeof(*job->helpers), MAPBUF_GFP);
	if (!job->helpers)
		return;
	node = node_of_helpers(job->node);
	job->nr_helpers = n;
	for (i = 0; i < n; i++) {
		job->helpers[i].job = job;
		INIT_WORK(&job->helpers[i].work, helper_work);
		queue_work_node(node, job_queue, &job->helpers[i].work);
	}
}

/* Waits for the pieces that they are at.  Returns whether there were helpers. */
static bool helpers_stop(struct mapbuf_job *job)
{
	unsigned int i;

	if (!job->nr_helpers)
		return false;
	WRITE_ONCE(job->stop, true);
	for (i = 0; i < job->nr_helpers; i++)
		cancel_work_sync(&job->helpers[i].work);
	job->nr_helpers = 0;
	return true;
}

/* What a helper could not do comes first: it may be in vain to do the others. */
static unsigned long piece_next(struct mapbuf_job *job)
{
	struct llist_node *left = NULL;

	if (!llist_empty(&job->left))
		left = llist_del_first(&job->left);
	return left ? llist_entry(left, struct mapbuf_helper, link)->first :
		      piece_take(job);
}

static int job_run(struct mapbuf_job *job)
{
	unsigned long first;
	int err;

	for (;;) {
		if (job->creating && fatal_signal_pending(current))
			return -EINTR;
		if (job->clears)
			mapbuf_note_cleared(job->buf,
					    atomic_long_read(&job->done));
		first = piece_next(job);
		if (first >= job->end) {
			if (helpers_stop(job))
				continue;
			return 0;
		}
		err = piece_do(job, first, false);
		/* What they are at may be what is missing here. */
		if (err && err != -EINTR && helpers_stop(job))
			err = piece_do(job, first, false);
		if (err)
			return err;
	}
}

/**
 * mapbuf_job_run() - do a job, with help
 * @job: what
 *
 * Sleeps.
 *
 * Return: 0, an error of @job->piece without a helper, or -EINTR.
 */
int mapbuf_job_run(struct mapbuf_job *job)
{
	int err;

	job->owner = current;
	helpers_start(job);
	err = job_run(job);
	helpers_stop(job);
	kfree(job->helpers);
	return err;
}

/**
 * mapbuf_jobs_start() - prepare for jobs
 *
 * Return: 0, or -ENOMEM.
 */
int mapbuf_jobs_start(void)
{
	job_queue = alloc_workqueue("mapbuf-job", WQ_UNBOUND | WQ_MEM_RECLAIM,
				    0);
	return job_queue ? 0 : -ENOMEM;
}

/** mapbuf_jobs_stop() - undo mapbuf_jobs_start(); nobody runs a job */
void mapbuf_jobs_stop(void)
{
	destroy_workqueue(job_queue);
}
