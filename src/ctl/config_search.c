// SPDX-License-Identifier: GPL-2.0-only
/* Finds the files to read, as systemd does for its own. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config.h"
#include "ctl.h"
#include "xalloc.h"

/* A file in an earlier one hides those of its name in the later ones. */
static const char *const directories[] = { "/etc", "/run", "/usr/lib" };

#define DIRECTORY_COUNT (sizeof(directories) / sizeof(directories[0]))

static void add_file(struct config *config, char *path)
{
	config->files = xgrow(config->files, config->file_count,
			      sizeof(config->files[0]));
	config->files[config->file_count++] = path;
}

static const char *base_name(const char *path)
{
	return strrchr(path, '/') + 1;
}

static void find_main_file(struct config *config)
{
	struct stat status;
	size_t i;
	char *path;

	for (i = 0; i < DIRECTORY_COUNT; i++) {
		path = xprintf("%s%s/mapbuf.conf", config->env.root,
			       directories[i]);
		/* A link counts even if it points nowhere: to be told of. */
		if (!lstat(path, &status)) {
			add_file(config, path);
			return;
		}
		free(path);
	}
}

static int is_hidden(const struct config *config, size_t first,
		     const char *name)
{
	size_t i;

	for (i = first; i < config->file_count; i++) {
		if (strcmp(base_name(config->files[i]), name) == 0)
			return 1;
	}
	return 0;
}

static int is_drop_in(const char *name)
{
	size_t length = strlen(name);

	return name[0] != '.' && length > 5 &&
	       strcmp(name + length - 5, ".conf") == 0;
}

static void find_drop_ins(struct config *config, const char *directory,
			  size_t first)
{
	struct dirent *entry;
	DIR *dir;

	dir = opendir(directory);
	if (!dir) {
		if (errno != ENOENT) {
			config_error(config, NULL, NULL,
				     "%s: cannot be read: %s", directory,
				     strerror(errno));
		}
		return;
	}
	while ((entry = readdir(dir))) {
		if (is_drop_in(entry->d_name) &&
		    !is_hidden(config, first, entry->d_name))
			add_file(config, xprintf("%s/%s", directory,
						 entry->d_name));
	}
	closedir(dir);
}

static int compare_names(const void *left, const void *right)
{
	char *const *a = left, *const *b = right;

	return strcmp(base_name(*a), base_name(*b));
}

void config_search(struct config *config)
{
	size_t i, first;
	char *path;

	find_main_file(config);
	first = config->file_count;
	for (i = 0; i < DIRECTORY_COUNT; i++) {
		path = xprintf("%s%s/mapbuf.conf.d", config->env.root,
			       directories[i]);
		find_drop_ins(config, path, first);
		free(path);
	}
	if (config->file_count > first)
		qsort(config->files + first, config->file_count - first,
		      sizeof(config->files[0]), compare_names);
}
