// SPDX-License-Identifier: GPL-2.0-only
/*
 * Locks of several processes in a buffer: each waits until another process, that
 * has mapped the buffer by itself, wakes it.
 */
#include "t.h"

#include <pthread.h>
#include <semaphore.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <time.h>

#include <linux/futex.h>

#define SIZE (2 * HUGE_PAGE + 3 * PAGE)
#define FUTEX_WAITV 449
#define FILES "/tmp/mapbuf"

/* The buffer as a process has it: a mapping of the page with the locks. */
static const struct store *of;
static const char *way;
static size_t place;

struct shared {
	pthread_mutex_t mutex, inheriting, robust, robust_inheriting;
	pthread_cond_t cond;
	pthread_rwlock_t rwlock;
	pthread_barrier_t barrier;
	sem_t sem;
	uint32_t word, other, pi;
	int locked;
};

static int open_way(void)
{
	int fd, dmabuf;

	if (!strcmp(way, "file"))
		return open(FILES "/futex", O_RDWR | O_CLOEXEC);
	fd = b_open("futex", O_RDWR);
	if (!strcmp(way, "node"))
		return fd;
	dmabuf = b_export(fd, 0, SIZE);
	must(dmabuf >= 0);
	close(fd);
	return dmabuf;
}

static struct shared *map_of(int fd)
{
	struct shared *s = (void *)b_map(fd, PAGE, place);

	close(fd);
	return s;
}

static struct shared *map_shared(void)
{
	return map_of(open_way());
}

static long futex(uint32_t *at, int op, uint32_t value, unsigned long more,
		  uint32_t *at2, uint32_t value3)
{
	return syscall(SYS_futex, at, op, value, more, at2, value3);
}

static struct shared *parents;

/* At another address than the parent, which has that one mapped. */
static struct shared *child_maps(void)
{
	struct shared *s = map_shared();

	must(s != parents);
	return s;
}

static void lock_mutex(unsigned int robust)
{
	struct shared *s = child_maps();
	pthread_mutex_t *m = robust & 2 ?
		(robust & 1 ? &s->robust_inheriting : &s->robust) :
		(robust & 1 ? &s->inheriting : &s->mutex);
	int err = pthread_mutex_lock(m);

	if (robust & 2)
		must(err == EOWNERDEAD && !pthread_mutex_consistent(m));
	else
		must(!err && s->locked == 1);
	must(!pthread_mutex_unlock(m));
}

static void mutex(pthread_mutex_t *m, unsigned int which, const char *what)
{
	pid_t pid;

	parents->locked = 0;
	pthread_mutex_lock(m);
	pid = child(lock_mutex, which);
	wait_asleep(pid);
	parents->locked = 1;
	pthread_mutex_unlock(m);
	t_ok(reap(), "%s, %s: %s", of->name, way, what);
}

static void lock_and_stay(unsigned int which)
{
	struct shared *s = child_maps();

	must(!pthread_mutex_lock(which & 1 ? &s->robust_inheriting :
					     &s->robust));
	must(!sem_post(&s->sem));
	pause();
}

static void dead_owner(unsigned int which, const char *what)
{
	pid_t owner = child(lock_and_stay, which), waiter;
	int status;

	sem_wait(&parents->sem);
	waiter = child(lock_mutex, which);
	wait_asleep(waiter);
	kill(owner, SIGKILL);
	waitpid(owner, &status, 0);
	t_ok(reap(), "%s, %s: %s", of->name, way, what);
}

static void wait_cond(unsigned int unused)
{
	struct shared *s = child_maps();

	(void)unused;
	must(!pthread_mutex_lock(&s->mutex));
	while (!s->locked)
		must(!pthread_cond_wait(&s->cond, &s->mutex));
	must(!pthread_mutex_unlock(&s->mutex));
}

static void condition(void)
{
	pid_t pids[3];
	size_t i;

	parents->locked = 0;
	for (i = 0; i < ARRAY_LEN(pids); i++)
		pids[i] = child(wait_cond, 0);
	for (i = 0; i < ARRAY_LEN(pids); i++)
		wait_asleep(pids[i]);
	pthread_mutex_lock(&parents->mutex);
	parents->locked = 1;
	pthread_cond_broadcast(&parents->cond);
	pthread_mutex_unlock(&parents->mutex);
	t_ok(reap(), "%s, %s: a condition variable", of->name, way);
}

static void lock_reading(unsigned int unused)
{
	struct shared *s = child_maps();

	(void)unused;
	must(!pthread_rwlock_rdlock(&s->rwlock) && s->locked == 2);
	must(!pthread_rwlock_unlock(&s->rwlock));
}

static void rwlock(void)
{
	pid_t pid;

	pthread_rwlock_wrlock(&parents->rwlock);
	pid = child(lock_reading, 0);
	wait_asleep(pid);
	parents->locked = 2;
	pthread_rwlock_unlock(&parents->rwlock);
	t_ok(reap(), "%s, %s: a read-write lock", of->name, way);
}

static void wait_barrier(unsigned int unused)
{
	int err = pthread_barrier_wait(&child_maps()->barrier);

	(void)unused;
	must(!err || err == PTHREAD_BARRIER_SERIAL_THREAD);
}

static void barrier(void)
{
	wait_asleep(child(wait_barrier, 0));
	pthread_barrier_wait(&parents->barrier);
	t_ok(reap(), "%s, %s: a barrier", of->name, way);
}

static void wait_sem(unsigned int unused)
{
	(void)unused;
	must(!sem_wait(&child_maps()->sem));
}

static void semaphore(void)
{
	wait_asleep(child(wait_sem, 0));
	sem_post(&parents->sem);
	t_ok(reap(), "%s, %s: a semaphore", of->name, way);
}

static void wait_word(unsigned int unused)
{
	(void)unused;
	must(!futex(&child_maps()->word, FUTEX_WAIT, 0, 0, NULL, 0));
}

/* Through a mapping that cannot write. */
static void wait_reading(unsigned int unused)
{
	int fd = b_open("futex", O_RDONLY);
	char *map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, place);

	(void)unused;
	must(map != MAP_FAILED);
	must(!futex(&((struct shared *)map)->word, FUTEX_WAIT, 0, 0, NULL, 0));
}

static void reading(void)
{
	wait_asleep(child(wait_reading, 0));
	t_ok(futex(&parents->word, FUTEX_WAKE, 9, 0, NULL, 0) == 1 && reap(),
	     "%s, %s: one who may only read waits", of->name, way);
}

static void requeue(void)
{
	wait_asleep(child(wait_word, 0));
	t_ok(futex(&parents->word, FUTEX_CMP_REQUEUE, 0, 1, &parents->other,
		   0) == 1 &&
	     !futex(&parents->word, FUTEX_WAKE, 9, 0, NULL, 0) &&
	     futex(&parents->other, FUTEX_WAKE, 9, 0, NULL, 0) == 1 && reap(),
	     "%s, %s: who waits is moved to another futex", of->name, way);
}

static void wait_requeue_pi(unsigned int unused)
{
	struct shared *s = child_maps();

	(void)unused;
	must(!futex(&s->word, FUTEX_WAIT_REQUEUE_PI, 0, 0, &s->pi, 0));
	must((s->pi & FUTEX_TID_MASK) == (uint32_t)syscall(SYS_gettid));
	must(!futex(&s->pi, FUTEX_UNLOCK_PI, 0, 0, NULL, 0));
}

static void requeue_pi(void)
{
	long moved;

	parents->pi = 0;
	wait_asleep(child(wait_requeue_pi, 0));
	t_ok(!futex(&parents->pi, FUTEX_LOCK_PI, 0, 0, NULL, 0),
	     "%s, %s: a futex that inherits priority", of->name, way);
	moved = futex(&parents->word, FUTEX_CMP_REQUEUE_PI, 1, 1, &parents->pi,
		      0);
	t_ok(moved == 1 && !futex(&parents->pi, FUTEX_UNLOCK_PI, 0, 0, NULL, 0) &&
	     reap(), "%s, %s: who waits is moved to it", of->name, way);
}

static pthread_mutexattr_t *attr(int protocol, int robust)
{
	static pthread_mutexattr_t a;

	pthread_mutexattr_init(&a);
	pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setprotocol(&a, protocol);
	pthread_mutexattr_setrobust(&a, robust);
	return &a;
}

static void init_shared(struct shared *s)
{
	pthread_barrierattr_t of_barrier;
	pthread_rwlockattr_t of_rwlock;
	pthread_condattr_t of_cond;

	memset(s, 0, sizeof(*s));
	pthread_mutex_init(&s->mutex, attr(PTHREAD_PRIO_NONE,
					   PTHREAD_MUTEX_STALLED));
	pthread_mutex_init(&s->inheriting, attr(PTHREAD_PRIO_INHERIT,
						PTHREAD_MUTEX_STALLED));
	pthread_mutex_init(&s->robust, attr(PTHREAD_PRIO_NONE,
					    PTHREAD_MUTEX_ROBUST));
	pthread_mutex_init(&s->robust_inheriting, attr(PTHREAD_PRIO_INHERIT,
						       PTHREAD_MUTEX_ROBUST));
	pthread_condattr_init(&of_cond);
	pthread_condattr_setpshared(&of_cond, PTHREAD_PROCESS_SHARED);
	pthread_cond_init(&s->cond, &of_cond);
	pthread_rwlockattr_init(&of_rwlock);
	pthread_rwlockattr_setpshared(&of_rwlock, PTHREAD_PROCESS_SHARED);
	pthread_rwlock_init(&s->rwlock, &of_rwlock);
	pthread_barrierattr_init(&of_barrier);
	pthread_barrierattr_setpshared(&of_barrier, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&s->barrier, &of_barrier, 2);
	sem_init(&s->sem, 1, 0);
}

static bool exports(void)
{
	int fd = b_open("futex", O_RDWR), dmabuf = b_export(fd, 0, SIZE);

	close(fd);
	if (dmabuf == -EOPNOTSUPP)
		return false;
	close(dmabuf);
	return true;
}

/* The children map it in the way that is tried, the parent its node. */
static void locks(void)
{
	if (!strcmp(way, "dma-buf") && !exports()) {
		t_skip("this kernel has none", "%s: dma-buf", of->name);
		return;
	}
	parents = map_of(b_open("futex", O_RDWR));
	init_shared(parents);
	mutex(&parents->mutex, 0, "a mutex");
	mutex(&parents->inheriting, 1, "a mutex that inherits priority");
	dead_owner(2, "the owner of a robust mutex is killed");
	dead_owner(3, "the owner of one that inherits priority is killed");
	condition();
	rwlock();
	barrier();
	semaphore();
	reading();
	requeue();
	requeue_pi();
	munmap(parents, PAGE);
}

/* In a buffer or at an offset of its own nobody is woken. */
static void strangers(void)
{
	struct shared *s, *other;
	int fd;

	s = map_shared();
	parents = s;
	memset(s, 0, PAGE);
	wait_asleep(child(wait_word, 0));
	b_create("other", SIZE, of->id);
	fd = b_open("other", O_RDWR);
	other = (void *)b_map(fd, PAGE, place);
	close(fd);
	t_ok(!futex(&other->word, FUTEX_WAKE, 9, 0, NULL, 0) &&
	     !futex(&s->other, FUTEX_WAKE, 9, 0, NULL, 0),
	     "%s: neither another buffer nor another place wakes", of->name);
	munmap(other, PAGE);
	b_destroy("other", 0);

	t_ok(!b_destroy("futex", MAPBUF_DESTROY_DEFERRED),
	     "%s: it is destroyed while one waits in it", of->name);
	b_create("futex", SIZE, of->id);
	other = map_shared();
	t_ok(!futex(&other->word, FUTEX_WAKE, 9, 0, NULL, 0),
	     "%s: one made anew under its name does not wake", of->name);
	t_ok(futex(&s->word, FUTEX_WAKE, 9, 0, NULL, 0) == 1 && reap(),
	     "%s: the old one does", of->name);
	munmap(other, PAGE);
	munmap(s, PAGE);
}

/* The kernel's struct futex_waitv, which headers before 5.16 do not have. */
static void wait_both(unsigned int unused)
{
	enum { size_u32 = 2 };
	struct shared *s = child_maps();
	uint64_t both[][3] = {
		{ 0, (uintptr_t)&s->word, size_u32 },
		{ 0, (uintptr_t)&s->other, size_u32 },
	};

	(void)unused;
	must(syscall(FUTEX_WAITV, both, ARRAY_LEN(both), 0, NULL, 0) == 1);
}

static void two(void)
{
	double limit = seconds() + patience(300);
	long woken;

	if (!kernel_since(5, 16)) {
		t_skip("this kernel waits for one", "%s: for any of two",
		       of->name);
		return;
	}
	parents = map_shared();
	memset(parents, 0, PAGE);
	wait_asleep(child(wait_both, 0));
	/* It counts as asleep before it waits for the second one. */
	do
		woken = futex(&parents->other, FUTEX_WAKE, 9, 0, NULL, 0);
	while (!woken && seconds() < limit);
	t_ok(woken == 1 && reap(), "%s: for any of two", of->name);
	munmap(parents, PAGE);
}

/* Whoever waits is killed, and the buffer goes. */
static void killed(void)
{
	pid_t pid;
	int status;

	parents = map_shared();
	memset(parents, 0, PAGE);
	pid = child(wait_word, 0);
	wait_asleep(pid);
	kill(pid, SIGKILL);
	t_ok(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	     !futex(&parents->word, FUTEX_WAKE, 9, 0, NULL, 0),
	     "%s: who waits is killed", of->name);
	munmap(parents, PAGE);
	t_ok(!b_destroy("futex", 0), "%s: destroy", of->name);
}

/* Counts under a lock, at the same time as others. */
#define ROUNDS 3000

static void count_up(unsigned int unused)
{
	struct shared *s = map_shared();
	pthread_mutex_t *m = &s->robust;
	unsigned int i;

	(void)unused;
	for (i = 0; i < ROUNDS; i++) {
		must(!pthread_mutex_lock(m));
		s->locked++;
		must(!pthread_mutex_unlock(m));
	}
}

static void crowd(void)
{
	unsigned int i;

	parents = map_shared();
	init_shared(parents);
	for (i = 0; i < 6; i++)
		child(count_up, i);
	t_ok(reap() && parents->locked == 6 * ROUNDS,
	     "%s: six processes take turns (%d)", of->name, parents->locked);
	munmap(parents, PAGE);
}

int main(void)
{
	static const struct { size_t at; const char *what; } places[] = {
		{ 0, "the first page" },
		{ HUGE_PAGE + 5 * PAGE, "inside 2 MiB" },
		{ 2 * HUGE_PAGE + 2 * PAGE, "the last page" },
	};
	static const char *const ways[] = { "node", "file", "dma-buf" };
	size_t i, j;

	must(!mount_files(FILES, NULL));
	for (of = stores; of->name; of++) {
		b_create("futex", SIZE, of->id);
		for (i = 0; i < ARRAY_LEN(places); i++) {
			place = places[i].at;
			t_note("%s", places[i].what);
			for (j = 0; j < ARRAY_LEN(ways); j++) {
				way = ways[j];
				locks();
			}
			way = ways[0];
			strangers();
			two();
		}
		crowd();
		killed();
	}
	must(!umount(FILES));
	return t_done();
}
