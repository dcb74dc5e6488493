// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

struct mapbuf_entry {
	char name[MAPBUF_NAME_SIZE];
	char backing[16];
	char cache[4];
	uint64_t size;
	unsigned int id;
	int numa_node;
	int64_t opens;
	int64_t mappings;
	int64_t exports;
	int64_t notifications;
	int64_t dma_bits;
	int64_t phys_addr;
	int64_t dma_address;
	int64_t zero_on_last_close;
	char *path;
	char *device;
};

struct mapbuf_list {
	size_t count;
	struct mapbuf_entry *entries;
};

static int64_t read_optional(int dir, const char *attribute)
{
	int64_t value;

	return libmapbuf_read_int64(dir, attribute, &value) ? -1 : value;
}

static int64_t read_zero_on_last_close(int dir)
{
	char text[8];

	if (libmapbuf_read_text(dir, "on_last_close", text, sizeof(text)))
		return -1;
	return strcmp(text, "zero") == 0;
}

static int set_path(struct mapbuf_entry *entry, int has_file)
{
	char file[PATH_MAX];
	int length;

	snprintf(file, sizeof(file), "%s/%s", libmapbuf_files_dir(),
		 entry->name);
	if (has_file || access(file, F_OK) == 0)
		length = asprintf(&entry->path, "%s", file);
	else
		length = asprintf(&entry->path, "%s/mapbuf%u",
				  libmapbuf_dev_dir(), entry->id);
	if (length >= 0)
		return 0;
	entry->path = NULL;
	return -1;
}

static void set_device(struct mapbuf_entry *entry)
{
	char link[PATH_MAX];

	snprintf(link, sizeof(link), "%s/mapbuf%u/device",
		 libmapbuf_class_dir(), entry->id);
	entry->device = realpath(link, NULL);
}

/* Fails with ENOENT or ENODEV when the buffer was destroyed meanwhile. */
static int read_entry(int class, struct mapbuf_entry *entry, int has_file)
{
	char name[32];
	int64_t size;
	int dir, error;

	snprintf(name, sizeof(name), "mapbuf%u", entry->id);
	dir = openat(class, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -1;
	if (libmapbuf_read_text(dir, "name", entry->name,
				sizeof(entry->name)) ||
	    libmapbuf_read_int64(dir, "size", &size) ||
	    libmapbuf_read_text(dir, "backing", entry->backing,
				sizeof(entry->backing))) {
		error = errno;
		close(dir);
		errno = error;
		return -1;
	}
	entry->size = size;
	entry->numa_node = read_optional(dir, "numa_node");
	entry->opens = read_optional(dir, "opens");
	entry->mappings = read_optional(dir, "mappings");
	entry->exports = read_optional(dir, "exports");
	entry->notifications = read_optional(dir, "notifications");
	entry->dma_bits = read_optional(dir, "dma_bits");
	entry->phys_addr = read_optional(dir, "phys_addr");
	entry->dma_address = read_optional(dir, "dma_addr");
	entry->zero_on_last_close = read_zero_on_last_close(dir);
	if (libmapbuf_read_text(dir, "cache", entry->cache,
				sizeof(entry->cache)))
		entry->cache[0] = '\0';
	close(dir);
	set_device(entry);
	return set_path(entry, has_file);
}

static int fill(struct mapbuf_list *list, const struct libmapbuf_nodes *nodes)
{
	int have_files = libmapbuf_files_are_mounted();
	struct mapbuf_entry *entry;
	size_t i;

	list->entries = calloc(nodes->count, sizeof(*list->entries));
	if (!list->entries && nodes->count)
		return -1;
	for (i = 0; i < nodes->count; i++) {
		entry = &list->entries[list->count];
		entry->id = nodes->node[i].id;
		if (!read_entry(dirfd(nodes->dir), entry, have_files))
			list->count++;
		else if (errno != ENOENT && errno != ENODEV)
			return -1;
	}
	return 0;
}

static int compare(const void *left, const void *right)
{
	const struct mapbuf_entry *a = left, *b = right;

	return (a->id > b->id) - (a->id < b->id);
}

struct mapbuf_list *mapbuf_list_read(void)
{
	struct libmapbuf_nodes nodes;
	struct mapbuf_list *list;
	int failed, error;

	if (libmapbuf_nodes_read(&nodes))
		return NULL;
	list = calloc(1, sizeof(*list));
	failed = !list || fill(list, &nodes);
	error = errno;
	libmapbuf_nodes_free(&nodes);
	if (failed) {
		mapbuf_list_free(list);
		errno = error;
		return NULL;
	}
	if (list->entries)
		qsort(list->entries, list->count, sizeof(list->entries[0]),
		      compare);
	return list;
}

void mapbuf_list_free(struct mapbuf_list *list)
{
	size_t i;

	if (!list)
		return;
	for (i = 0; i < list->count; i++) {
		free(list->entries[i].path);
		free(list->entries[i].device);
	}
	free(list->entries);
	free(list);
}

size_t mapbuf_list_count(const struct mapbuf_list *list)
{
	return list->count;
}

const struct mapbuf_entry *mapbuf_list_get(const struct mapbuf_list *list,
					   size_t index)
{
	return index < list->count ? &list->entries[index] : NULL;
}

const struct mapbuf_entry *mapbuf_list_find(const struct mapbuf_list *list,
					    const char *name)
{
	size_t i;

	for (i = 0; i < list->count; i++) {
		if (strcmp(list->entries[i].name, name) == 0)
			return &list->entries[i];
	}
	errno = ENOENT;
	return NULL;
}

const char *mapbuf_entry_name(const struct mapbuf_entry *entry)
{
	return entry->name;
}

uint64_t mapbuf_entry_size(const struct mapbuf_entry *entry)
{
	return entry->size;
}

const char *mapbuf_entry_backing(const struct mapbuf_entry *entry)
{
	return entry->backing;
}

unsigned int mapbuf_entry_id(const struct mapbuf_entry *entry)
{
	return entry->id;
}

int mapbuf_entry_numa_node(const struct mapbuf_entry *entry)
{
	return entry->numa_node;
}

int64_t mapbuf_entry_opens(const struct mapbuf_entry *entry)
{
	return entry->opens;
}

int64_t mapbuf_entry_mappings(const struct mapbuf_entry *entry)
{
	return entry->mappings;
}

int64_t mapbuf_entry_exports(const struct mapbuf_entry *entry)
{
	return entry->exports;
}

int64_t mapbuf_entry_notifications(const struct mapbuf_entry *entry)
{
	return entry->notifications;
}

/* For what is dear to read: not before it is asked for */
static int64_t read_now(const struct mapbuf_entry *entry, const char *attribute)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/mapbuf%u/%s", libmapbuf_class_dir(),
		 entry->id, attribute);
	return read_optional(AT_FDCWD, path);
}

int64_t mapbuf_entry_pinned(const struct mapbuf_entry *entry)
{
	return read_now(entry, "pinned");
}

int64_t mapbuf_entry_errors(const struct mapbuf_entry *entry)
{
	return read_now(entry, "errors");
}

int64_t mapbuf_entry_dma_bits(const struct mapbuf_entry *entry)
{
	return entry->dma_bits;
}

int64_t mapbuf_entry_phys_addr(const struct mapbuf_entry *entry)
{
	return entry->phys_addr;
}

const char *mapbuf_entry_device(const struct mapbuf_entry *entry)
{
	return entry->device;
}

int64_t mapbuf_entry_dma_address(const struct mapbuf_entry *entry)
{
	return entry->dma_address;
}

const char *mapbuf_entry_cache(const struct mapbuf_entry *entry)
{
	return entry->cache;
}

int64_t mapbuf_entry_zero_on_last_close(const struct mapbuf_entry *entry)
{
	return entry->zero_on_last_close;
}

const char *mapbuf_entry_path(const struct mapbuf_entry *entry)
{
	return entry->path;
}

int64_t mapbuf_entry_uid(const struct mapbuf_entry *entry)
{
	struct stat st;

	return stat(entry->path, &st) ? -1 : (int64_t)st.st_uid;
}

int64_t mapbuf_entry_gid(const struct mapbuf_entry *entry)
{
	struct stat st;

	return stat(entry->path, &st) ? -1 : (int64_t)st.st_gid;
}

int64_t mapbuf_entry_mode(const struct mapbuf_entry *entry)
{
	struct stat st;

	return stat(entry->path, &st) ? -1 : (int64_t)(st.st_mode & 07777);
}
