// SPDX-License-Identifier: GPL-2.0-only
/* [camera@0-7] is camera0 ... camera7, [eye@left,right] eyeleft and eyeright. */
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "xalloc.h"

#define INSTANCES_MAX 1000
static const char not_a_range[] =
	"this range of instances is not understood (write for instance [camera@0-7])";
static const char backwards[] =
	"this range of instances ends before it begins (write for instance [camera@0-7])";
static const char too_many[] =
	"these are more than 1000 instances (make it several templates)";
static const char no_instance[] =
	"an instance has no name (write for instance [camera@left,right])";
static const char no_base[] =
	"no name is before the @ (write for instance [camera@0-7])";

#define DIGITS "0123456789"
/* So that a number fits in an int. */
#define DIGITS_MAX 9

/* An instance may be mentioned before or after; what it says itself counts. */
static void add_instance(struct config *config, int template, char *name)
{
	const struct section *mine = &config->templates[template], *other;
	struct section *buffer;

	buffer = config_section(config, name, &mine->place);
	if (!buffer->template) {
		buffer->template = template + 1;
	} else if (buffer->template != template + 1) {
		other = &config->templates[buffer->template - 1];
		config_error(config, buffer, &mine->place,
			     "[%s] of %s:%lu describes it, too (remove it from one of them)",
			     other->name, other->place.file, other->place.line);
	}
	free(name);
}

/* @dash: of "0-7"; *@count is how many instances there are. */
static const char *add_range(struct config *config, int template,
			     const char *base, const char *item,
			     const char *dash, int *count)
{
	size_t width = dash - item, last_width = strlen(dash + 1);
	int number, last;

	if (!width || width > DIGITS_MAX || !last_width ||
	    last_width > DIGITS_MAX || strspn(item, DIGITS) != width ||
	    strspn(dash + 1, DIGITS) != last_width)
		return not_a_range;
	number = atoi(item);
	last = atoi(dash + 1);
	if (last < number)
		return backwards;
	if (last - number >= INSTANCES_MAX - *count)
		return too_many;
	*count += last - number + 1;
	/* With zeros in front all are as long: 00, 01 ... 10. */
	if (item[0] != '0')
		width = 1;
	for (; number <= last; number++)
		add_instance(config, template,
			     xprintf("%s%0*d", base, (int)width, number));
	return NULL;
}

static const char *add_item(struct config *config, int template,
			    const char *base, const char *item, int *count)
{
	const char *dash = strchr(item, '-');

	if (!*item)
		return no_instance;
	if (dash)
		return add_range(config, template, base, item, dash, count);
	if (++*count > INSTANCES_MAX)
		return too_many;
	add_instance(config, template, xprintf("%s%s", base, item));
	return NULL;
}

const char *config_add_instances(struct config *config, int template)
{
	char *base = xstrdup(config->templates[template].name);
	char *rest = base, *item;
	const char *wrong = NULL;
	int count = 0;

	strsep(&rest, "@");
	if (!*base)
		wrong = no_base;
	while (!wrong && (item = strsep(&rest, ",")))
		wrong = add_item(config, template, base, item, &count);
	if (wrong)
		config->templates[template].is_broken = 1;
	free(base);
	return wrong;
}

void config_inherit(const struct config *config, struct section *buffer)
{
	const struct section *template;
	const struct setting *from;
	struct setting *to;
	int i;

	if (!buffer->template)
		return;
	template = &config->templates[buffer->template - 1];
	buffer->is_broken |= template->is_broken;
	for (i = 0; i < PROPERTY_COUNT; i++) {
		from = &template->settings[i];
		to = &buffer->settings[i];
		if (!from->value || to->value)
			continue;
		*to = *from;
		to->value = xstrdup(from->value);
		/* That was reported of the template. */
		buffer->is_broken |= from->is_broken;
	}
}
