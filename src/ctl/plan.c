// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"
#include "xalloc.h"

static uint64_t round_up(uint64_t size, uint64_t page_size)
{
	return (size + page_size - 1) / page_size * page_size;
}

/* NULL if @present is as wanted. */
static char *find_difference(const struct properties *wanted,
			     const struct present *present, uint64_t page_size)
{
	uint64_t size = round_up(wanted->size, page_size);

	if (present->size != size)
		return xprintf("its size is %" PRIu64 ", not %" PRIu64,
			       present->size, size);
	if (wanted->backing && strcmp(present->backing, wanted->backing))
		return xprintf("its backing is %s, not %s", present->backing,
			       wanted->backing);
	if (wanted->numa_node >= 0 && present->numa_node != wanted->numa_node)
		return xprintf("its NUMA node is %d, not %d",
			       present->numa_node, wanted->numa_node);
	return NULL;
}

static void add_step(struct plan *plan, enum action action,
		     const struct section *buffer, char *difference)
{
	plan->steps = xgrow(plan->steps, plan->count, sizeof(plan->steps[0]));
	plan->steps[plan->count++] = (struct step){
		.action = action, .buffer = buffer, .difference = difference
	};
}

/**
 * plan_make - compare what is configured with what exists
 * @plan: to be filled in; refers to @config
 * @config: buffers that are broken in it are left out
 * @present: the buffers that exist
 * @present_count: how many
 * @page_size: sizes are multiples of it
 */
void plan_make(struct plan *plan, const struct config *config,
	       const struct present *present, size_t present_count,
	       uint64_t page_size)
{
	const struct section *buffer;
	char *difference;
	size_t i, j;

	memset(plan, 0, sizeof(*plan));
	for (i = 0; i < config->buffer_count; i++) {
		buffer = &config->buffers[i];
		if (buffer->is_broken)
			continue;
		for (j = 0; j < present_count; j++) {
			if (strcmp(present[j].name, buffer->name) == 0)
				break;
		}
		if (j == present_count) {
			add_step(plan, ACTION_CREATE, buffer, NULL);
			continue;
		}
		difference = find_difference(&buffer->properties, &present[j],
					     page_size);
		add_step(plan, difference ? ACTION_LEAVE : ACTION_KEEP, buffer,
			 difference);
	}
}

static void print_create(const struct section *buffer, FILE *to)
{
	const struct properties *p = &buffer->properties;

	fprintf(to, "create %s Size=%" PRIu64, buffer->name, p->size);
	if (p->backing)
		fprintf(to, " Backing=%s", p->backing);
	if (p->numa_node >= 0)
		fprintf(to, " NUMANode=%d", p->numa_node);
	if (p->dma_bits)
		fprintf(to, " DMABits=%u", p->dma_bits);
	fprintf(to, " User=%u Group=%u Mode=%04o OnLastClose=%s\n", p->uid,
		p->gid, p->mode, p->zero_on_last_close ? "zero" : "keep");
}

void plan_print(const struct plan *plan, FILE *to)
{
	const struct step *step;
	size_t i;

	for (i = 0; i < plan->count; i++) {
		step = &plan->steps[i];
		switch (step->action) {
		case ACTION_CREATE:
			print_create(step->buffer, to);
			break;
		case ACTION_KEEP:
			fprintf(to, "keep %s\n", step->buffer->name);
			break;
		case ACTION_LEAVE:
			fprintf(to, "leave %s: %s\n", step->buffer->name,
				step->difference);
			break;
		}
	}
}

void plan_free(struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->count; i++)
		free(plan->steps[i].difference);
	free(plan->steps);
}
