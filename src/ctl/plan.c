// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "plan.h"
#include "xalloc.h"

static uint64_t round_up(uint64_t size, uint64_t page_size)
{
	return (size + page_size - 1) / page_size * page_size;
}

static char *find_node_difference(const struct properties *wanted,
				  const struct present *present)
{
	if (!present->has_node)
		return NULL;
	if (present->uid != wanted->uid)
		return xprintf("its owner is %u, not %u", present->uid,
			       wanted->uid);
	if (present->gid != wanted->gid)
		return xprintf("its group is %u, not %u", present->gid,
			       wanted->gid);
	if (present->mode != wanted->mode)
		return xprintf("its mode is %04o, not %04o", present->mode,
			       wanted->mode);
	return NULL;
}

/* Paths of one device can differ: its name is the last part. */
static const char *last_part(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : "none";
}

static char *find_device_difference(const struct properties *wanted,
				    const struct present *present)
{
	const char *is = last_part(present->device);
	const char *should = last_part(wanted->device);

	return strcmp(is, should) ?
	       xprintf("its device is %s, not %s", is, should) : NULL;
}

static const char *zero_or_keep(int zero)
{
	return zero ? "zero" : "keep";
}

static char *find_range_difference(const struct properties *wanted,
				   const struct present *present)
{
	if (wanted->has_start && present->phys_addr >= 0 &&
	    (uint64_t)present->phys_addr != wanted->start)
		return xprintf("its start is %#" PRIx64 ", not %#" PRIx64,
			       (uint64_t)present->phys_addr, wanted->start);
	if (present->cache[0] && strcmp(present->cache, wanted->cache))
		return xprintf("its cache is %s, not %s", present->cache,
			       wanted->cache);
	return NULL;
}

/* NULL if @present is as wanted. */
static char *find_difference(const struct properties *wanted,
			     const struct present *present, uint64_t page_size)
{
	uint64_t size = round_up(wanted->size, page_size);
	char *difference;

	if (present->size != size)
		return xprintf("its size is %" PRIu64 ", not %" PRIu64,
			       present->size, size);
	if (wanted->backing && strcmp(present->backing, wanted->backing))
		return xprintf("its backing is %s, not %s", present->backing,
			       wanted->backing);
	if (wanted->numa_node >= 0 && present->numa_node != wanted->numa_node)
		return xprintf("its NUMA node is %d, not %d",
			       present->numa_node, wanted->numa_node);
	if (present->dma_bits >= 0 && present->dma_bits != wanted->dma_bits)
		return xprintf("its DMA bits are %" PRId64 ", not %u",
			       present->dma_bits, wanted->dma_bits);
	difference = find_range_difference(wanted, present);
	if (!difference)
		difference = find_device_difference(wanted, present);
	if (difference)
		return difference;
	if (present->zero_on_last_close >= 0 &&
	    present->zero_on_last_close != wanted->zero_on_last_close)
		return xprintf("its OnLastClose is %s, not %s",
			       zero_or_keep(present->zero_on_last_close),
			       zero_or_keep(wanted->zero_on_last_close));
	return NULL;
}

static int is_in_use(const struct present *present)
{
	return present->opens > 0 || present->mappings > 0;
}

static void add_step(struct plan *plan, enum action action, const char *name,
		     const struct section *buffer, char *why)
{
	plan->steps = xgrow(plan->steps, plan->count, sizeof(plan->steps[0]));
	plan->steps[plan->count] = (struct step){
		.action = action, .name = name, .buffer = buffer, .why = why,
		.number = plan->count
	};
	plan->count++;
}

static void plan_present(struct plan *plan, const struct section *buffer,
			 const struct present *present, uint64_t page_size,
			 unsigned int flags)
{
	char *difference, *why;

	difference = find_difference(&buffer->properties, present, page_size);
	if (!difference) {
		why = find_node_difference(&buffer->properties, present);
		add_step(plan, why ? ACTION_CHANGE : ACTION_KEEP, buffer->name,
			 buffer, why);
		plan->steps[plan->count - 1].id = present->id;
	} else if (!(flags & PLAN_REPLACE)) {
		why = xprintf("%s (give --replace to create it again)",
			      difference);
		free(difference);
		add_step(plan, ACTION_LEAVE, buffer->name, buffer, why);
	} else if (is_in_use(present)) {
		why = xprintf("%s, but it is in use (see mapbufctl show)",
			      difference);
		free(difference);
		add_step(plan, ACTION_LEAVE, buffer->name, buffer, why);
	} else {
		add_step(plan, ACTION_REPLACE, buffer->name, buffer,
			 difference);
	}
}

static const struct present *find_present(const struct present *present,
					  size_t count, const char *name)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (strcmp(present[i].name, name) == 0)
			return &present[i];
	}
	return NULL;
}

static int is_configured(const struct config *config, const char *name)
{
	size_t i;

	for (i = 0; i < config->buffer_count; i++) {
		if (strcmp(config->buffers[i].name, name) == 0)
			return 1;
	}
	return 0;
}

/* First, so that the memory is there for those that are to be made. */
static void plan_removals(struct plan *plan, const struct config *config,
			  const struct present *present, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (is_configured(config, present[i].name))
			continue;
		if (is_in_use(&present[i]))
			add_step(plan, ACTION_LEAVE, present[i].name, NULL,
				 xprintf("it is not configured, but in use (see mapbufctl show)"));
		else
			add_step(plan, ACTION_REMOVE, present[i].name, NULL,
				 NULL);
	}
}

static uint64_t contiguous_size(const struct step *step)
{
	const struct properties *wanted;

	if (step->action != ACTION_CREATE && step->action != ACTION_REPLACE)
		return 0;
	wanted = &step->buffer->properties;
	if (!wanted->backing || strcmp(wanted->backing, "contiguous") != 0)
		return 0;
	return wanted->size;
}

/* Removals stay first; what does not matter keeps the order of the files. */
static int compare_steps(const void *one, const void *other)
{
	const struct step *a = one, *b = other;
	uint64_t size_a = contiguous_size(a), size_b = contiguous_size(b);

	if (!a->buffer != !b->buffer)
		return a->buffer ? 1 : -1;
	if (size_a != size_b)
		return size_a < size_b ? 1 : -1;
	return a->number < b->number ? -1 : 1;
}

/*
 * Contiguous buffers first, larger ones before smaller ones: each buffer takes
 * pages out of the ranges that they could have had.
 */
static void order_steps(struct plan *plan)
{
	if (plan->count)
		qsort(plan->steps, plan->count, sizeof(plan->steps[0]),
		      compare_steps);
}

/**
 * plan_make - compare what is configured with what exists
 * @plan: to be filled in; refers to @config and @present
 * @config: buffers that are broken in it are left out
 * @present: the buffers that exist
 * @present_count: how many
 * @page_size: sizes are multiples of it
 * @flags: PLAN_REPLACE, PLAN_PRUNE; nothing is pruned if there is an error in
 *         the configuration, which may have lost the name of a buffer
 */
void plan_make(struct plan *plan, const struct config *config,
	       const struct present *present, size_t present_count,
	       uint64_t page_size, unsigned int flags)
{
	const struct present *found;
	const struct section *buffer;
	size_t i;

	memset(plan, 0, sizeof(*plan));
	if ((flags & PLAN_PRUNE) && !config->error_count)
		plan_removals(plan, config, present, present_count);
	for (i = 0; i < config->buffer_count; i++) {
		buffer = &config->buffers[i];
		if (buffer->is_broken)
			continue;
		found = find_present(present, present_count, buffer->name);
		if (found)
			plan_present(plan, buffer, found, page_size, flags);
		else
			add_step(plan, ACTION_CREATE, buffer->name, buffer,
				 NULL);
	}
	order_steps(plan);
}

/* A reserved range is no memory of the kernel's. */
static int counts(const char *backing)
{
	return !backing || strcmp(backing, "reserved") != 0;
}

static uint64_t add(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

const struct step *plan_exceeds(const struct plan *plan,
				const struct present *present,
				size_t present_count, uint64_t page_size,
				uint64_t limit, uint64_t *sum)
{
	const struct properties *wanted;
	const struct present *found;
	const struct step *step;
	size_t i;

	*sum = 0;
	for (i = 0; i < present_count; i++) {
		if (counts(present[i].backing))
			*sum = add(*sum, present[i].size);
	}
	for (i = 0; i < plan->count; i++) {
		step = &plan->steps[i];
		if (step->action == ACTION_KEEP ||
		    step->action == ACTION_CHANGE ||
		    step->action == ACTION_LEAVE)
			continue;
		found = find_present(present, present_count, step->name);
		if (found && counts(found->backing))
			*sum -= found->size;
		if (step->action == ACTION_REMOVE)
			continue;
		wanted = &step->buffer->properties;
		if (!counts(wanted->backing))
			continue;
		*sum = add(*sum, round_up(wanted->size, page_size));
		if (*sum > limit)
			return step;
	}
	return NULL;
}

static void print_properties(const struct properties *p, FILE *to)
{
	fprintf(to, " Size=%" PRIu64, p->size);
	if (p->backing)
		fprintf(to, " Backing=%s", p->backing);
	if (!p->has_start && !properties_are_cached(p))
		fprintf(to, " Cache=%s", p->cache);
	if (p->has_start)
		fprintf(to, " Start=%#" PRIx64 " Cache=%s OnCreate=%s",
			p->start, p->cache, zero_or_keep(p->zero_on_create));
	if (p->numa_node >= 0)
		fprintf(to, " NUMANode=%d", p->numa_node);
	if (p->dma_bits)
		fprintf(to, " DMABits=%u", p->dma_bits);
	if (p->device)
		fprintf(to, " Device=%s ShowAddress=%s", p->device,
			p->show_address ? "yes" : "no");
	fprintf(to, " User=%u Group=%u Mode=%04o OnLastClose=%s\n", p->uid,
		p->gid, p->mode, zero_or_keep(p->zero_on_last_close));
}

static const char *const words[] = {
	[ACTION_CREATE] = "create", [ACTION_KEEP] = "keep",
	[ACTION_CHANGE] = "change", [ACTION_LEAVE] = "leave",
	[ACTION_REPLACE] = "replace", [ACTION_REMOVE] = "remove",
};

void plan_print(const struct plan *plan, FILE *to)
{
	const struct step *step;
	size_t i;

	for (i = 0; i < plan->count; i++) {
		step = &plan->steps[i];
		fprintf(to, "%s %s", words[step->action], step->name);
		if (step->action == ACTION_CREATE)
			print_properties(&step->buffer->properties, to);
		else if (step->why)
			fprintf(to, ": %s\n", step->why);
		else
			fputc('\n', to);
	}
}

/* The same properties, by the names of the columns of list */
static void add_properties(struct json_object *to, const struct properties *p)
{
	char mode[8], address[24];

	snprintf(address, sizeof(address), "%#" PRIx64, p->start);
	snprintf(mode, sizeof(mode), "%04o", p->mode);
	json_add_number(to, "size", p->size);
	json_add_text(to, "backing", p->backing);
	json_add_text(to, "address", p->has_start ? address : NULL);
	json_add_text(to, "cache",
		      p->has_start || !properties_are_cached(p) ? p->cache : NULL);
	json_add_text(to, "oncreate", p->has_start ?
		      zero_or_keep(p->zero_on_create) : NULL);
	json_add_number(to, "numa", p->numa_node);
	json_add_number(to, "dmabits", p->dma_bits ? (int64_t)p->dma_bits : -1);
	json_add_text(to, "device", p->device);
	json_add_text(to, "showaddress", !p->device ? NULL :
		      p->show_address ? "yes" : "no");
	json_add_number(to, "owner", p->uid);
	json_add_number(to, "group", p->gid);
	json_add_text(to, "mode", mode);
	json_add_text(to, "lastclose", zero_or_keep(p->zero_on_last_close));
}

void plan_print_json(const struct plan *plan)
{
	struct json_object *steps = json_object_new_array(), *object;
	const struct step *step;
	size_t i;

	for (i = 0; i < plan->count; i++) {
		step = &plan->steps[i];
		object = json_object_new_object();
		json_add_text(object, "action", words[step->action]);
		json_add_text(object, "name", step->name);
		json_add_text(object, "why", step->why);
		json_add_text(object, "file", step->buffer ?
			      step->buffer->place.file : NULL);
		json_add_number(object, "line", step->buffer ?
				(int64_t)step->buffer->place.line : -1);
		if (step->buffer && step->action == ACTION_CREATE)
			add_properties(object, &step->buffer->properties);
		json_object_array_add(steps, object);
	}
	object = json_object_new_object();
	json_object_object_add(object, "plan", steps);
	json_print(object);
}

void plan_free(struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->count; i++)
		free(plan->steps[i].why);
	free(plan->steps);
}
