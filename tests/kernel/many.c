// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ten thousand buffers.  What the first and the last cost is compared where the
 * clock counts instructions ("icount" on the kernel's command line); elsewhere
 * it would tell little, and fewer will do.
 */
#include "t.h"

#include <dirent.h>
#include <sys/mount.h>

#define MANY 10000
#define NUMBERS (1 << 20)
#define MAX_BYTES "/sys/module/mapbuf/parameters/max_bytes"

#define FILES "/tmp/mapbuf"
#define SAMPLE 500

static int count = MANY;
static unsigned int ids[MANY];

static void name_of(char name[32], int i)
{
	snprintf(name, 32, "many-%d", i);
}

static bool create(int i)
{
	struct mapbuf_create request;
	char name[32];
	int err;

	name_of(name, i);
	err = b_request(&request, name, PAGE, MAPBUF_BACKING_VMALLOC);
	ids[i] = request.id;
	return !err;
}

static bool use_id(unsigned int id)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/mapbuf%u", id);
	fd = open(path, O_RDWR);
	return fd >= 0 && !close(fd);
}

static bool use(int i)
{
	return use_id(ids[i]);
}

/* By name, which is looked up among all of them. */
static bool use_file(int i)
{
	char name[32], path[64];
	int fd;

	name_of(name, i);
	snprintf(path, sizeof(path), FILES "/%s", name);
	fd = open(path, O_RDWR);
	return fd >= 0 && !close(fd);
}

static bool all_listed(void)
{
	struct dirent *entry;
	char name[32];
	int i = 0;
	DIR *dir = opendir(FILES);

	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		name_of(name, i++);
		if (strcmp(entry->d_name, name) != 0)
			break;
	}
	closedir(dir);
	return !entry && i == count;
}

static bool destroy(int i)
{
	char name[32];

	name_of(name, i);
	return !b_destroy(name, 0);
}

/* From the last one back, so that the end of each run is the full table. */
static bool destroy_back(int i)
{
	return destroy(count - 1 - i);
}

static void each(bool (*what)(int i), const char *verb, bool counted)
{
	double start = seconds(), first = 0, last = 0, now;
	bool ok = true;
	int i;

	for (i = 0; i < count; i++) {
		if (i == count - SAMPLE)
			start = seconds();
		ok &= what(i);
		now = seconds() - start;
		if (i == SAMPLE - 1)
			first = now;
		if (i == count - 1)
			last = now;
	}
	t_ok(ok, "%s %d buffers", verb, count);
	if (counted)
		t_ok(last < first * 1.2 && first < last * 1.2,
		     "%s: the last %d cost %.2f of the first", verb, SAMPLE,
		     last / first);
	else
		t_note("%s: the last %d took %.2f of the first", verb, SAMPLE,
		       last / first);
}

/*
 * Numbers begin again after the last one, without those that are in use.  What
 * cannot be made for want of memory uses one up, too, and is fast.
 */
static void wrap(void)
{
	int first = b_create("first", PAGE, MAPBUF_BACKING_VMALLOC);
	int kept, last = b_create("last", PAGE, MAPBUF_BACKING_VMALLOC), next;
	uint64_t all = meminfo("MemTotal") * KIB - MIB;

	if (setting("SOAK_SECONDS", 20) <= 60) {
		t_skip("a million buffers take minutes, see SOAK_SECONDS",
		       "numbers begin again");
		goto out;
	}
	must(!write_file(MAX_BYTES, "100%"));
	for (next = last; next < NUMBERS - 2; next++)
		must(b_try_create("w", all, MAPBUF_BACKING_VMALLOC) == -ENOMEM);
	kept = b_create("kept", PAGE, MAPBUF_BACKING_VMALLOC);
	next = b_create("next", PAGE, MAPBUF_BACKING_VMALLOC);
	t_ok(kept == NUMBERS - 1 && next < NUMBERS && next != first &&
	     next != last, "numbers begin again (%d, then %d)", kept, next);
	t_ok(use_id(kept) && use_id(next) && use_id(first), "and can be used");
	b_destroy("kept", 0);
	b_destroy("next", 0);
	must(!write_file(MAX_BYTES, "50%"));
out:
	b_destroy("first", 0);
	b_destroy("last", 0);
}

int main(void)
{
	bool counted = counts_instructions();

	if (!counted)
		count = 2000;
	must(!mount_files(FILES, NULL));
	each(create, "create", counted);
	each(use, "open and close", counted);
	each(use_file, "open and close the files of", counted);
	t_ok(all_listed(), "all are listed in the order of creation");
	each(destroy_back, "destroy", counted);
	must(!umount(FILES));
	wrap();
	return t_done();
}
