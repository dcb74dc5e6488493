// SPDX-License-Identifier: GPL-2.0-only
/*
 * What operations should do, by <linux/mapbuf.h> and the manual of the system
 * calls.
 */
#include "random.h"

#include <limits.h>
#include <poll.h>

static long long create_error(const struct world *world, const struct op *op,
			      uint64_t bytes)
{
	if (op->arg[0] >= NAMES || op->arg[1] <= 0 ||
	    op->arg[1] > (long long)(LLONG_MAX - PAGE) ||
	    op->arg[2] < 0 || op->arg[2] > 2 ||
	    op->arg[3] & ~MAPBUF_CREATE_ZERO_LAST_CLOSE)
		return -EINVAL;
	if (world->named[op->arg[0]])
		return -EEXIST;
	if (world->charged + pinned_bytes(world) + bytes > world->limit)
		return -ENOSPC;
	return 0;
}

static bool expect_create(struct world *world, struct op *op, struct result *r)
{
	uint64_t bytes = ((uint64_t)op->arg[1] + PAGE - 1) & -PAGE;
	struct buffer *buf;

	r->value = create_error(world, op, bytes);
	if (r->value)
		return true;
	if (bytes > MAX_PAGES * PAGE)
		return false;
	buf = remember(world, sizeof(*buf));
	buf->name = op->arg[0];
	buf->id = -1;
	buf->pages = bytes / PAGE;
	buf->backing = op->arg[2] ?: MAPBUF_BACKING_VMALLOC;
	buf->clears = op->arg[3] & MAPBUF_CREATE_ZERO_LAST_CLOSE;
	world->named[buf->name] = buf;
	world->charged += bytes;
	r->word[r->n++] = bytes;
	r->word[r->n++] = buf->backing;
	r->word[r->n++] = buf->id;
	return true;
}

static bool expect_destroy(struct world *world, struct op *op, struct result *r)
{
	struct buffer *buf;

	if (op->arg[0] >= NAMES || op->arg[1] & ~MAPBUF_DESTROY_DEFERRED) {
		r->value = -EINVAL;
		return true;
	}
	buf = world->named[op->arg[0]];
	if (!buf) {
		r->value = -ENOENT;
	} else if (!op->arg[1] &&
		   (count_files(buf, false) + count_files(buf, true) ||
		    buffer_pinned(world, buf))) {
		r->value = -EBUSY;
	} else if (!op->arg[1] || world->wrong != WRONG_DEFERRED) {
		world->named[op->arg[0]] = NULL;
		buf->gone = true;
		buffer_check_unused(world, buf);
	}
	return true;
}

static bool expect_open(struct world *world, struct op *op, struct result *r)
{
	struct file **fd = &world->proc[op->worker].fd[op->arg[0]];
	struct buffer *buf;

	if (*fd)
		return false;
	buf = op->arg[1] < NAMES ? world->named[op->arg[1]] : NULL;
	op->id = buf ? buf->id : -1;
	if (!buf) {
		r->value = -ENOENT;
		return true;
	}
	if (buf->dirty && buffer_pinned(world, buf)) {
		r->value = -EBUSY;
		return true;
	}
	if (buf->dirty)
		memset(buf->grain, 0, sizeof(buf->grain));
	buf->dirty = false;
	*fd = file_new(world, buf);
	(*fd)->mode = op->arg[2];
	return true;
}

static bool expect_close(struct world *world, struct op *op, struct result *r)
{
	struct file **fd = &world->proc[op->worker].fd[op->arg[0]];

	(void)r;
	if (!*fd)
		return false;
	file_put(world, *fd);
	*fd = NULL;
	return true;
}

static bool share(struct file *file, struct file **fd)
{
	if (!file || *fd)
		return false;
	*fd = file;
	file->refs++;
	return true;
}

static bool expect_dup(struct world *world, struct op *op, struct result *r)
{
	(void)r;
	return share(file_of(world, op, op->arg[0]),
		     &world->proc[op->worker].fd[op->arg[1]]);
}

static bool expect_borrow(struct world *world, struct op *op, struct result *r)
{
	(void)r;
	return op->arg[1] != op->worker &&
	       share(world->proc[op->arg[1]].fd[op->arg[2]],
		     &world->proc[op->worker].fd[op->arg[0]]);
}

static bool expect_info(struct world *world, struct op *op, struct result *r)
{
	const struct file *file = node_of(world, op, op->arg[0]);

	if (!file)
		return false;
	r->word[r->n++] = file->buf->pages * PAGE;
	r->word[r->n++] = file->buf->backing;
	r->word[r->n++] = file->buf->id;
	r->word[r->n++] = file->buf->name;
	return true;
}

static bool expect_seek(struct world *world, struct op *op, struct result *r)
{
	struct file *file = node_of(world, op, op->arg[0]);
	long long size, base[3];

	if (!file)
		return false;
	size = file->pages * PAGE;
	base[SEEK_SET] = 0;
	base[SEEK_CUR] = file->pos;
	base[SEEK_END] = size;
	r->value = base[op->arg[2]] + op->arg[1];
	if (r->value < 0 || r->value > size)
		r->value = -EINVAL;
	else
		file->pos = r->value;
	return true;
}

static bool expect_pread(struct world *world, struct op *op, struct result *r)
{
	const struct file *file = node_of(world, op, op->arg[0]);
	unsigned int n;

	if (!file)
		return false;
	if (file->mode == O_WRONLY) {
		r->value = -EBADF;
		return true;
	}
	n = grains_within(file, op->arg[1], op->arg[2]);
	tell(r, file->buf, op->arg[1], n);
	r->value = n * GRAIN;
	return true;
}

static bool expect_pwrite(struct world *world, struct op *op, struct result *r)
{
	const struct file *file = node_of(world, op, op->arg[0]);
	unsigned int n, i;

	if (!file)
		return false;
	if (file->mode == O_RDONLY) {
		r->value = -EBADF;
		return true;
	}
	n = grains_within(file, op->arg[1], op->arg[2]);
	for (i = 0; i < n; i++)
		file->buf->grain[op->arg[1] + i] = op->arg[3] + i;
	r->value = n || !op->arg[2] ? (long long)(n * GRAIN) : -ENOSPC;
	return true;
}

/* Some bytes from anywhere. */
static bool expect_peek(struct world *world, struct op *op, struct result *r)
{
	const struct file *file = node_of(world, op, op->arg[0]);
	long long at = op->arg[1], len = op->arg[2], i;
	unsigned char *bytes = (unsigned char *)r->word;

	if (!file)
		return false;
	if (at < 0 || file->mode == O_WRONLY) {
		r->value = file->mode == O_WRONLY && at >= 0 ? -EBADF : -EINVAL;
		return true;
	}
	r->n = 3;
	memset(bytes, 0, 24);
	for (i = 0; i < len && at + i < (long long)(file->pages * PAGE); i++)
		bytes[i] = file->buf->grain[(at + i) / GRAIN] >>
			   (at + i) % 8 * 8;
	r->value = i;
	return true;
}

static bool expect_export(struct world *world, struct op *op, struct result *r)
{
	struct file *file = node_of(world, op, op->arg[0]), *dmabuf;
	struct file **fd = &world->proc[op->worker].fd[op->arg[1]];

	if (!file || *fd)
		return false;
	if (file->mode == O_RDONLY) {
		r->value = -EACCES;
	} else if (!op->arg[3] || op->arg[2] + op->arg[3] > file->pages) {
		r->value = -EINVAL;
	} else if (!world->dmabufs) {
		r->value = -EOPNOTSUPP;
	} else {
		dmabuf = file_new(world, file->buf);
		dmabuf->dmabuf = true;
		dmabuf->mode = O_RDWR;
		dmabuf->first = op->arg[2];
		dmabuf->pages = op->arg[3];
		*fd = dmabuf;
	}
	return true;
}

/* A notification signals an eventfd once, though other files have it, too. */
static bool is_first(const struct file *file)
{
	const struct file *other = file->buf->files;

	while (other->event != file->event)
		other = other->next;
	return other == file;
}

static bool expect_notify(struct world *world, struct op *op, struct result *r)
{
	struct file *file = node_of(world, op, op->arg[0]), *other;

	if (!file)
		return false;
	if (file->mode == O_RDONLY) {
		r->value = -EBADF;
		return true;
	}
	r->value = ++file->buf->sequence;
	for (other = file->buf->files; other; other = other->next) {
		if (other->event && is_first(other))
			++*other->event;
	}
	return true;
}

static bool expect_seen(struct world *world, struct op *op, struct result *r)
{
	struct file *file = node_of(world, op, op->arg[0]);

	if (!file)
		return false;
	file->seen = file->buf->sequence;
	r->value = file->seen;
	return true;
}

/* The worker's own eventfd, none, a file that is none, and no file. */
static bool expect_watch(struct world *world, struct op *op, struct result *r)
{
	static const int errors[] = { 0, 0, -EINVAL, -EBADF };
	struct file *file = node_of(world, op, op->arg[0]);

	if (!file)
		return false;
	r->value = errors[op->arg[1]];
	if (!r->value)
		file->event = op->arg[1] ? NULL : world->proc[op->worker].event;
	return true;
}

static bool expect_event(struct world *world, struct op *op, struct result *r)
{
	uint64_t *event = world->proc[op->worker].event;

	r->value = *event ? (long long)*event : -EAGAIN;
	*event = 0;
	return true;
}

static bool expect_poll(struct world *world, struct op *op, struct result *r)
{
	const struct file *file = node_of(world, op, op->arg[0]);

	if (!file)
		return false;
	r->value = POLLOUT | (file->seen != file->buf->sequence ? POLLIN : 0) |
		   (file->buf->gone ? POLLHUP : 0);
	return true;
}

/* A process ends: all that it had is gone. */
static bool expect_die(struct world *world, struct op *op, struct result *r)
{
	struct process *proc = &world->proc[op->worker];
	int i;

	(void)r;
	for (i = 0; i < MAPS; i++)
		window_unmap(world, &proc->map[i], 0, WINDOW_PAGES);
	for (i = 0; i < FDS; i++) {
		if (proc->fd[i])
			file_put(world, proc->fd[i]);
	}
	*proc = (struct process) {
		.event = remember(world, sizeof(*proc->event)),
	};
	return true;
}

static bool expect_counts(struct world *world, struct op *op, struct result *r)
{
	struct buffer *buf = op->arg[0] < NAMES ? world->named[op->arg[0]] :
						  NULL;

	op->id = buf ? buf->id : -1;
	if (!buf) {
		r->value = -ENOENT;
		return true;
	}
	r->word[r->n++] = buf->pages * PAGE;
	r->word[r->n++] = count_files(buf, false);
	r->word[r->n++] = count_areas(world, buf);
	r->word[r->n++] = count_files(buf, true);
	return true;
}

static bool expect_list(struct world *world, struct op *op, struct result *r)
{
	int i;

	(void)op;
	if (!world->alone)
		return false;
	for (i = 0; i < NAMES; i++)
		r->value += !!world->named[i];
	return true;
}

static const expect_fn expect[OP_KINDS] = {
	[OP_CREATE] = expect_create, [OP_DESTROY] = expect_destroy,
	[OP_OPEN] = expect_open, [OP_CLOSE] = expect_close,
	[OP_DUP] = expect_dup, [OP_BORROW] = expect_borrow,
	[OP_INFO] = expect_info, [OP_SEEK] = expect_seek,
	[OP_PREAD] = expect_pread, [OP_PWRITE] = expect_pwrite,
	[OP_PEEK] = expect_peek, [OP_EXPORT] = expect_export,
	[OP_NOTIFY] = expect_notify, [OP_SEEN] = expect_seen,
	[OP_WATCH] = expect_watch, [OP_EVENT] = expect_event,
	[OP_POLL] = expect_poll, [OP_DIE] = expect_die,
	[OP_COUNTS] = expect_counts, [OP_LIST] = expect_list,
};

bool world_expect(struct world *world, struct op *op, struct result *result)
{
	expect_fn fn = expect[op->kind] ?: expect_memory[op->kind];

	result->value = 0;
	result->any = false;
	result->n = 0;
	return fn(world, op, result);
}

void world_learn(struct world *world, const struct op *op,
		 const struct result *actual, struct result *expected)
{
	int i;

	if (op->kind != OP_CREATE || actual->value || expected->value)
		return;
	for (i = 0; i < NAMES; i++) {
		if (world->named[i] &&
		    world->named[i]->id == (int)actual->word[2])
			return;
	}
	world->named[op->arg[0]]->id = actual->word[2];
	expected->word[2] = actual->word[2];
}
