// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes that do what they like with the same buffers, all at once.  What
 * each may then see is checked: the errors that can be, and in a buffer nothing
 * but what somebody wrote to one of that name.
 */
#include "random.h"

#include <poll.h>

#define SHARERS 4
#define LEAST 1000	/* acts of each, however slow the machine is */
#define SHARED_NAMES 3
#define PAGES 5
#define TAG 0x5eed000000000000

struct sharer {
	uint64_t state;
	int name, fd, dmabuf;	/* of what is open, if fd is not -1 */
	char *map;
};

static unsigned int below(struct sharer *s, unsigned int n)
{
	return random_next(&s->state) % n;
}

static void share_create(struct sharer *s)
{
	struct mapbuf_create c = {
		.size = sizeof(c),
		.bytes = below(s, 8) ? PAGES * PAGE : HUGE_PAGE,
		.backing = 1 + below(s, 2),
		.flags = below(s, 2) ? MAPBUF_CREATE_ZERO_LAST_CLOSE : 0,
	};

	snprintf(c.name, sizeof(c.name), "%s",
		 name_text('s', below(s, SHARED_NAMES)));
	must(!ioctl(b_control(), MAPBUF_IOC_CREATE, &c) || errno == EEXIST);
}

static void share_destroy(struct sharer *s)
{
	bool deferred = below(s, 2);
	int err = b_destroy(name_text('s', below(s, SHARED_NAMES)),
			    deferred ? MAPBUF_DESTROY_DEFERRED : 0);

	must(!err || err == -ENOENT || (!deferred && err == -EBUSY));
}

static void share_close(struct sharer *s)
{
	if (s->map)
		must(!munmap(s->map, PAGES * PAGE));
	if (s->dmabuf >= 0)
		must(!close(s->dmabuf));
	if (s->fd >= 0)
		must(!close(s->fd));
	s->map = NULL;
	s->dmabuf = -1;
	s->fd = -1;
}

/* Any of them: which one it is, it tells itself. */
static void share_open(struct sharer *s)
{
	struct mapbuf_info info = { .size = sizeof(info) };

	share_close(s);
	s->fd = b_open(name_text('s', below(s, SHARED_NAMES)), O_RDWR);
	if (s->fd < 0) {
		must(errno == ENOENT || errno == ENXIO);
		return;
	}
	must(!ioctl(s->fd, MAPBUF_IOC_INFO, &info));
	must(info.name[0] == 's' && !info.name[2]);
	s->name = info.name[1] - '0';
	must(s->name >= 0 && s->name < SHARED_NAMES);
	must(lseek(s->fd, 0, SEEK_END) == (off_t)info.bytes);
}

static void share_map(struct sharer *s)
{
	if (s->fd < 0 || s->map)
		return;
	s->map = b_map(s->fd, PAGES * PAGE, 0);
}

static void share_export(struct sharer *s)
{
	if (s->fd < 0 || s->dmabuf >= 0)
		return;
	s->dmabuf = b_export(s->fd, 0, PAGES * PAGE);
	must(s->dmabuf >= 0 || s->dmabuf == -EOPNOTSUPP);
}

static uint64_t tag(const struct sharer *s)
{
	return TAG | (uint64_t)s->name << 32;
}

static void share_write(struct sharer *s)
{
	uint64_t word = tag(s) | below(s, 1 << 30);
	size_t at = below(s, PAGES * PAGE / 8);

	if (s->map)
		__atomic_store_n((uint64_t *)s->map + at, word,
				 __ATOMIC_RELAXED);
	else if (s->fd >= 0)
		must(pwrite(s->fd, &word, 8, at * 8) == 8);
}

static void share_read(struct sharer *s)
{
	static uint64_t words[PAGES * PAGE / 8];
	size_t i;

	if (s->fd < 0)
		return;
	if (s->map)
		memcpy(words, s->map, sizeof(words));
	else
		must(pread(s->fd, words, sizeof(words), 0) == sizeof(words));
	for (i = 0; i < ARRAY_LEN(words); i++)
		must(!words[i] || words[i] >> 32 == tag(s) >> 32);
}

static void share_notify(struct sharer *s)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	long long sequence;

	if (s->fd < 0)
		return;
	sequence = b_notify(s->fd);
	must(sequence > 0 && b_seen(s->fd) >= sequence);
	must(poll(&p, 1, 0) >= 0 && !(p.revents & (POLLERR | POLLNVAL)));
}

static void share_advise(struct sharer *s)
{
	if (s->map)
		must(!madvise(s->map + PAGE, 2 * PAGE, MADV_DONTNEED));
}

static double end;
static uint64_t first_seed;

static void sharer(unsigned int index)
{
	static void (*const acts[])(struct sharer *s) = {
		share_create, share_create, share_destroy, share_open,
		share_open, share_close, share_map, share_map, share_export,
		share_write, share_write, share_read, share_notify,
		share_advise,
	};
	struct sharer s = { .state = first_seed + index, .fd = -1,
			    .dmabuf = -1 };
	unsigned int i;

	alarm(0);
	for (i = 0; i < LEAST || seconds() < end; i++)
		acts[below(&s, ARRAY_LEN(acts))](&s);
}

void shared(double duration, uint64_t seed)
{
	unsigned int i;

	end = seconds() + duration;
	first_seed = seed;
	for (i = 0; i < SHARERS; i++)
		child(sharer, i);
	t_ok(reap(), "%d processes share buffers as they like", SHARERS);
	for (i = 0; i < SHARED_NAMES; i++) {
		int err = b_destroy(name_text('s', i), 0);

		t_ok(!err || err == -ENOENT, "nothing is left of buffer %u", i);
	}
}
