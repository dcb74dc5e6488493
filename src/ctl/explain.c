// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "ctl.h"

struct explanation {
	int error;
	const char *words;
};

#define NOT_LOADED "the module mapbuf is not loaded (modprobe mapbuf; if there is no such module, see dkms status)"
#define OVER_LIMIT "the buffers would be more than the module's limit allows (raise /sys/module/mapbuf/parameters/max_bytes)"
#define IN_USE "it is in use (close it first, or give --deferred to free it with its last user)"
#define NO_MEMORY "not enough free memory, or not in one piece (make it smaller, or choose the backing vmalloc)"
#define NOT_IN_ONE_PIECE "not enough free memory in one piece (create it earlier, make it smaller, or choose the backing vmalloc)"

static const struct explanation create_errors[] = {
	{ EEXIST, "a buffer of that name exists (destroy it, or choose another name)" },
	{ EINTR, "interrupted" },
	{ EINVAL, "the module refuses its properties (is there such a NUMA node, with memory?)" },
	{ ENOMEM, "not enough free memory (make it smaller)" },
	{ ENOSPC, OVER_LIMIT },
	{ ENOTTY, "the loaded module is not of this version (load the module again)" },
	{ E2BIG, "the loaded module is older than mapbufctl (load the module again)" },
	{ 0, NULL }
};

static const struct explanation destroy_errors[] = {
	{ EBUSY, IN_USE },
	{ ENOENT, "there is no such buffer (see mapbufctl list)" },
	{ EINVAL, "it is not a name of a buffer" },
	{ ENOTTY, "the loaded module is not of this version (load the module again)" },
	{ 0, NULL }
};

static const struct explanation control_errors[] = {
	{ ENOENT, NOT_LOADED },
	{ ENODEV, NOT_LOADED },
	{ ENXIO, NOT_LOADED },
	{ EACCES, "permission denied (only root may do this)" },
	{ EPERM, "permission denied (only root may do this)" },
	{ 0, NULL }
};

static const struct explanation list_errors[] = {
	{ ENOENT, NOT_LOADED },
	{ 0, NULL }
};

static const char *look_up(const struct explanation *table, int error)
{
	for (; table->words; table++) {
		if (table->error == error)
			return table->words;
	}
	return strerror(error);
}

const char *explain_create(int error, const char *backing)
{
	if (error == ENOMEM && !backing)
		return NO_MEMORY;
	if (error == ENOMEM && strcmp(backing, "contiguous") == 0)
		return NOT_IN_ONE_PIECE;
	return look_up(create_errors, error);
}

const char *explain_destroy(int error)
{
	return look_up(destroy_errors, error);
}

const char *explain_control(int error)
{
	return look_up(control_errors, error);
}

const char *explain_list(int error)
{
	return look_up(list_errors, error);
}
