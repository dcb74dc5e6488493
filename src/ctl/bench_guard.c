// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers outlive the process that made them, so one process measures, and
 * another one takes away what is left however the first ends.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mapbuf.h>

#include "bench.h"
#include "ctl.h"
#include "progress.h"
#include "system.h"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

void bench_die(const char *what)
{
	int error = errno;

	progress_end();
	message(LEVEL_ERROR, "mapbufctl bench: %s: %s", what, strerror(error));
	exit(EXIT_FAILED);
}

/* Those that ask to end it; ignored ones stay ignored. */
static void hold_signals(sigset_t *set)
{
	struct sigaction action;
	size_t i;

	sigemptyset(set);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		sigaction(signals[i], NULL, &action);
		if (action.sa_handler != SIG_IGN)
			sigaddset(set, signals[i]);
	}
	sigprocmask(SIG_BLOCK, set, NULL);
	/* If it were ignored nobody could wait for the child. */
	signal(SIGCHLD, SIG_DFL);
}

static void clean(const struct bench *bench)
{
	char *path = system_path("/dev/shm/%s", bench->name);

	/* Others may have opened them. */
	mapbuf_control_destroy(bench->control, bench->name, MAPBUF_DEFERRED);
	mapbuf_control_destroy(bench->control, bench->back, MAPBUF_DEFERRED);
	unlink(path);
	free(path);
}

/* Until the child has ended, by itself or for a signal: which is returned. */
static int wait_child(pid_t child, const sigset_t *ends, int *status)
{
	int number, signaled = 0;
	sigset_t set = *ends;

	sigaddset(&set, SIGCHLD);
	while (waitpid(child, status, WNOHANG) == 0) {
		number = sigwaitinfo(&set, NULL);
		if (number > 0 && number != SIGCHLD) {
			signaled = number;
			kill(child, SIGKILL);
		}
	}
	return signaled;
}

/* The child gets what the terminal sends, too, and leaves it to the parent. */
static void begin_child(pid_t parent, const sigset_t *only_child)
{
	sigprocmask(SIG_UNBLOCK, only_child, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILED);
}

int bench_guard(struct bench *bench)
{
	sigset_t ends, only_child;
	pid_t parent = getpid(), child;
	int status, number;

	hold_signals(&ends);
	sigemptyset(&only_child);
	sigaddset(&only_child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &only_child, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	child = fork();
	if (child < 0)
		bench_die("fork");
	if (child == 0) {
		begin_child(parent, &only_child);
		return -1;
	}
	number = wait_child(child, &ends, &status);
	/* Its own children die with it, a little later. */
	while (wait(NULL) > 0)
		;
	clean(bench);
	sigprocmask(SIG_UNBLOCK, &only_child, NULL);
	sigprocmask(SIG_UNBLOCK, &ends, NULL);
	if (!number && WIFSIGNALED(status))
		number = WTERMSIG(status);
	if (number == SIGKILL)
		message(LEVEL_ERROR, "mapbufctl bench: it was killed (not enough memory? give a smaller --size)");
	else if (number)
		raise(number);
	return number ? EXIT_FAILED : WEXITSTATUS(status);
}
