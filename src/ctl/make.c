// SPDX-License-Identifier: GPL-2.0-only
/*
 * To clear many GiB takes a while.  The module stops for a signal that kills,
 * and only for that; so a child asks it, and the parent stays to show
 * progress, and to remove what became of it when the user no longer wants it.
 * The same child makes the next one: to fork costs more than to ask.  But those that
 * are made at once have a child each, and a control descriptor, which tells of no
 * buffer before.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mapbuf.h>

#include "ctl.h"
#include "make.h"
#include "progress.h"
#include "property.h"
#include "xalloc.h"

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
struct maker {
	struct mapbuf_control *control;
	pid_t pid;
	int requests[2], results;
};

/* For what is made one after the other. */
static struct maker lasting;

/*
 * What is being made.
 * @maker: the lasting one, or @own
 * @is_others: there was a buffer of that name before
 */
struct work {
	struct maker *maker, own;
	struct make_item *item;
	uint64_t bytes;
	int is_others;
	int is_done;
};

/*
 * @asked: of the works, the first that have been begun
 * @told: of these, the first that @made has been called for
 */
struct works {
	struct work *works;
	size_t count, asked, told;
	struct make_sum *sum;
	void (*made)(struct make_item *item);
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

#define LONG_BYTES (32ULL << 20)

int make_takes_long(const struct properties *properties)
{
	return bytes_to_clear(properties) >= LONG_BYTES;
}

/* What is cleared comes in whole pages, and can be more. */
static unsigned int percent(uint64_t part, uint64_t all)
{
	return part >= all ? 100 : (unsigned int)(100.0 * part / all);
}

static uint64_t cleared_of(const struct work *work)
{
	int64_t cleared = mapbuf_control_cleared(work->maker->control);

	if (cleared < 0)
		return 0;
	return (uint64_t)cleared < work->bytes ? (uint64_t)cleared : work->bytes;
}

/* As ", 40 %, 71 % of 8 buffers"; empty if the module does not report it. */
static void describe(char *text, size_t size, const struct works *all,
		     const struct work *work)
{
	const struct make_sum *sum = all->sum;
	uint64_t cleared = 0;
	int length;
	size_t i;

	text[0] = '\0';
	if (mapbuf_control_cleared(work->maker->control) < 0 || !work->bytes)
		return;
	length = snprintf(text, size, ", %u %%",
			  percent(cleared_of(work), work->bytes));
	if (!sum || sum->count <= 1)
		return;
	for (i = 0; i < all->asked; i++) {
		if (!all->works[i].is_done)
			cleared += cleared_of(&all->works[i]);
	}
	snprintf(text + length, size - length, ", %u %% of %zu buffers",
		 percent(sum->done + cleared, sum->bytes), sum->count);
}

/* Of several, of the first that is not done. */
static void tell_progress(const struct works *all, long long seconds)
{
	const struct work *work = all->works;
	char more[64];

	while (work->is_done)
		work++;
	describe(more, sizeof(more), all, work);
	progress_tell("making buffer", work->item->name, seconds, more);
	progress_log("making buffer", work->item->name, seconds, more);
}

/*
 * Until the parent wants no more.  It keeps the signals blocked: Ctrl-C on a
 * terminal goes to it, too, and it ends only with the parent's knowledge.
 */
static void run_child(const struct maker *maker, int results)
{
	struct request request;
	struct result result;

	do {
		if (read(maker->requests[0], &request, sizeof(request)) !=
		    sizeof(request))
			_exit(0);
		result.id = 0;
		result.error = ask(maker->control, request.name,
				   request.properties, &result.id);
	} while (write(results, &result, sizeof(result)) == sizeof(result));
	_exit(1);
}

static void end_child(struct maker *maker)
{
	if (!maker->pid)
		return;
	close(maker->requests[0]);
	close(maker->requests[1]);
	close(maker->results);
	while (maker->pid > 0 && waitpid(maker->pid, NULL, 0) < 0 &&
	       errno == EINTR)
		;
	maker->pid = 0;
}

/* 0 or an errno.  @before: the makers whose pipes it shall not keep open */
static int start_child(struct maker *maker, const struct works *before)
{
	int *requests = maker->requests, results[2], error = 0;
	size_t i;

	if (pipe2(requests, O_CLOEXEC))
		return errno;
	if (pipe2(results, O_CLOEXEC)) {
		error = errno;
		close(requests[0]);
		close(requests[1]);
		return error;
	}
	maker->pid = fork();
	if (maker->pid == 0) {
		for (i = 0; i < before->asked; i++) {
			if (before->works[i].maker->pid)
				close(before->works[i].maker->requests[1]);
		}
		close(requests[1]);
		close(results[0]);
		run_child(maker, results[1]);
	}
	if (maker->pid < 0)
		error = errno;
	close(results[1]);
	maker->results = results[0];
	if (error)
		end_child(maker);
	return error;
}

void make_end(void)
{
	end_child(&lasting);
}

/* What became of it; a child that was killed could not tell. */
static void collect(struct work *work, struct make_sum *sum)
{
	struct result result;

	if (read(work->maker->results, &result, sizeof(result)) !=
	    sizeof(result)) {
		end_child(work->maker);
		result = (struct result){ .error = EINTR };
	}
	work->item->error = result.error;
	work->item->id = result.id;
	work->is_done = 1;
	/* Also if it could not be made: there is no more to do for it. */
	if (sum)
		sum->done += work->bytes;
}

/* The next one; at once done if it cannot be asked for. */
static void begin(struct works *all)
{
	struct work *work = &all->works[all->asked];
	struct request request = { work->item->name, work->item->properties };
	int error = 0;

	if (!work->maker->control) {
		work->maker->control = mapbuf_control_open();
		error = work->maker->control ? 0 : errno;
	}
	if (!error && !work->maker->pid)
		error = start_child(work->maker, all);
	all->asked++;
	if (error) {
		work->item->error = error;
		work->is_done = 1;
	} else if (write(work->maker->requests[1], &request,
			 sizeof(request)) != sizeof(request)) {
		collect(work, all->sum);
	}
}

/*
 * Whether it is time for the next one: what is being cleared has its number, so that
 * these do not depend on chance.
 */
static int next_may_begin(const struct works *all)
{
	const struct work *last = &all->works[all->asked - 1];

	return last->is_done || cleared_of(last);
}

#define BEGIN_MS 10

/* Until one is done, or time has passed: what ppoll() returns. */
static int wait_for_one(const struct works *all, struct pollfd *fds,
			const sigset_t *mask)
{
	int ms = all->asked < all->count ? BEGIN_MS : PROGRESS_MS;
	const struct timespec tick = {
		.tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000
	};
	size_t i;

	for (i = 0; i < all->asked; i++)
		fds[i] = (struct pollfd){
			.fd = all->works[i].is_done ?
			      -1 : all->works[i].maker->results,
			.events = POLLIN,
		};
	return ppoll(fds, all->asked, &tick, mask);
}

/* In their order: one may be done before the one before. */
static void tell_made(struct works *all)
{
	while (all->told < all->asked && all->works[all->told].is_done) {
		progress_end();
		if (all->made)
			all->made(all->works[all->told].item);
		all->told++;
	}
}

/* Until all are done, or a signal came. */
static void watch(struct works *all, struct pollfd *fds, const sigset_t *mask)
{
	long long start = progress_now_ms(), shown = start, now;
	size_t i;
	int count;

	while (all->told < all->count && !interrupted()) {
		if (all->asked < all->count &&
		    (!all->asked || next_may_begin(all)))
			begin(all);
		count = wait_for_one(all, fds, mask);
		take_pending();
		now = progress_now_ms();
		if (count == 0 && now - shown >= PROGRESS_MS) {
			tell_progress(all, (now - start) / 1000);
			shown = now;
		}
		for (i = 0; i < all->asked && count > 0 && !interrupted(); i++) {
			if (fds[i].revents)
				collect(&all->works[i], all->sum);
		}
		tell_made(all);
	}
	progress_end();
}

/* For a signal: nothing is left of what is not done. */
static void give_up(struct works *all)
{
	struct work *work;

	for (tell_made(all); all->told < all->asked; tell_made(all)) {
		work = &all->works[all->told++];
		kill(work->maker->pid, SIGKILL);
		end_child(work->maker);
		if (!work->is_others && exists(work->item->name))
			mapbuf_control_destroy(work->maker->control,
					       work->item->name, 0);
		message(LEVEL_ERROR, "mapbufctl: buffer '%s': cannot be made: interrupted",
			work->item->name);
	}
}

void make_buffers(struct mapbuf_control *control, struct make_item *items,
		  size_t count, struct make_sum *sum,
		  void (*made)(struct make_item *item))
{
	struct works all = { .count = count, .sum = sum, .made = made };
	struct pollfd *fds = xgrow(NULL, count, sizeof(*fds));
	struct signal_state before;
	struct work *work;
	size_t i;

	all.works = xgrow(NULL, count, sizeof(*all.works));
	lasting.control = control;
	for (i = 0; i < count; i++) {
		work = &all.works[i];
		*work = (struct work){
			.item = &items[i],
			.bytes = bytes_to_clear(items[i].properties),
			.is_others = !items[i].is_new && exists(items[i].name),
		};
		work->maker = count == 1 ? &lasting : &work->own;
	}
	hold_signals(&before);
	watch(&all, fds, &before.mask);
	if (interrupted())
		give_up(&all);
	for (i = 0; i < count; i++) {
		end_child(&all.works[i].own);
		mapbuf_control_close(all.works[i].own.control);
	}
	free(all.works);
	free(fds);
	release_signals(&before);
	if (interrupted())
		raise(interrupted());
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
