// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

struct mapbuf_options {
	struct mapbuf_create request;
};

static int invalid(void)
{
	errno = EINVAL;
	return -1;
}

static int set_flag(struct mapbuf_options *options, uint32_t flag, int enable)
{
	if (enable)
		options->request.flags |= flag;
	else
		options->request.flags &= ~flag;
	return 0;
}

struct mapbuf_options *mapbuf_options_new(void)
{
	return calloc(1, sizeof(struct mapbuf_options));
}

void mapbuf_options_free(struct mapbuf_options *options)
{
	free(options);
}

int mapbuf_options_set_size(struct mapbuf_options *options, uint64_t bytes)
{
	if (bytes == 0 || bytes > INT64_MAX)
		return invalid();
	options->request.bytes = bytes;
	return 0;
}

int mapbuf_options_set_backing(struct mapbuf_options *options,
			       const char *name)
{
	uint32_t number = MAPBUF_BACKING_DEFAULT;

	if (name && libmapbuf_backing_number(name, &number))
		return -1;
	options->request.backing = number;
	return 0;
}

int mapbuf_options_set_numa_node(struct mapbuf_options *options, int node)
{
	if (node < -1)
		return invalid();
	if (node == -1) {
		options->request.flags &= ~MAPBUF_CREATE_NUMA_NODE;
		options->request.numa_node = 0;
	} else {
		options->request.flags |= MAPBUF_CREATE_NUMA_NODE;
		options->request.numa_node = node;
	}
	return 0;
}

int mapbuf_options_set_dma_bits(struct mapbuf_options *options,
				unsigned int bits)
{
	if (bits != 0 && (bits < 12 || bits > 64))
		return invalid();
	options->request.dma_bits = bits;
	return 0;
}

int mapbuf_options_set_uid(struct mapbuf_options *options, uid_t uid)
{
	if (uid == (uid_t)-1)
		return invalid();
	options->request.flags |= MAPBUF_CREATE_UID;
	options->request.uid = uid;
	return 0;
}

int mapbuf_options_set_gid(struct mapbuf_options *options, gid_t gid)
{
	if (gid == (gid_t)-1)
		return invalid();
	options->request.flags |= MAPBUF_CREATE_GID;
	options->request.gid = gid;
	return 0;
}

int mapbuf_options_set_mode(struct mapbuf_options *options, mode_t mode)
{
	if (mode & ~0666u)
		return invalid();
	options->request.flags |= MAPBUF_CREATE_MODE;
	options->request.mode = mode;
	return 0;
}

int mapbuf_options_set_zero_on_last_close(struct mapbuf_options *options,
					  int enable)
{
	return set_flag(options, MAPBUF_CREATE_ZERO_LAST_CLOSE, enable);
}

int mapbuf_options_set_phys_addr(struct mapbuf_options *options,
				 uint64_t address)
{
	options->request.phys_addr = address;
	return 0;
}

int mapbuf_options_set_cache(struct mapbuf_options *options, const char *name)
{
	uint32_t number;

	if (libmapbuf_cache_number(name, &number))
		return -1;
	options->request.cache = number;
	return 0;
}

int mapbuf_options_set_zero(struct mapbuf_options *options, int enable)
{
	return set_flag(options, MAPBUF_CREATE_ZERO, enable);
}

/* A directory in sysfs that is a device has a link to its bus. */
static int device_name(const char *path, char *name, size_t size)
{
	char real[PATH_MAX], link[PATH_MAX], bus[PATH_MAX];
	ssize_t length;
	int n;

	if (!realpath(path, real))
		return -1;
	n = snprintf(link, sizeof(link), "%s/subsystem", real);
	length = n < (int)sizeof(link) ? readlink(link, bus, sizeof(bus) - 1) :
					 -1;
	if (length < 0) {
		errno = ENODEV;
		return -1;
	}
	bus[length] = '\0';
	n = snprintf(name, size, "%s/%s", strrchr(bus, '/') ?
		     strrchr(bus, '/') + 1 : bus, strrchr(real, '/') + 1);
	if (n < (int)size)
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

int mapbuf_options_set_device(struct mapbuf_options *options, const char *path)
{
	char name[MAPBUF_DEVICE_SIZE] = "";

	if (path && device_name(path, name, sizeof(name)))
		return -1;
	memcpy(options->request.device, name, sizeof(name));
	return 0;
}

int mapbuf_options_set_show_address(struct mapbuf_options *options, int enable)
{
	return set_flag(options, MAPBUF_CREATE_SHOW_ADDRESS, enable);
}

int libmapbuf_options_fill(const struct mapbuf_options *options,
			   struct mapbuf_create *request)
{
	if (options->request.bytes == 0)
		return invalid();
	*request = options->request;
	request->size = sizeof(*request);
	return 0;
}
