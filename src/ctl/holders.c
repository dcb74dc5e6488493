// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "holders.h"
#include "system.h"
#include "xalloc.h"

struct node {
	const char *path;
	struct stat status;
};

static int is_node(const struct node *node, const struct stat *status)
{
	if (S_ISCHR(node->status.st_mode))
		return S_ISCHR(status->st_mode) &&
		       status->st_rdev == node->status.st_rdev;
	return status->st_dev == node->status.st_dev &&
	       status->st_ino == node->status.st_ino;
}

static unsigned int count_opens(const struct node *node, const char *pid)
{
	char *path = system_path("/proc/%s/fd", pid);
	DIR *dir = opendir(path);
	struct dirent *entry;
	unsigned int opens = 0;
	struct stat status;

	free(path);
	if (!dir)
		return 0;
	while ((entry = readdir(dir))) {
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    !fstatat(dirfd(dir), entry->d_name, &status, 0))
			opens += is_node(node, &status);
	}
	closedir(dir);
	return opens;
}

/*
 * A line of /proc/PID/maps.  The path is the same in a container that has the
 * node by another inode; and the inode in one that has it by another path.
 */
static int is_mapping(const struct node *node, const char *line)
{
	unsigned int major, minor;
	unsigned long inode;
	size_t length = strlen(node->path);
	int used = 0;

	if (sscanf(line, "%*s %*s %*s %x:%x %lu %n", &major, &minor, &inode,
		   &used) != 3 || !used)
		return 0;
	if (inode == node->status.st_ino &&
	    makedev(major, minor) == node->status.st_dev)
		return 1;
	line += used;
	return strncmp(line, node->path, length) == 0 &&
	       (!line[length] || line[length] == ' ');
}

static unsigned int count_mappings(const struct node *node, const char *pid)
{
	char *text = system_read("/proc/%s/maps", pid), *rest = text, *line;
	unsigned int mappings = 0;

	while ((line = strsep(&rest, "\n")))
		mappings += is_mapping(node, line);
	free(text);
	return mappings;
}

static int is_unit(const char *name, size_t length)
{
	static const char *const types[] = {
		".service", ".scope", ".socket", ".mount", ".swap"
	};
	size_t i, type;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		type = strlen(types[i]);
		if (length > type &&
		    memcmp(name + length - type, types[i], type) == 0)
			return 1;
	}
	return 0;
}

/* The innermost unit, which may have groups of its own below it */
static char *last_unit(const char *path)
{
	const char *unit = NULL;
	size_t length, unit_length = 0;

	for (; *path; path += length) {
		path += strspn(path, "/");
		length = strcspn(path, "/\n");
		if (is_unit(path, length)) {
			unit = path;
			unit_length = length;
		}
		if (path[length] != '/')
			break;
	}
	return unit ? strndup(unit, unit_length) : NULL;
}

char *holders_unit(const char *cgroup)
{
	static const char *const of_systemd[] = { "::", ":name=systemd:" };
	const char *line;
	char *unit;
	size_t i, length;

	for (line = cgroup; *line; line += strcspn(line, "\n")) {
		line += *line == '\n';
		line += strspn(line, "0123456789");
		for (i = 0; i < 2; i++) {
			length = strlen(of_systemd[i]);
			if (strncmp(line, of_systemd[i], length) != 0)
				continue;
			unit = last_unit(line + length);
			if (unit)
				return unit;
		}
	}
	return NULL;
}

static int compare(const void *left, const void *right)
{
	const struct holder *a = left, *b = right;

	return (a->pid > b->pid) - (a->pid < b->pid);
}

static int look_at(const struct node *node, const char *pid,
		   struct holder *holder)
{
	char *cgroup;

	holder->opens = count_opens(node, pid);
	holder->mappings = count_mappings(node, pid);
	if (!holder->opens && !holder->mappings)
		return -1;
	holder->pid = atoi(pid);
	holder->process = system_read("/proc/%s/comm", pid);
	cgroup = system_read("/proc/%s/cgroup", pid);
	holder->unit = cgroup ? holders_unit(cgroup) : NULL;
	free(cgroup);
	return 0;
}

struct holder *holders_find(const char *path, size_t *count)
{
	struct node node = { .path = path };
	struct holder *holders = NULL;
	struct dirent *entry;
	char *full;
	DIR *dir;
	size_t n = 0;
	int is_lost;

	full = system_path("%s", path);
	is_lost = stat(full, &node.status);
	free(full);
	full = system_path("/proc");
	dir = is_lost ? NULL : opendir(full);
	free(full);
	while (dir && (entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		holders = xgrow(holders, n, sizeof(*holders));
		if (!look_at(&node, entry->d_name, &holders[n]))
			n++;
	}
	if (dir)
		closedir(dir);
	if (n > 1)
		qsort(holders, n, sizeof(*holders), compare);
	*count = n;
	return holders;
}

void holders_free(struct holder *holders, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		free(holders[i].process);
		free(holders[i].unit);
	}
	free(holders);
}
