// SPDX-License-Identifier: GPL-2.0-only
/* What operations on mappings should do, and on what they pin. */
#include "random.h"

static long long mmap_error(const struct file *file, const struct op *op)
{
	unsigned int page = op->arg[2], n = op->arg[3];
	int prot = op->arg[5];
	bool private = op->arg[6] & 2, within = page + n <= file->pages;

	if ((prot & PROT_WRITE && file->mode == O_RDONLY && !private) ||
	    file->mode == O_WRONLY)
		return -EACCES;
	if (private || (file->dmabuf && !within))
		return -EINVAL;
	if (prot & PROT_EXEC)
		return -EACCES;
	return within ? 0 : -ENXIO;
}

/* Mapping for writing alone means different things to processors. */
static bool prot_usable(int prot)
{
	return !(prot & PROT_WRITE) || prot & PROT_READ;
}

static bool expect_mmap(struct world *world, struct op *op, struct result *r)
{
	struct window *window = window_of(world, op, op->arg[0]);
	struct file *file = file_of(world, op, op->arg[1]);
	unsigned int page = op->arg[2], n = op->arg[3], at = op->arg[4];

	if (!file || !window_free(window, at, n) || window->n == AREAS ||
	    !prot_usable(op->arg[5]))
		return false;
	/* A file system may refuse to execute at all. */
	if (file->dmabuf && op->arg[5] & PROT_EXEC)
		return false;
	r->value = mmap_error(file, op);
	if (!r->value)
		area_add(world, window, (struct area) {
			.at = at, .n = n, .page = file->first + page,
			.prot = op->arg[5], .file = file,
		});
	return true;
}

static bool expect_munmap(struct world *world, struct op *op, struct result *r)
{
	struct window *window = window_of(world, op, op->arg[0]);
	unsigned int at = op->arg[1], n = op->arg[2];

	(void)r;
	if (!n || at + n > WINDOW_PAGES || !window_cut(world, window, at, n))
		return false;
	window_unmap(world, window, at, n);
	return true;
}

/* Growing is refused.  Else to another place, or less in the same. */
static bool expect_mremap(struct world *world, struct op *op, struct result *r)
{
	struct window *window = window_of(world, op, op->arg[0]);
	struct window *to = window_of(world, op, op->arg[4]);
	unsigned int at = op->arg[1], n = op->arg[2], left = op->arg[3];
	struct area moved;

	if (!area_around(window, at, n) || !left)
		return false;
	if (left > n) {
		r->value = -EFAULT;
		return true;
	}
	if (left == n && (to == window || to->n == AREAS ||
			  !window_free(to, op->arg[5], n)))
		return false;
	if (!window_cut(world, window, at + left % n, n - left % n))
		return false;
	if (left < n) {
		window_unmap(world, window, at + left, n - left);
		return true;
	}
	moved = *area_at(window, at);
	moved.at = op->arg[5];
	area_add(world, to, moved);
	window_unmap(world, window, at, n);
	return true;
}

static bool expect_mprotect(struct world *world, struct op *op,
			    struct result *r)
{
	struct window *window = window_of(world, op, op->arg[0]);
	unsigned int at = op->arg[1], n = op->arg[2];
	struct area *area = area_around(window, at, n);
	int prot = op->arg[3];

	if (!area || !prot_usable(prot))
		return false;
	if (prot & PROT_EXEC ||
	    (prot & PROT_WRITE && area->file->mode == O_RDONLY)) {
		r->value = -EACCES;
	} else if (prot != area->prot) {
		if (!window_cut(world, window, at, n))
			return false;
		area_at(window, at)->prot = prot;
	}
	return true;
}

/* Takes pages away, or asks for them: to the data it is all the same. */
static bool expect_madvise(struct world *world, struct op *op, struct result *r)
{
	r->any = true;
	return area_around(window_of(world, op, op->arg[0]), op->arg[1],
			   op->arg[2]);
}

/* The value behind a place in a window, if it may be accessed so. */
static uint64_t *grain_at(struct window *window, unsigned int grain, int prot)
{
	struct area *area = area_at(window, grain / PAGE_GRAINS);
	unsigned int page;

	if (!area || !(area->prot & prot))
		return NULL;
	page = area->page + grain / PAGE_GRAINS - area->at;
	return &area->file->buf->grain[page * PAGE_GRAINS + grain % PAGE_GRAINS];
}

static bool access_window(struct window *window, const long long *arg,
			  const long long *value, struct result *r)
{
	unsigned int grain = arg[0], i;
	uint64_t *at;

	if (grain + (uint64_t)arg[1] > WINDOW_PAGES * PAGE_GRAINS)
		return false;
	for (i = 0; i < arg[1]; i++) {
		at = grain_at(window, grain + i, value ? PROT_WRITE : PROT_READ);
		if (!at) {
			r->value = ENDED_BY(SIGSEGV);
			break;
		}
		if (value)
			*at = *value + i;
		else
			r->word[r->n++] = *at;
	}
	return true;
}

static bool expect_read(struct world *world, struct op *op, struct result *r)
{
	return access_window(window_of(world, op, op->arg[0]), &op->arg[1],
			     NULL, r);
}

static bool expect_write(struct world *world, struct op *op, struct result *r)
{
	return access_window(window_of(world, op, op->arg[0]), &op->arg[1],
			     &op->arg[3], r);
}

/* Another process reads it, all or nothing of what is in one area. */
static bool expect_reach(struct world *world, struct op *op, struct result *r)
{
	struct window *window = &world->proc[op->arg[0]].map[op->arg[1]];
	unsigned int first = op->arg[2] / PAGE_GRAINS;
	unsigned int end = (op->arg[2] + op->arg[3] + 1) / PAGE_GRAINS;

	if (!op->arg[3] || !area_around(window, first, end - first))
		return false;
	if (!access_window(window, &op->arg[2], NULL, r))
		return false;
	r->value = r->value ? -EFAULT : (long long)(op->arg[3] * GRAIN);
	return true;
}

/* What is pinned stays what it is to others: not a copy. */
static bool expect_pin(struct world *world, struct op *op, struct result *r)
{
	struct pin *pin = &world->proc[op->worker].pin[op->arg[0]];
	struct window *window = window_of(world, op, op->arg[1]);
	unsigned int grain = op->arg[2], n = op->arg[3];
	unsigned int first = grain / PAGE_GRAINS;
	unsigned int end = (grain + n + 1) / PAGE_GRAINS;
	struct area *area = area_around(window, first, end - first);

	if (pin->n || !n || n > PIN_PAGES * PAGE_GRAINS || !area)
		return false;
	if (!(area->prot & PROT_READ)) {
		r->value = -EFAULT;
		return true;
	}
	pin->buf = area->file->buf;
	pin->grain = (area->page - area->at) * PAGE_GRAINS + grain;
	pin->n = n;
	r->value = n * GRAIN;
	return true;
}

static bool expect_splice(struct world *world, struct op *op, struct result *r)
{
	struct pin *pin = &world->proc[op->worker].pin[op->arg[0]];
	const struct file *file = node_of(world, op, op->arg[1]);

	if (!file || pin->n || !op->arg[3] ||
	    op->arg[3] > (long long)(PIN_PAGES * PAGE_GRAINS))
		return false;
	if (file->mode == O_WRONLY) {
		r->value = -EBADF;
		return true;
	}
	pin->buf = file->buf;
	pin->grain = op->arg[2];
	pin->n = grains_within(file, pin->grain, op->arg[3]);
	r->value = pin->n * GRAIN;
	return true;
}

static bool expect_drain(struct world *world, struct op *op, struct result *r)
{
	struct pin *pin = &world->proc[op->worker].pin[op->arg[0]];

	if (!pin->n)
		return false;
	r->value = pin->n * GRAIN;
	tell(r, pin->buf, pin->grain, pin->n);
	pin->n = 0;
	return true;
}

const expect_fn expect_memory[OP_KINDS] = {
	[OP_MMAP] = expect_mmap, [OP_MUNMAP] = expect_munmap,
	[OP_MREMAP] = expect_mremap, [OP_MPROTECT] = expect_mprotect,
	[OP_MADVISE] = expect_madvise, [OP_READ] = expect_read,
	[OP_WRITE] = expect_write, [OP_FORK] = expect_read,
	[OP_REACH] = expect_reach, [OP_PIN] = expect_pin,
	[OP_SPLICE] = expect_splice, [OP_DRAIN] = expect_drain,
};
