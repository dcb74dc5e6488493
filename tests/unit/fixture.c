// SPDX-License-Identifier: GPL-2.0-only
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"

static char root[64];

const char *fixture_root(void)
{
	return root;
}

int fixture_setup(void **state)
{
	(void)state;
	strcpy(root, "/tmp/mapbuf-unit.XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *status, int type,
		      struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

int fixture_teardown(void **state)
{
	(void)state;
	return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void make_path(char *full, size_t size, const char *path)
{
	char *slash;

	snprintf(full, size, "%s%s", root, path);
	for (slash = strchr(full + strlen(root) + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(full, 0777);
		*slash = '/';
	}
}

void fixture_write(const char *path, const char *text)
{
	char full[256];
	FILE *file;

	make_path(full, sizeof(full), path);
	file = fopen(full, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

void fixture_link(const char *path, const char *target)
{
	char full[256];

	make_path(full, sizeof(full), path);
	assert_int_equal(symlink(target, full), 0);
}

static void write_attribute(unsigned int id, const char *attribute,
			    const char *value)
{
	char path[128], line[128];

	snprintf(path, sizeof(path), "/sys/class/mapbuf/mapbuf%u/%s", id,
		 attribute);
	snprintf(line, sizeof(line), "%s\n", value);
	fixture_write(path, line);
}

void fixture_buffer(unsigned int id, const char *name, const char *size,
		    const char *backing)
{
	char path[64];

	write_attribute(id, "name", name);
	write_attribute(id, "size", size);
	write_attribute(id, "backing", backing);
	snprintf(path, sizeof(path), "/dev/mapbuf%u", id);
	fixture_write(path, "");
}

static const char *in_root(char *path, size_t size, const char *rest)
{
	snprintf(path, size, "%s%s", root, rest);
	return path;
}

const char *libmapbuf_dev_dir(void)
{
	static char path[128];

	return in_root(path, sizeof(path), "/dev");
}

const char *libmapbuf_class_dir(void)
{
	static char path[128];

	return in_root(path, sizeof(path), "/sys/class/mapbuf");
}

const char *libmapbuf_files_dir(void)
{
	static char path[128];

	return in_root(path, sizeof(path), "/run/mapbuf");
}

const char *libmapbuf_fdinfo_dir(void)
{
	static char path[128];

	return in_root(path, sizeof(path), "/proc/self/fdinfo");
}

const char *libmapbuf_udev_control(void)
{
	static char path[128];

	return in_root(path, sizeof(path), "/run/udev/control");
}
