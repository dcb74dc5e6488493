// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "property.h"
#include "region.h"
#include "xalloc.h"

#define PARENT "/proc/device-tree/reserved-memory"

/* Of names in reasons */
#define SHOWN 60

/* The bytes of a property, at most @room; -1 if the node has none of that name */
static ssize_t read_property(int node, const char *name, void *bytes, size_t room)
{
	int fd = openat(node, name, O_RDONLY | O_CLOEXEC);
	ssize_t length = -1;

	if (fd < 0)
		return -1;
	length = read(fd, bytes, room);
	close(fd);
	return length;
}

static int has_property(int node, const char *name)
{
	return faccessat(node, name, F_OK, 0) == 0;
}

/* Whether one of the strings of a property is @text */
static int has_string(int node, const char *name, const char *text)
{
	char strings[256];
	ssize_t length = read_property(node, name, strings, sizeof(strings) - 1);
	const char *at = strings;

	if (length < 0)
		return 0;
	strings[length] = '\0';
	for (; at < strings + length; at += strlen(at) + 1) {
		if (strcmp(at, text) == 0)
			return 1;
	}
	return 0;
}

/* Of one or two cells.  What the specification has, if nothing is said: @count */
static unsigned int read_count(int node, const char *name, unsigned int count)
{
	uint32_t cell;

	if (read_property(node, name, &cell, sizeof(cell)) != sizeof(cell))
		return count;
	return be32toh(cell);
}

static uint64_t read_cells(const uint32_t *cells, unsigned int count)
{
	uint64_t number = 0;

	while (count--)
		number = number << 32 | be32toh(*cells++);
	return number;
}

/* Where it is, and that it is one range */
static const char *read_reg(int parent, int node, struct region *region)
{
	unsigned int address = read_count(parent, "#address-cells", 2);
	unsigned int size = read_count(parent, "#size-cells", 1);
	uint32_t reg[5];
	ssize_t length = read_property(node, "reg", reg, sizeof(reg));

	if (length < 0)
		return "has no reg: the kernel chooses where it is (give it a reg)";
	if (address < 1 || address > 2 || size < 1 || size > 2 ||
	    length != (ssize_t)((address + size) * sizeof(*reg)))
		return "is not one range of one or two cells each (use Start= and Size=)";
	region->start = read_cells(reg, address);
	region->size = read_cells(reg + address, size);
	return region->size ? NULL : "is empty";
}

/* What is wrong with a node, or NULL */
static const char *read_node(int parent, int node, struct region *region)
{
	if (has_property(node, "status") &&
	    !has_string(node, "status", "okay") &&
	    !has_string(node, "status", "ok"))
		return "is disabled";
	if (has_string(node, "compatible", "shared-dma-pool"))
		return "is a pool for drivers (use Backing=coherent with a device that has it)";
	if (!has_property(node, "no-map"))
		return "is System RAM (give it the property no-map)";
	return read_reg(parent, node, region);
}

static int is_named(const char *node, const char *name)
{
	size_t length = strlen(name);

	return strncmp(node, name, length) == 0 &&
	       (!node[length] || node[length] == '@');
}

static int is_directory(int parent, const char *name)
{
	struct stat status;

	return fstatat(parent, name, &status, 0) == 0 && S_ISDIR(status.st_mode);
}

/* The only node of that name, to be freed, or NULL and the reason */
static char *find_node(DIR *parent, const char *name, char *reason)
{
	struct dirent *entry;
	char *found = NULL;

	while ((entry = readdir(parent))) {
		if (!is_named(entry->d_name, name) ||
		    !is_directory(dirfd(parent), entry->d_name))
			continue;
		if (found) {
			snprintf(reason, REASON_SIZE, "there are several nodes of that name in %s (add the unit address)",
				 PARENT);
			free(found);
			return NULL;
		}
		found = xstrdup(entry->d_name);
	}
	if (!found)
		snprintf(reason, REASON_SIZE, "there is no such node in " PARENT);
	return found;
}

static int read_found(int parent, const char *name, struct region *region,
		      char *reason)
{
	int node = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *wrong = "cannot be read";

	if (node >= 0) {
		wrong = read_node(parent, node, region);
		close(node);
	}
	if (wrong)
		snprintf(reason, REASON_SIZE, "node %.*s %s", SHOWN, name, wrong);
	return wrong ? -1 : 0;
}

int region_find(const char *root, const char *name, struct region *region,
		char *reason)
{
	char *path, *node = NULL;
	DIR *parent;
	int error = -1;

	if (*name == '.' || strchr(name, '/')) {
		snprintf(reason, REASON_SIZE, "it is not the name of a node (see " PARENT ")");
		return -1;
	}
	path = xprintf("%s" PARENT, root);
	parent = opendir(path);
	free(path);
	if (!parent) {
		snprintf(reason, REASON_SIZE, "the device tree of this machine has no reserved memory (there is no %s)",
			 PARENT);
		return -1;
	}
	node = find_node(parent, name, reason);
	if (node)
		error = read_found(dirfd(parent), node, region, reason);
	free(node);
	closedir(parent);
	return error;
}
