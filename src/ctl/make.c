// SPDX-License-Identifier: GPL-2.0-only
/*
 * To clear many GiB takes a while.  The module stops for a signal that kills,
 * and only for that; so a child asks it, and the parent stays to show
 * progress, and to remove what became of it when the user no longer wants it.
 * The same child makes the next one: to fork costs more than to ask.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mapbuf.h>

#include "ctl.h"
#include "make.h"
#include "progress.h"
#include "property.h"

/* The child has what they point to, as it was when the child began. */
struct request {
	const char *name;
	const struct properties *properties;
};

struct result {
	int error;
	unsigned int id;
};

/*
 * @pid: 0 if there is none
 * @requests: both ends, as nobody shall get SIGPIPE when the child is killed
 */
static struct maker {
	pid_t pid;
	int requests[2], results;
} maker;

/* What is being made, for progress; and of what it is a part */
struct work {
	struct mapbuf_control *control;
	const char *name;
	uint64_t bytes;
	const struct make_sum *sum;
};

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

#define SIGNAL_COUNT (sizeof(signals) / sizeof(signals[0]))

/* Set by a signal, and only while ppoll() waits. */
static int caught;

struct signal_state {
	sigset_t mask;
	struct sigaction actions[SIGNAL_COUNT];
};

static void catch(int number)
{
	__atomic_store_n(&caught, number, __ATOMIC_RELAXED);
}

static int interrupted(void)
{
	return __atomic_load_n(&caught, __ATOMIC_RELAXED);
}

/* From here on they arrive in ppoll() only.  Ignored ones stay ignored. */
static void hold_signals(struct signal_state *before)
{
	struct sigaction action = { .sa_handler = catch };
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < SIGNAL_COUNT; i++) {
		sigaction(signals[i], NULL, &before->actions[i]);
		if (before->actions[i].sa_handler != SIG_IGN)
			sigaddset(&set, signals[i]);
	}
	sigprocmask(SIG_BLOCK, &set, &before->mask);
	for (i = 0; i < SIGNAL_COUNT; i++) {
		if (before->actions[i].sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
}

static void release_signals(const struct signal_state *before)
{
	size_t i;

	for (i = 0; i < SIGNAL_COUNT; i++)
		sigaction(signals[i], &before->actions[i], NULL);
	sigprocmask(SIG_SETMASK, &before->mask, NULL);
}

static int exists(const char *name)
{
	struct mapbuf_list *list = mapbuf_list_read();
	int found = list && mapbuf_list_find(list, name);

	mapbuf_list_free(list);
	return found;
}

static int ask(struct mapbuf_control *control, const char *name,
	       const struct properties *properties, unsigned int *id)
{
	struct mapbuf_options *options = properties_to_options(properties);
	int error;

	error = !options || mapbuf_control_create(control, name, options, id) ?
		errno : 0;
	mapbuf_options_free(options);
	return error;
}

/* A signal that came when ppoll() had something else to tell. */
static void take_pending(void)
{
	sigset_t set;
	size_t i;

	sigpending(&set);
	for (i = 0; i < SIGNAL_COUNT; i++) {
		if (sigismember(&set, signals[i]))
			catch(signals[i]);
	}
}

/* A range that keeps what it holds takes no time. */
static uint64_t bytes_to_clear(const struct properties *properties)
{
	return properties->has_start && !properties->zero_on_create ?
	       0 : properties->size;
}

void make_expect(struct make_sum *sum, const struct properties *properties)
{
	sum->count++;
	sum->bytes += bytes_to_clear(properties);
}

/* What is cleared comes in whole pages, and can be more. */
static unsigned int percent(uint64_t part, uint64_t all)
{
	return part >= all ? 100 : (unsigned int)(100.0 * part / all);
}

/* As ", 40 %, 71 % of 8 buffers"; empty if the module does not report it. */
static void describe(char *text, size_t size, const struct work *work)
{
	int64_t cleared = mapbuf_control_cleared(work->control);
	const struct make_sum *sum = work->sum;
	int length;

	text[0] = '\0';
	if (cleared < 0 || !work->bytes)
		return;
	if ((uint64_t)cleared > work->bytes)
		cleared = work->bytes;
	length = snprintf(text, size, ", %u %%", percent(cleared, work->bytes));
	if (sum && sum->count > 1)
		snprintf(text + length, size - length, ", %u %% of %zu buffers",
			 percent(sum->done + cleared, sum->bytes), sum->count);
}

/* Until the child is done, or a signal came, for which it is killed. */
static void watch(pid_t child, int pipe, const struct work *work,
		  const sigset_t *mask)
{
	const struct timespec tick = {
		.tv_sec = PROGRESS_MS / 1000,
		.tv_nsec = PROGRESS_MS % 1000 * 1000000
	};
	struct pollfd fd = { .fd = pipe, .events = POLLIN };
	long long start = progress_now_ms(), seconds;
	char more[64];
	int count;

	do {
		count = ppoll(&fd, 1, &tick, mask);
		seconds = (progress_now_ms() - start) / 1000;
		if (count == 0) {
			describe(more, sizeof(more), work);
			progress_tell("making buffer", work->name, seconds, more);
			progress_log("making buffer", work->name, seconds, more);
		}
	} while (count == 0 || (count < 0 && errno == EINTR && !interrupted()));
	progress_end();
	take_pending();
	if (interrupted())
		kill(child, SIGKILL);
}

/*
 * Until the parent wants no more.  It keeps the signals blocked: Ctrl-C on a
 * terminal goes to it, too, and it ends only with the parent's knowledge.
 */
static void run_child(struct mapbuf_control *control, int requests, int results)
{
	struct request request;
	struct result result;

	do {
		if (read(requests, &request, sizeof(request)) !=
		    sizeof(request))
			_exit(0);
		result.id = 0;
		result.error = ask(control, request.name, request.properties,
				   &result.id);
	} while (write(results, &result, sizeof(result)) == sizeof(result));
	_exit(1);
}

/* 0 or an errno */
static int start_child(struct mapbuf_control *control)
{
	int *requests = maker.requests, results[2], error = 0;

	if (pipe2(requests, O_CLOEXEC))
		return errno;
	if (pipe2(results, O_CLOEXEC)) {
		error = errno;
		close(requests[0]);
		close(requests[1]);
		return error;
	}
	maker.pid = fork();
	if (maker.pid == 0) {
		close(requests[1]);
		close(results[0]);
		run_child(control, requests[0], results[1]);
	}
	if (maker.pid < 0)
		error = errno;
	close(results[1]);
	maker.results = results[0];
	if (error)
		make_end();
	return error;
}

void make_end(void)
{
	if (!maker.pid)
		return;
	close(maker.requests[0]);
	close(maker.requests[1]);
	close(maker.results);
	while (maker.pid > 0 && waitpid(maker.pid, NULL, 0) < 0 &&
	       errno == EINTR)
		;
	maker.pid = 0;
}

/* What became of it; a child that was killed could not tell. */
static struct result collect(void)
{
	struct result result;

	if (read(maker.results, &result, sizeof(result)) != sizeof(result)) {
		make_end();
		result.error = EINTR;
	}
	return result;
}

/* Under the signals of make_buffer() */
static struct result have_made(const struct work *work,
			       const struct properties *properties,
			       const sigset_t *mask)
{
	struct request request = { work->name, properties };
	struct result result = { 0 };

	if (!maker.pid)
		result.error = start_child(work->control);
	if (result.error)
		return result;
	if (write(maker.requests[1], &request, sizeof(request)) ==
	    sizeof(request))
		watch(maker.pid, maker.results, work, mask);
	return collect();
}

int make_buffer(struct mapbuf_control *control, const char *name,
		const struct properties *properties, int is_new,
		struct make_sum *sum, unsigned int *id)
{
	const struct work work = {
		control, name, bytes_to_clear(properties), sum
	};
	struct signal_state before;
	struct result result;
	int is_others;

	is_others = !is_new && exists(name);
	hold_signals(&before);
	result = have_made(&work, properties, &before.mask);
	if (interrupted() && !is_others && exists(name))
		mapbuf_control_destroy(control, name, 0);
	release_signals(&before);
	if (interrupted()) {
		message(LEVEL_ERROR, "mapbufctl: buffer '%s': cannot be made: interrupted",
			name);
		raise(interrupted());
	}
	/* Also if it could not be made: there is no more to do for it. */
	if (sum)
		sum->done += work.bytes;
	*id = result.id;
	return result.error;
}

#define NAMED_MS 30000

void make_named(const char *name, long long since)
{
	long long now = progress_now_ms(), left;
	int is_named, is_late = 0;

	do {
		left = since + NAMED_MS - now;
		left = left < 0 ? 0 : left < PROGRESS_MS ? left : PROGRESS_MS;
		is_named = !mapbuf_wait(name, left);
		/* Whoever is told of it may have destroyed it already. */
		if (is_named || errno != ETIMEDOUT || !exists(name))
			break;
		now = progress_now_ms();
		progress_tell("waiting for udev to name buffer", name,
			      (now - since) / 1000, "");
		is_late = now - since >= NAMED_MS;
	} while (!is_late);
	progress_end();
	if (is_late)
		message(LEVEL_WARNING,
			"mapbufctl: buffer '%s': exists, but udev has not named it within %d s (see systemctl status systemd-udevd)",
			name, NAMED_MS / 1000);
}
