// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "internal.h"

struct mapbuf_control {
	int fd;
};

struct mapbuf_control *mapbuf_control_open(void)
{
	struct mapbuf_control *control;
	char path[PATH_MAX];
	int error;

	control = malloc(sizeof(*control));
	if (!control)
		return NULL;
	snprintf(path, sizeof(path), "%s/mapbuf-control", libmapbuf_dev_dir());
	control->fd = open(path, O_RDWR | O_CLOEXEC);
	if (control->fd < 0) {
		error = errno;
		free(control);
		errno = error;
		return NULL;
	}
	return control;
}

void mapbuf_control_close(struct mapbuf_control *control)
{
	if (!control)
		return;
	close(control->fd);
	free(control);
}

/* The rest of a name's array must be 0, which it is in the callers. */
static int set_name(char *to, const char *name)
{
	if (!mapbuf_name_is_valid(name)) {
		errno = EINVAL;
		return -1;
	}
	memcpy(to, name, strlen(name));
	return 0;
}

int mapbuf_control_create(struct mapbuf_control *control, const char *name,
			  const struct mapbuf_options *options,
			  unsigned int *id)
{
	struct mapbuf_create request;

	if (libmapbuf_options_fill(options, &request) ||
	    set_name(request.name, name) ||
	    ioctl(control->fd, MAPBUF_IOC_CREATE, &request))
		return -1;
	if (id)
		*id = request.id;
	return 0;
}

int64_t mapbuf_control_cleared(const struct mapbuf_control *control)
{
	char path[PATH_MAX], line[128];
	int64_t bytes = -1;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%d", libmapbuf_fdinfo_dir(),
		 control->fd);
	file = fopen(path, "re");
	if (!file)
		return -1;
	while (bytes < 0 && fgets(line, sizeof(line), file)) {
		if (strncmp(line, "mapbuf-cleared:", 15) ||
		    libmapbuf_parse_int64(line + 15, &bytes))
			bytes = -1;
	}
	fclose(file);
	return bytes;
}

int mapbuf_control_destroy(struct mapbuf_control *control, const char *name,
			   unsigned int flags)
{
	struct mapbuf_destroy request = { .size = sizeof(request) };

	if (flags & ~MAPBUF_DEFERRED) {
		errno = EINVAL;
		return -1;
	}
	if (flags & MAPBUF_DEFERRED)
		request.flags |= MAPBUF_DESTROY_DEFERRED;
	if (set_name(request.name, name) ||
	    ioctl(control->fd, MAPBUF_IOC_DESTROY, &request))
		return -1;
	return 0;
}
