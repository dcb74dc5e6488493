// SPDX-License-Identifier: GPL-2.0-only
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <mapbuf.h>

#include "columns.h"
#include "size.h"
#include "system.h"

static void print_name(char *cell, const struct mapbuf_entry *entry, int exact)
{
	(void)exact;
	snprintf(cell, CELL_SIZE, "%s", mapbuf_entry_name(entry));
}

static void print_size(char *cell, const struct mapbuf_entry *entry, int exact)
{
	if (exact)
		snprintf(cell, CELL_SIZE, "%" PRIu64,
			 mapbuf_entry_size(entry));
	else
		size_format(cell, mapbuf_entry_size(entry));
}

static void print_backing(char *cell, const struct mapbuf_entry *entry,
			  int exact)
{
	(void)exact;
	snprintf(cell, CELL_SIZE, "%s", mapbuf_entry_backing(entry));
}

static void print_count(char *cell, int64_t count)
{
	if (count >= 0)
		snprintf(cell, CELL_SIZE, "%" PRId64, count);
}

static void print_numa(char *cell, const struct mapbuf_entry *entry, int exact)
{
	(void)exact;
	print_count(cell, mapbuf_entry_numa_node(entry));
}

static void print_path(char *cell, const struct mapbuf_entry *entry, int exact)
{
	(void)exact;
	snprintf(cell, CELL_SIZE, "/dev/mapbuf%u", mapbuf_entry_id(entry));
}

static void print_opens(char *cell, const struct mapbuf_entry *entry, int exact)
{
	(void)exact;
	print_count(cell, mapbuf_entry_opens(entry));
}

static void print_mappings(char *cell, const struct mapbuf_entry *entry,
			   int exact)
{
	(void)exact;
	print_count(cell, mapbuf_entry_mappings(entry));
}

static void print_exports(char *cell, const struct mapbuf_entry *entry,
			  int exact)
{
	(void)exact;
	print_count(cell, mapbuf_entry_exports(entry));
}

static void print_notifications(char *cell, const struct mapbuf_entry *entry,
				int exact)
{
	(void)exact;
	print_count(cell, mapbuf_entry_notifications(entry));
}

static void print_pinned(char *cell, const struct mapbuf_entry *entry,
			 int exact)
{
	int64_t bytes = mapbuf_entry_pinned(entry);

	if (exact)
		print_count(cell, bytes);
	else if (bytes >= 0)
		size_format(cell, bytes);
}

static void print_errors(char *cell, const struct mapbuf_entry *entry,
			 int exact)
{
	(void)exact;
	print_count(cell, mapbuf_entry_errors(entry));
}

static void print_id(char *cell, const struct mapbuf_entry *entry, int exact)
{
	(void)exact;
	print_count(cell, mapbuf_entry_id(entry));
}

static void print_dma_bits(char *cell, const struct mapbuf_entry *entry,
			   int exact)
{
	int64_t bits = mapbuf_entry_dma_bits(entry);

	(void)exact;
	/* 0 is no limit. */
	if (bits > 0)
		print_count(cell, bits);
}

static void print_address(char *cell, const struct mapbuf_entry *entry,
			  int exact)
{
	int64_t address = mapbuf_entry_phys_addr(entry);

	(void)exact;
	if (address >= 0)
		snprintf(cell, CELL_SIZE, "%#" PRIx64, address);
}

static void print_device(char *cell, const struct mapbuf_entry *entry,
			 int exact)
{
	const char *device = mapbuf_entry_device(entry);

	(void)exact;
	if (device)
		snprintf(cell, CELL_SIZE, "%s", device);
}

static void print_dma_address(char *cell, const struct mapbuf_entry *entry,
			      int exact)
{
	int64_t address = mapbuf_entry_dma_address(entry);

	(void)exact;
	if (address >= 0)
		snprintf(cell, CELL_SIZE, "%#" PRIx64, address);
}

static void print_cache(char *cell, const struct mapbuf_entry *entry, int exact)
{
	(void)exact;
	snprintf(cell, CELL_SIZE, "%s", mapbuf_entry_cache(entry));
}

static void print_last_close(char *cell, const struct mapbuf_entry *entry,
			     int exact)
{
	int64_t zero = mapbuf_entry_zero_on_last_close(entry);

	(void)exact;
	if (zero >= 0)
		snprintf(cell, CELL_SIZE, "%s", zero ? "zero" : "keep");
}

static int stat_node(const struct mapbuf_entry *entry, struct stat *status)
{
	char *path = system_path("/dev/mapbuf%u", mapbuf_entry_id(entry));
	int result = stat(path, status);

	free(path);
	return result;
}

static void print_owner(char *cell, const struct mapbuf_entry *entry, int exact)
{
	struct passwd *user;
	struct stat status;

	(void)exact;
	if (stat_node(entry, &status))
		return;
	user = getpwuid(status.st_uid);
	if (user)
		snprintf(cell, CELL_SIZE, "%s", user->pw_name);
	else
		snprintf(cell, CELL_SIZE, "%u", status.st_uid);
}

static void print_group(char *cell, const struct mapbuf_entry *entry, int exact)
{
	struct group *group;
	struct stat status;

	(void)exact;
	if (stat_node(entry, &status))
		return;
	group = getgrgid(status.st_gid);
	if (group)
		snprintf(cell, CELL_SIZE, "%s", group->gr_name);
	else
		snprintf(cell, CELL_SIZE, "%u", status.st_gid);
}

static void print_mode(char *cell, const struct mapbuf_entry *entry, int exact)
{
	struct stat status;

	(void)exact;
	if (!stat_node(entry, &status))
		snprintf(cell, CELL_SIZE, "%04o", status.st_mode & 07777);
}

const struct column column_table[COLUMN_COUNT] = {
	{ "NAME", "name of the buffer", 0, 1, print_name },
	{ "SIZE", "its size", 1, 1, print_size },
	{ "BACKING", "where its memory comes from", 0, 1, print_backing },
	{ "NUMA", "requested NUMA node", 1, 1, print_numa },
	{ "PATH", "device node", 0, 1, print_path },
	{ "OPENS", "open files", 1, 1, print_opens },
	{ "MAPPINGS", "mappings", 1, 1, print_mappings },
	{ "PINNED", "how much of it is pinned: by io_uring, RDMA, VFIO ...",
	  1, 1, print_pinned },
	{ "EXPORTS", "dma-bufs made of it, for devices", 1, 0,
	  print_exports },
	{ "NOTIFIED", "notifications of new data so far", 1, 0,
	  print_notifications },
	{ "ERRORS", "pages with a memory error", 1, 0, print_errors },
	{ "ID", "N of /dev/mapbufN", 1, 0, print_id },
	{ "DMABITS", "its memory lies below 2^N", 1, 0, print_dma_bits },
	{ "ADDRESS", "where its memory begins, if in one piece; for root",
	  0, 0, print_address },
	{ "DEVICE", "device that it belongs to", 0, 0, print_device },
	{ "DMAADDRESS", "where that device finds it, if in one piece; for root",
	  0, 0, print_dma_address },
	{ "CACHE", "how processors access it: wb, wc or uc", 0, 0,
	  print_cache },
	{ "LASTCLOSE", "what the last close does to its contents", 0, 0,
	  print_last_close },
	{ "OWNER", "owner of the node", 0, 0, print_owner },
	{ "GROUP", "group of the node", 0, 0, print_group },
	{ "MODE", "permissions of the node", 0, 0, print_mode },
};

/* Not strncasecmp(), which has a dotless i in a Turkish locale. */
static int is_title(const char *title, const char *text, size_t length)
{
	size_t i;

	if (strlen(title) != length)
		return 0;
	for (i = 0; i < length; i++) {
		if ((title[i] | 0x20) != (text[i] | 0x20))
			return 0;
	}
	return 1;
}

int column_find(const char *title, size_t length)
{
	int i;

	for (i = 0; i < COLUMN_COUNT; i++) {
		if (is_title(column_table[i].title, title, length))
			return i;
	}
	return -1;
}
