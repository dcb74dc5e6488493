// SPDX-License-Identifier: GPL-2.0-only
/*
 * Queues and rings of libmapbuf between processes that are killed: at each of their
 * instructions, and at any moment.  Nothing is lost and nothing comes twice; of a
 * ring, what is lost is counted.
 *
 * With QUEUE_FILE the buffer is that file, and the module one that tests/unit has.
 */
#include "queue.h"

#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/ptrace.h>

struct shared *shared;

struct mapbuf *buffer_open(int flags)
{
	const char *file = getenv("QUEUE_FILE");
	struct mapbuf *buffer;

	buffer = file ? mapbuf_open_fd(open(file, flags | O_CLOEXEC)) :
			mapbuf_open("queue", flags);
	if (!buffer)
		t_bail("open the buffer");
	return buffer;
}

/* Empty, and nobody has it open. */
static void buffer_make(void)
{
	const char *file = getenv("QUEUE_FILE");
	int fd;

	memset(shared, 0, sizeof(*shared));
	shared->limit = UINT64_MAX;
	if (!file) {
		b_create("queue", BYTES, MAPBUF_BACKING_VMALLOC);
		return;
	}
	fd = open(file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, BYTES))
		t_bail("%s", file);
	close(fd);
}

static void buffer_destroy(void)
{
	if (!getenv("QUEUE_FILE"))
		must(!b_destroy("queue", 0));
}

/* Numbers that differ for each item, and a length that does */
size_t item_fill(uint64_t *item, uint64_t number)
{
	size_t words = 1 + number * 7 % (ITEM / 8), i;

	for (i = 0; i < words; i++)
		item[i] = (number + i) * 0x9e3779b97f4a7c15;
	return words * 8;
}

bool item_is(const void *item, size_t length, uint64_t number)
{
	uint64_t expected[ITEM / 8];

	return length == item_fill(expected, number) &&
	       !memcmp(item, expected, length);
}

static unsigned int chance(void)
{
	static uint64_t state;

	if (!state)
		state = setting("RANDOM_SEED", 1) * 2 + 1;
	state = state * 6364136223846793005 + 1442695040888963407;
	return state >> 33;
}

struct worker {
	void (*work)(unsigned int number);
	pid_t pid;
};

/* Whether it ended by itself.  One that fails has said why. */
static bool end_one(struct worker *worker)
{
	int status;

	kill(worker->pid, SIGKILL);
	must(waitpid(worker->pid, &status, 0) == worker->pid);
	worker->pid = 0;
	must(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : !status);
	return !WIFSIGNALED(status);
}

/*
 * One worker after the other is killed and begun again, until there were so many
 * kills and items; then all come to their end.
 */
static void kill_at_random(struct worker *workers, unsigned int count)
{
	uint64_t kills = setting("QUEUE_KILLS", 30), done = 0;
	uint64_t items = setting("QUEUE_ITEMS", 4000);
	unsigned int i;

	for (i = 0; i < count; i++)
		workers[i].pid = child(workers[i].work, i);
	while (done < kills ||
	       __atomic_load_n(&shared->done, __ATOMIC_RELAXED) < items) {
		usleep(chance() % 4000);
		i = chance() % count;
		must(!end_one(&workers[i]));
		workers[i].pid = child(workers[i].work, i);
		done++;
	}
	__atomic_store_n(&shared->stop, 1, __ATOMIC_RELEASE);
	must(reap());
	t_note("%llu items, %llu kills, %llu of them before an item was released, %llu items lost, seed %llu",
	       (unsigned long long)shared->done, (unsigned long long)done,
	       (unsigned long long)shared->again,
	       (unsigned long long)shared->lost,
	       (unsigned long long)setting("RANDOM_SEED", 1));
}

static void queue_at_random(void)
{
	struct worker workers[] = {
		{ .work = queue_write }, { .work = queue_read },
	};

	buffer_make();
	kill_at_random(workers, ARRAY_LEN(workers));
	t_ok(shared->done == shared->limit,
	     "queue: killed at any moment, nothing is lost or comes twice");
	buffer_destroy();
}

static void ring_at_random(void)
{
	struct worker workers[] = {
		{ .work = ring_write }, { .work = ring_read },
		{ .work = ring_read },
	};

	buffer_make();
	kill_at_random(workers, ARRAY_LEN(workers));
	t_ok(shared->done && !shared->again,
	     "ring: killed at any moment, items are whole, and the lost are counted");
	buffer_destroy();
}

/* Does one thing between two signals that stop it. */
static void (*stepped)(void);

static void be_stepped(unsigned int unused)
{
	(void)unused;
	must(!ptrace(PTRACE_TRACEME, 0, 0, 0));
	stepped();
}

static pid_t begin_steps(void (*work)(void))
{
	int status;
	pid_t pid;

	stepped = work;
	pid = child(be_stepped, 0);
	must(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status) &&
	     WSTOPSIG(status) == SIGSTOP);
	return pid;
}

/* Kills it after so many instructions, or false: it had done it before. */
static bool kill_at(void (*work)(void), unsigned int instructions)
{
	pid_t pid = begin_steps(work);
	bool died = true;
	int status;

	while (died && instructions--) {
		must(!ptrace(PTRACE_SINGLESTEP, pid, 0, 0));
		must(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
		died = WSTOPSIG(status) == SIGTRAP;
	}
	kill(pid, SIGKILL);
	must(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
	return died;
}

/* What each step leaves, and how many of both there were */
static void at_each_step(const char *what, void (*work)(void),
			 unsigned int (*items)(void))
{
	unsigned int step = 0, found[2] = { 0 }, every, n;
	bool died;

	every = setting("QUEUE_STEP", 11);
	do {
		step += every;
		died = kill_at(work, step);
		n = items();
		must(n < 2);
		found[n]++;
	} while (died);
	t_ok(found[0] > 2 && found[1] > 2,
	     "%s: killed at each %u. of %u instructions, before and after", what,
	     every, step);
}

/* Whether it sleeps now, rather than having done that instruction */
static bool is_asleep(pid_t pid)
{
	char path[64], state;
	int status;
	pid_t ended;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	for (;;) {
		ended = waitpid(pid, &status, WNOHANG);
		must(ended >= 0 && (!ended || (WIFSTOPPED(status) &&
					       WSTOPSIG(status) == SIGTRAP)));
		if (ended)
			return false;
		file = fopen(path, "re");
		must(file && fscanf(file, "%*d %*s %c", &state) == 1);
		fclose(file);
		if (state == 'S')
			return true;
		sched_yield();
	}
}

/* Whenever that happens, between two instructions or later, it goes on then. */
static void waits(const char *what, void (*work)(void), void (*happen)(void))
{
	unsigned int every = setting("QUEUE_STEP", 11), last = 0, step;
	bool asleep = false;
	int status;
	pid_t pid;

	while (!asleep) {
		last += every;
		pid = begin_steps(work);
		for (step = 0; step < last && !asleep; step++) {
			must(!ptrace(PTRACE_SINGLESTEP, pid, 0, 0));
			asleep = is_asleep(pid);
		}
		happen();
		/* One that sleeps stops when it has been woken up. */
		if (asleep)
			must(waitpid(pid, &status, 0) == pid);
		must(!ptrace(PTRACE_DETACH, pid, 0, 0));
		must(waitpid(pid, &status, 0) == pid && !status);
	}
	t_ok(last > 5 * every, "%s: at each %u. of %u instructions", what,
	     every, step);
}

static struct mapbuf *mine;
static struct mapbuf_queue *queue;
static struct mapbuf_ring *ring;

static bool is_notified(void)
{
	struct pollfd p = { .fd = mapbuf_fd(mine), .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

/* How many items the killed writer has left; it is told at the next opening. */
static unsigned int queue_left(void)
{
	uint64_t number = mapbuf_queue_number(queue);
	struct mapbuf *other = buffer_open(O_RDWR);
	struct mapbuf_queue *writer;
	const void *item;
	size_t length;

	writer = mapbuf_queue_open(other, 0, 0, ITEM, MAPBUF_QUEUE_WRITE);
	must(writer && is_notified());
	item = mapbuf_queue_peek(queue, &length, 0);
	if (item) {
		must(item_is(item, length, number));
		must(!mapbuf_queue_release(queue));
		number++;
		must(!mapbuf_queue_peek(queue, NULL, 0));
	}
	must(errno == ETIMEDOUT && mapbuf_queue_number(writer) == number);
	mapbuf_queue_close(writer);
	mapbuf_close(other);
	/* That it waits is known, and that it has been told is past. */
	must(!mapbuf_queue_peek(queue, NULL, 0) && !is_notified());
	return !!item;
}

static void queue_steps(void)
{
	buffer_make();
	mine = buffer_open(O_RDWR);
	queue = mapbuf_queue_open(mine, 0, 0, ITEM, MAPBUF_QUEUE_READ);
	must(queue && !mapbuf_queue_peek(queue, NULL, 0));
	at_each_step("queue, writer", queue_write_once, queue_left);
	mapbuf_queue_close(queue);
	mapbuf_close(mine);
	buffer_destroy();
}

/* Has the reader released the item? */
static unsigned int queue_released(void)
{
	struct mapbuf *other = buffer_open(O_RDWR);
	uint64_t number, written = mapbuf_queue_number(queue);
	struct mapbuf_queue *reader;
	uint64_t item[ITEM / 8];

	reader = mapbuf_queue_open(other, 0, 0, ITEM, MAPBUF_QUEUE_READ);
	must(reader);
	number = mapbuf_queue_number(reader);
	must(number == written || number == written - 1);
	if (number == written)
		must(!mapbuf_queue_write(queue, item, item_fill(item, number),
					 0, 0));
	mapbuf_queue_close(reader);
	mapbuf_close(other);
	return number == written;
}

static void queue_reader_steps(void)
{
	uint64_t item[ITEM / 8];

	buffer_make();
	mine = buffer_open(O_RDWR);
	queue = mapbuf_queue_open(mine, 0, 0, ITEM, MAPBUF_QUEUE_WRITE);
	must(queue);
	must(!mapbuf_queue_write(queue, item, item_fill(item, 0), 0, 0));
	at_each_step("queue, reader", queue_read_once, queue_released);
	mapbuf_queue_close(queue);
	mapbuf_close(mine);
	buffer_destroy();
}

static void happen_write(void)
{
	uint64_t item[ITEM / 8];
	size_t length = item_fill(item, mapbuf_queue_number(queue));

	must(!mapbuf_queue_write(queue, item, length, 0, 0));
}

static void happen_read(void)
{
	uint64_t item[ITEM / 8], number = mapbuf_queue_number(queue);
	ssize_t length = mapbuf_queue_read(queue, item, sizeof(item), 0);

	must(length > 0 && item_is(item, length, number));
}

static void queue_waits(void)
{
	size_t i;

	buffer_make();
	mine = buffer_open(O_RDWR);
	queue = mapbuf_queue_open(mine, 0, 0, ITEM, MAPBUF_QUEUE_WRITE);
	must(queue);
	waits("queue, reader: told of an item", queue_read_late, happen_write);
	for (i = mapbuf_queue_slots(queue); i; i--)
		happen_write();
	mapbuf_queue_close(queue);
	queue = mapbuf_queue_open(mine, 0, 0, ITEM, MAPBUF_QUEUE_READ);
	must(queue);
	waits("queue, writer: told of room", queue_write_late, happen_read);
	mapbuf_queue_close(queue);
	mapbuf_close(mine);
	buffer_destroy();
}

static unsigned int ring_left(void)
{
	uint64_t number = mapbuf_ring_number(ring), lost;
	struct mapbuf *other = buffer_open(O_RDWR);
	uint64_t item[ITEM / 8];
	struct mapbuf_ring *writer;
	ssize_t length;

	writer = mapbuf_ring_open(other, 0, 0, ITEM, MAPBUF_RING_WRITE);
	must(writer && is_notified());
	length = mapbuf_ring_read(ring, item, sizeof(item), &lost, 0);
	if (length >= 0)
		must(item_is(item, length, number) && !lost);
	else
		must(errno == ETIMEDOUT);
	must(mapbuf_ring_number(writer) == mapbuf_ring_number(ring));
	mapbuf_ring_close(writer);
	mapbuf_close(other);
	must(mapbuf_ring_read(ring, item, sizeof(item), NULL, 0) < 0);
	must(!is_notified());
	return length >= 0;
}

static void ring_steps(void)
{
	buffer_make();
	mine = buffer_open(O_RDONLY);
	ring = mapbuf_ring_open(mine, 0, 0, ITEM, MAPBUF_RING_READ);
	must(ring);
	at_each_step("ring, writer", ring_write_once, ring_left);
	mapbuf_ring_close(ring);
	mapbuf_close(mine);
	buffer_destroy();
}

static void bounces(void)
{
	buffer_make();
	child(queue_bounce, 0);
	child(queue_bounce, 1);
	t_ok(reap(), "queue: each item is answered, so each is told of");
	buffer_destroy();
}

/* A buffer has a node and a file, which have the same locks. */
static void one_writer(void)
{
	struct mapbuf *by_node, *by_file;
	struct mapbuf_queue *first, *second;
	bool refused;

	if (getenv("QUEUE_FILE"))
		return;
	buffer_make();
	must(!mount_files("/run/mapbuf", ""));
	by_node = mapbuf_open_fd(b_open("queue", O_RDWR));
	by_file = mapbuf_open_fd(open("/run/mapbuf/queue",
				      O_RDWR | O_CLOEXEC));
	must(by_node && by_file);
	first = mapbuf_queue_open(by_node, 0, 0, ITEM, MAPBUF_QUEUE_WRITE);
	second = mapbuf_queue_open(by_file, 0, 0, ITEM, MAPBUF_QUEUE_WRITE);
	refused = first && !second && errno == EBUSY;
	mapbuf_queue_close(first);
	first = mapbuf_queue_open(by_file, 0, 0, ITEM, MAPBUF_QUEUE_WRITE);
	second = mapbuf_queue_open(by_node, 0, 0, ITEM, MAPBUF_QUEUE_WRITE);
	t_ok(refused && first && !second && errno == EBUSY,
	     "queue: one writer, whichever way the buffer was opened");
	mapbuf_queue_close(first);
	mapbuf_close(by_node);
	mapbuf_close(by_file);
	must(!umount("/run/mapbuf"));
	buffer_destroy();
}

int main(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		t_bail("mmap");
	one_writer();
	queue_steps();
	queue_reader_steps();
	ring_steps();
	queue_waits();
	bounces();
	queue_at_random();
	ring_at_random();
	return t_done();
}
