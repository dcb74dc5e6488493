// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mapbuf.h>

#include "property.h"
#include "size.h"

/* Digits only: no sign, no blanks. */
static int parse_number(const char *text, int base, long min, long max,
			long *value)
{
	if (!*text || strlen(text) > 9 ||
	    strspn(text, base == 8 ? "01234567" : "0123456789") != strlen(text))
		return -1;
	*value = strtol(text, NULL, base);
	return *value < min || *value > max ? -1 : 0;
}

static int set_size(struct properties *to, const char *value,
		    const struct environment *env, char *reason)
{
	const char *why;

	if (!size_parse(value, env->memory, &to->size, &why))
		return 0;
	snprintf(reason, REASON_SIZE, "%s (write for instance 64M, 1.5G, 10%% or a number of bytes)",
		 why);
	return -1;
}

/* The one of @names that is @value, or NULL and the reason */
static const char *choose(const char *const *names, const char *value,
			  const char *what, char *reason)
{
	const char *const *name;
	int used;

	for (name = names; *name; name++) {
		if (strcmp(*name, value) == 0)
			return *name;
	}
	used = snprintf(reason, REASON_SIZE, "there is no such %s (write one of",
			what);
	for (name = names; *name; name++)
		used += snprintf(reason + used, REASON_SIZE - used, " %s",
				 *name);
	snprintf(reason + used, REASON_SIZE - used, ")");
	return NULL;
}

static int set_backing(struct properties *to, const char *value,
		       const struct environment *env, char *reason)
{
	const char *backing;

	(void)env;
	backing = choose(mapbuf_backings(), value, "backing", reason);
	if (!backing)
		return -1;
	to->backing = backing;
	return 0;
}

static int set_start(struct properties *to, const char *value,
		     const struct environment *env, char *reason)
{
	const char *why;

	(void)env;
	if (address_parse(value, &to->start, &why)) {
		snprintf(reason, REASON_SIZE, "%s (write for instance 0x30000000 or 768M)",
			 why);
		return -1;
	}
	to->has_start = 1;
	return 0;
}

static int set_region(struct properties *to, const char *value,
		      const struct environment *env, char *reason)
{
	struct region region;

	if (region_find(env->root, value, &region, reason))
		return -1;
	to->region = region;
	to->has_region = 1;
	return 0;
}

static int set_cache(struct properties *to, const char *value,
		     const struct environment *env, char *reason)
{
	const char *cache;

	(void)env;
	cache = choose(mapbuf_caches(), value, "cache", reason);
	if (!cache)
		return -1;
	to->cache = cache;
	return 0;
}

/* What OnCreate= and OnLastClose= take */
static int parse_zero(const char *value, int *zero, char *reason)
{
	int is_zero = strcmp(value, "zero") == 0;

	if (!is_zero && strcmp(value, "keep") != 0) {
		snprintf(reason, REASON_SIZE, "it is neither zero nor keep");
		return -1;
	}
	*zero = is_zero;
	return 0;
}

static int set_on_create(struct properties *to, const char *value,
			 const struct environment *env, char *reason)
{
	(void)env;
	return parse_zero(value, &to->zero_on_create, reason);
}

static int set_numa_node(struct properties *to, const char *value,
			 const struct environment *env, char *reason)
{
	long node;

	(void)env;
	if (parse_number(value, 10, 0, INT_MAX, &node)) {
		snprintf(reason, REASON_SIZE, "it is not the number of a NUMA node (see /sys/devices/system/node)");
		return -1;
	}
	to->numa_node = node;
	return 0;
}

static int set_dma_bits(struct properties *to, const char *value,
			const struct environment *env, char *reason)
{
	long bits;

	(void)env;
	if (parse_number(value, 10, 12, 64, &bits)) {
		snprintf(reason, REASON_SIZE, "it is not a number from 12 to 64");
		return -1;
	}
	to->dma_bits = bits;
	return 0;
}

static int set_user(struct properties *to, const char *value,
		    const struct environment *env, char *reason)
{
	if (!account_find_user(env->root, value, &to->uid))
		return 0;
	if (env->early) {
		to->uid = 0;
		return 0;
	}
	snprintf(reason, REASON_SIZE, "there is no such user");
	return -1;
}

static int set_group(struct properties *to, const char *value,
		     const struct environment *env, char *reason)
{
	to->has_group = 1;
	if (!account_find_group(env->root, value, &to->gid))
		return 0;
	if (env->early) {
		to->gid = 0;
		return 0;
	}
	snprintf(reason, REASON_SIZE, "there is no such group");
	return -1;
}

static int set_mode(struct properties *to, const char *value,
		    const struct environment *env, char *reason)
{
	long mode;

	(void)env;
	if (parse_number(value, 8, 0, 0777, &mode) || (mode & ~0666)) {
		snprintf(reason, REASON_SIZE, "it is not an octal mode of read and write permissions (write for instance 0660)");
		return -1;
	}
	to->mode = mode;
	to->has_mode = 1;
	return 0;
}

static int set_on_last_close(struct properties *to, const char *value,
			     const struct environment *env, char *reason)
{
	(void)env;
	return parse_zero(value, &to->zero_on_last_close, reason);
}

/* Whether it is there is seen when the buffer is created. */
static int set_device(struct properties *to, const char *value,
		      const struct environment *env, char *reason)
{
	(void)env;
	if (strncmp(value, "/sys/", 5) != 0) {
		snprintf(reason, REASON_SIZE, "it is not the path of a device in /sys (write for instance /sys/bus/pci/devices/0000:01:00.0)");
		return -1;
	}
	to->device = value;
	return 0;
}

static int set_show_address(struct properties *to, const char *value,
			    const struct environment *env, char *reason)
{
	int is_yes = strcmp(value, "yes") == 0;

	(void)env;
	if (!is_yes && strcmp(value, "no") != 0) {
		snprintf(reason, REASON_SIZE, "it is neither yes nor no");
		return -1;
	}
	to->show_address = is_yes;
	return 0;
}

const struct property property_table[PROPERTY_COUNT] = {
	{ "Size", "size", NULL, "SIZE",
	  "bytes, or with K M G T, or N% of memory", set_size },
	{ "Backing", "backing", NULL, "vmalloc|contiguous|reserved|coherent",
	  "where the memory comes from; default: as the module is set", set_backing },
	{ "Start", "start", NULL, "ADDRESS",
	  "where a reserved range begins", set_start },
	{ "Region", "region", NULL, "NODE",
	  "node of reserved memory in the device tree, in place of a start", set_region },
	{ "Cache", "cache", NULL, "wb|wc|uc",
	  "how processors access a reserved or contiguous buffer; default: wb", set_cache },
	{ "OnCreate", "zero-on-create", "zero", NULL,
	  "clear a reserved range, as other memory always is", set_on_create },
	{ "NUMANode", "numa-node", NULL, "N",
	  "allocate the memory from this NUMA node", set_numa_node },
	{ "DMABits", "dma-bits", NULL, "N",
	  "use memory below 2^N, 12 to 64", set_dma_bits },
	{ "User", "user", NULL, "USER",
	  "owner of the node; default: root", set_user },
	{ "Group", "group", NULL, "GROUP",
	  "group of the node; default: " DEFAULT_GROUP ", or root if reserved", set_group },
	{ "Mode", "mode", NULL, "MODE",
	  "permissions of the node; default: 0660, or 0600 if reserved", set_mode },
	{ "OnLastClose", "zero-on-last-close", "zero", NULL,
	  "clear the memory with the last close", set_on_last_close },
	{ "Device", "device", NULL, "PATH",
	  "device that the buffer belongs to, a path in /sys", set_device },
	{ "ShowAddress", "show-address", "yes", NULL,
	  "show the device's address to those who may write", set_show_address },
};

int property_find(const char *key)
{
	int i;

	for (i = 0; i < PROPERTY_COUNT; i++) {
		if (strcmp(property_table[i].key, key) == 0)
			return i;
	}
	return -1;
}

int properties_init(struct properties *properties,
		    const struct environment *env)
{
	*properties = (struct properties){
		.cache = mapbuf_caches()[0], .numa_node = -1, .mode = 0660
	};
	return account_find_group(env->root, DEFAULT_GROUP, &properties->gid);
}

static int is_of(const struct properties *properties, const char *backing)
{
	return properties->backing && strcmp(properties->backing, backing) == 0;
}

static int is_reserved(const struct properties *properties)
{
	return is_of(properties, "reserved");
}

int properties_are_cached(const struct properties *properties)
{
	return strcmp(properties->cache, mapbuf_caches()[0]) == 0;
}

static void settle_region(struct properties *properties)
{
	if (!properties->backing)
		properties->backing = "reserved";
	if (!properties->has_start)
		properties->start = properties->region.start;
	properties->has_start = 1;
	if (!properties->size)
		properties->size = properties->region.size;
}

void properties_settle(struct properties *properties)
{
	if (properties->has_region)
		settle_region(properties);
	if (!is_reserved(properties) || properties->has_group)
		return;
	properties->gid = 0;
	if (!properties->has_mode)
		properties->mode = 0600;
}

int properties_use_default_group(const struct properties *properties)
{
	return !properties->has_group && !is_reserved(properties);
}

static int is_below(const struct properties *range, unsigned int bits)
{
	return bits == 0 || bits == 64 ||
	       (range->start + range->size - 1) >> bits == 0;
}

static int check_reserved(const struct properties *range, char *reason)
{
	long page = sysconf(_SC_PAGESIZE);

	if (!range->has_start)
		snprintf(reason, REASON_SIZE, "the backing reserved requires a start address (give Start=, or --start=)");
	else if (range->start % page || range->size % page)
		snprintf(reason, REASON_SIZE, "a reserved range consists of whole pages (make start and size multiples of %ld)",
			 page);
	else if (range->numa_node >= 0)
		snprintf(reason, REASON_SIZE, "a reserved range belongs to no NUMA node (leave the node out)");
	else if (!is_below(range, range->dma_bits))
		snprintf(reason, REASON_SIZE, "the reserved range does not end below 2^%u (leave the DMA bits out)",
			 range->dma_bits);
	else
		return 0;
	return -1;
}

static int check_coherent(const struct properties *properties, char *reason)
{
	if (!properties->device)
		snprintf(reason, REASON_SIZE, "the backing coherent requires a device (give Device=, or --device=)");
	else if (properties->numa_node >= 0)
		snprintf(reason, REASON_SIZE, "the memory of the backing coherent comes from its device (leave the NUMA node out)");
	else
		return 0;
	return -1;
}

static int check_place(const struct properties *properties, char *reason)
{
	if (properties->has_start)
		snprintf(reason, REASON_SIZE, "only the backing reserved accepts a start (leave it out, or choose that backing)");
	else if (!properties_are_cached(properties) && !is_of(properties, "contiguous"))
		snprintf(reason, REASON_SIZE, "only the backings reserved and contiguous accept a cache (leave it out, or choose one of them)");
	else if (is_of(properties, "coherent"))
		return check_coherent(properties, reason);
	else
		return 0;
	return -1;
}

static int check_region(const struct properties *properties, char *reason)
{
	if (!is_reserved(properties))
		snprintf(reason, REASON_SIZE, "only the backing reserved accepts a region (leave the region out, or choose that backing)");
	else if (properties->start != properties->region.start)
		snprintf(reason, REASON_SIZE, "the region does not begin at the start that is given (leave one of them out)");
	else if (properties->size > properties->region.size)
		snprintf(reason, REASON_SIZE, "the region has only %" PRIu64 " bytes (leave the size out, or make it smaller)",
			 properties->region.size);
	else
		return 0;
	return -1;
}

int properties_check(const struct properties *properties, char *reason)
{
	if (properties->has_region && check_region(properties, reason))
		return -1;
	if (properties->show_address && !properties->device) {
		snprintf(reason, REASON_SIZE, "only a buffer with a device has an address to show (give Device=, or --device=)");
		return -1;
	}
	return is_reserved(properties) ? check_reserved(properties, reason) :
					 check_place(properties, reason);
}

/*
 * The values were checked when they were read, so setting cannot fail, but that of
 * the device.
 */
struct mapbuf_options *properties_to_options(const struct properties *from)
{
	struct mapbuf_options *options = mapbuf_options_new();
	int error;

	if (!options)
		return NULL;
	mapbuf_options_set_size(options, from->size);
	mapbuf_options_set_backing(options, from->backing);
	mapbuf_options_set_phys_addr(options, from->start);
	mapbuf_options_set_cache(options, from->cache);
	mapbuf_options_set_zero(options, from->zero_on_create);
	mapbuf_options_set_numa_node(options, from->numa_node);
	mapbuf_options_set_dma_bits(options, from->dma_bits);
	mapbuf_options_set_uid(options, from->uid);
	mapbuf_options_set_gid(options, from->gid);
	mapbuf_options_set_mode(options, from->mode);
	mapbuf_options_set_zero_on_last_close(options,
					      from->zero_on_last_close);
	mapbuf_options_set_show_address(options, from->show_address);
	if (!mapbuf_options_set_device(options, from->device))
		return options;
	error = errno;
	mapbuf_options_free(options);
	/* What is not there is no device. */
	errno = error == ENOENT || error == ENOTDIR ? ENODEV : error;
	return NULL;
}
