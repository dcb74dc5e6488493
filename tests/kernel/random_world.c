// SPDX-License-Identifier: GPL-2.0-only
/*
 * The world of the model: buffers, who has them open, and who maps them where.
 */
#include "random.h"

void *remember(struct world *world, size_t size)
{
	void **memory = calloc(1, sizeof(void *) + size);

	if (!memory)
		t_bail("memory for the model");
	*memory = world->memory;
	world->memory = memory;
	return memory + 1;
}

void world_reset(struct world *world)
{
	struct world empty = { .alone = world->alone, .dmabufs = world->dmabufs,
			       .wrong = world->wrong,
			       .limit = world->limit };
	void **memory, **next;
	int i;

	for (memory = world->memory; memory; memory = next) {
		next = *memory;
		free(memory);
	}
	*world = empty;
	for (i = 0; i < WORKERS; i++)
		world->proc[i].event = remember(world, sizeof(uint64_t));
}

/* With its last user the memory no longer counts. */
void buffer_check_unused(struct world *world, struct buffer *buf)
{
	struct file *file;

	for (file = buf->files; file; file = file->next) {
		if (file->refs)
			return;
	}
	if (buf->gone && !buf->freed) {
		buf->freed = true;
		world->charged -= buf->pages * PAGE;
	}
}

static const struct pin *pin_nr(const struct world *world, unsigned int nr)
{
	return &world->proc[nr / PINS].pin[nr % PINS];
}

bool buffer_pinned(const struct world *world, const struct buffer *buf)
{
	unsigned int i;

	for (i = 0; i < WORKERS * PINS; i++) {
		if (pin_nr(world, i)->n && pin_nr(world, i)->buf == buf)
			return true;
	}
	return false;
}

/* Whether a pin holds 2 MiB of a buffer that is gone: its first ones or the rest. */
static bool pin_keeps(const struct pin *pin, const struct buffer *buf,
		      unsigned int piece)
{
	const unsigned int grains = HUGE_PAGE / PAGE * PAGE_GRAINS;

	return pin->n && pin->buf == buf && buf->freed &&
	       pin->grain / grains <= piece &&
	       (pin->grain + pin->n - 1) / grains >= piece;
}

/* What counts of buffers that are gone; each piece once. */
uint64_t pinned_bytes(const struct world *world)
{
	const unsigned int most = HUGE_PAGE / PAGE;
	unsigned int piece, i, j, pages;
	uint64_t sum = 0;

	for (i = 0; i < WORKERS * PINS * 2; i++) {
		const struct buffer *buf = pin_nr(world, i / 2)->buf;

		piece = i % 2;
		if (!buf || !pin_keeps(pin_nr(world, i / 2), buf, piece))
			continue;
		for (j = 0; j < i / 2; j++) {
			if (pin_keeps(pin_nr(world, j), buf, piece))
				break;
		}
		pages = piece ? buf->pages - most :
			buf->pages < most ? buf->pages : most;
		sum += j < i / 2 ? 0 : pages * PAGE;
	}
	return sum;
}

unsigned int count_files(const struct buffer *buf, bool dmabuf)
{
	const struct file *file;
	unsigned int n = 0;

	for (file = buf->files; file; file = file->next)
		n += file->refs && file->dmabuf == dmabuf;
	return n;
}

struct file *file_new(struct world *world, struct buffer *buf)
{
	struct file *file = remember(world, sizeof(*file));

	file->buf = buf;
	file->refs = 1;
	file->pages = buf->pages;
	file->seen = buf->sequence;
	file->next = buf->files;
	buf->files = file;
	return file;
}

void file_put(struct world *world, struct file *file)
{
	struct buffer *buf = file->buf;

	if (--file->refs)
		return;
	file->event = NULL;
	if (buf->clears && !count_files(buf, false) && !count_files(buf, true) &&
	    world->wrong != WRONG_CLEAR)
		buf->dirty = true;
	buffer_check_unused(world, buf);
}

unsigned int count_areas(const struct world *world, const struct buffer *buf)
{
	unsigned int n = 0, w, m, i;

	for (w = 0; w < WORKERS; w++) {
		for (m = 0; m < MAPS; m++) {
			const struct window *window = &world->proc[w].map[m];

			for (i = 0; i < window->n; i++)
				n += window->area[i].file->buf == buf;
		}
	}
	return n;
}

struct area *area_at(struct window *window, unsigned int page)
{
	struct area *area = window->area;

	for (; area < window->area + window->n; area++) {
		if (page >= area->at && page < area->at + area->n)
			return area;
	}
	return NULL;
}

/* An area holds its file. */
void area_add(struct world *world, struct window *window, struct area area)
{
	window->area[window->n++] = area;
	if (world->wrong != WRONG_HOLD)
		area.file->refs++;
}

static void area_delete(struct world *world, struct window *window,
			struct area *area)
{
	struct file *file = area->file;

	*area = window->area[--window->n];
	if (world->wrong != WRONG_HOLD)
		file_put(world, file);
}

static void window_split(struct world *world, struct window *window,
			 unsigned int page)
{
	struct area *area = area_at(window, page), right;
	unsigned int left;

	if (!area || area->at == page)
		return;
	left = page - area->at;
	right = *area;
	right.at += left;
	right.page += left;
	right.n -= left;
	area->n = left;
	area_add(world, window, right);
}

/* All that lies in the range becomes areas of its own; false: too many. */
bool window_cut(struct world *world, struct window *window, unsigned int at,
		unsigned int n)
{
	if (window->n + 2 > AREAS)
		return false;
	window_split(world, window, at);
	window_split(world, window, at + n);
	return true;
}

void window_unmap(struct world *world, struct window *window, unsigned int at,
		  unsigned int n)
{
	struct area *area = window->area;

	while (area < window->area + window->n) {
		if (area->at >= at && area->at < at + n)
			area_delete(world, window, area);
		else
			area++;
	}
}

bool window_free(const struct window *window, unsigned int at, unsigned int n)
{
	const struct area *area = window->area;

	for (; area < window->area + window->n; area++) {
		if (area->at < at + n && at < area->at + area->n)
			return false;
	}
	return n && at + n <= WINDOW_PAGES;
}

/* The area that has the range all to itself, if it is no hole. */
struct area *area_around(struct window *window, unsigned int at, unsigned int n)
{
	struct area *area = area_at(window, at);

	return area && n && at + n <= area->at + area->n ? area : NULL;
}

struct file *file_of(struct world *world, const struct op *op, int fd)
{
	return world->proc[op->worker].fd[fd];
}

struct file *node_of(struct world *world, const struct op *op, int fd)
{
	struct file *file = file_of(world, op, fd);

	return file && !file->dmabuf ? file : NULL;
}

struct window *window_of(struct world *world, const struct op *op, int map)
{
	return &world->proc[op->worker].map[map];
}

/* How many of @n grains from @first on the buffer of the file has. */
unsigned int grains_within(const struct file *file, unsigned int first,
			   unsigned int n)
{
	unsigned int all = file->pages * PAGE_GRAINS;

	return first >= all ? 0 : n < all - first ? n : all - first;
}

void tell(struct result *r, const struct buffer *buf, unsigned int first,
	  unsigned int n)
{
	memcpy(r->word + r->n, buf->grain + first, n * 8);
	r->n += n;
}
