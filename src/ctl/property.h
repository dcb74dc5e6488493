/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The properties of a buffer to be created, by the names they have in the
 * configuration and on the command line.
 */
#ifndef MAPBUFCTL_PROPERTY_H
#define MAPBUFCTL_PROPERTY_H

#include <stdint.h>
#include <sys/types.h>

#include "region.h"

struct mapbuf_options;

/* Longest reason for refusing a value, with its terminating 0. */
#define REASON_SIZE 160

/* Where sizes and names of users are looked up. */
struct environment {
	const char *root;	/* "" or a directory whose /etc is used */
	uint64_t memory;	/* bytes, for percentages */
	int early;		/* users and groups that are unknown: root */
};

struct properties {
	uint64_t size;		/* 0: not given */
	const char *backing;	/* NULL: what the module is set to */
	int has_start;
	uint64_t start;		/* of a reserved range */
	int has_region;		/* of reserved memory, which has the range */
	struct region region;
	const char *cache;	/* of a reserved range or contiguous memory */
	int zero_on_create;	/* a reserved range */
	int numa_node;		/* -1: any */
	unsigned int dma_bits;	/* 0: any address */
	uid_t uid;
	int has_group;
	gid_t gid;
	int has_mode;
	mode_t mode;
	int zero_on_last_close;
	const char *device;	/* path in sysfs, or NULL; belongs to the caller */
	int show_address;	/* that the device uses */
};

/**
 * struct property - one of them
 * @key: in configuration files
 * @option: on the command line; takes no value if @set_by_name is not NULL
 * @set_by_name: the value that the bare option stands for
 * @placeholder: of the value, in help
 * @summary: one line
 * @set: reads a value; on failure fills in the reason, which follows the
 *       words "key=value: "
 */
struct property {
	const char *key;
	const char *option;
	const char *set_by_name;
	const char *placeholder;
	const char *summary;
	int (*set)(struct properties *to, const char *value,
		   const struct environment *env, char *reason);
};

#define PROPERTY_COUNT 14
extern const struct property property_table[PROPERTY_COUNT];

/* -1 if there is none */
int property_find(const char *key);
/* The group that buffers belong to unless told otherwise. */
#define DEFAULT_GROUP "mapbuf"
/* -1 when that group does not exist; it is root then. */
int properties_init(struct properties *properties,
		    const struct environment *env);
/* Whether processors access the memory as other memory */
int properties_are_cached(const struct properties *properties);

/*
 * When all is set: a region says where the range is, and a reserved range, which may be
 * all of a device, is root's alone unless something else was asked for.
 */
void properties_settle(struct properties *properties);
/* Whether the group is the one that buffers belong to unless told otherwise. */
int properties_use_default_group(const struct properties *properties);
/* Whether they go together; if not, fills in the reason and gives -1. */
int properties_check(const struct properties *properties, char *reason);
/* NULL with errno set: there is no such device, or not enough memory. */
struct mapbuf_options *properties_to_options(const struct properties *from);

/* account.c; -1 if there is no such user or group */
int account_find_user(const char *root, const char *name, uid_t *uid);
int account_find_group(const char *root, const char *name, gid_t *gid);

#endif /* MAPBUFCTL_PROPERTY_H */
