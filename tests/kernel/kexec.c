// SPDX-License-Identifier: GPL-2.0-only
/*
 * Another kernel is started while buffers are open, mapped and written to.  It
 * finds what a reserved buffer holds, and nothing of the others.  This program
 * runs in both kernels, and the programs before it in the first one only: it
 * comes first.
 */
#include "t.h"

#include <dirent.h>
#include <linux/reboot.h>
#include <sys/syscall.h>

#define KEPT "reserved=kept@0x30000000+4M"
#define KEPT_SIZE (4 * MIB)
#define LOST_SIZE (64 * MIB)
#define SECOND " mapbuf_second"

static char cmdline[2048];
static int written[2];

/* From the disk with that serial number, as kexec wants a regular file. */
static int copy_of(const char *serial)
{
	static char block[MIB];
	char path[300], text[32];
	DIR *dir = opendir("/sys/block");
	struct dirent *entry;
	int from = -1, to;
	ssize_t n;

	while (dir && from < 0 && (entry = readdir(dir))) {
		FILE *file;

		snprintf(path, sizeof(path), "/sys/block/%s/serial",
			 entry->d_name);
		file = fopen(path, "r");
		if (!file)
			continue;
		if (fgets(text, sizeof(text), file) && !strcmp(text, serial)) {
			snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
			from = open(path, O_RDONLY);
		}
		fclose(file);
	}
	if (from < 0)
		t_bail("no disk %s", serial);
	snprintf(path, sizeof(path), "/tmp/%s", serial);
	to = open(path, O_CREAT | O_WRONLY, 0600);
	while ((n = read(from, block, sizeof(block))) > 0)
		must(write(to, block, n) == n);
	must(!n && !close(to));
	return open(path, O_RDONLY);
}

static void write_for_ever(unsigned int store)
{
	int fd = b_open(stores[store].name, O_RDWR);
	char *map = b_map(fd, LOST_SIZE, 0);

	fill(map, LOST_SIZE, store);
	must(write(written[1], "", 1) == 1);
	for (;;)
		fill(map, LOST_SIZE, store);
}

static void first_kernel(void)
{
	int kernel = copy_of("kernel"), initrd = copy_of("initrd"), fd, i;
	char byte;

	must(!module_unload() && !module_load(KEPT) && !pipe(written));
	fd = b_open("kept", O_RDWR);
	fill(b_map(fd, KEPT_SIZE, 0), KEPT_SIZE, 1);
	for (i = 0; stores[i].name; i++) {
		b_create(stores[i].name, LOST_SIZE, stores[i].id);
		child(write_for_ever, i);
	}
	close(written[1]);
	while (i-- > 0)
		must(read(written[0], &byte, 1) == 1);
	strcat(cmdline, SECOND);
	if (syscall(SYS_kexec_file_load, kernel, initrd, strlen(cmdline) + 1,
		    cmdline, 0))
		t_bail("kexec_file_load");
	/* For run_machine(): who dies from here on has not been tested yet. */
	if (getenv("RESULT"))
		must(!write_file(getenv("RESULT"), "booting\n"));
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
		LINUX_REBOOT_CMD_KEXEC, NULL);
	t_bail("reboot");
}

/* What fill() left there with @seed; 0: zeroes. */
static bool holds(const char *name, size_t size, uint64_t seed)
{
	int fd = b_open(name, O_RDWR);
	char *map = b_map(fd, size, 0);
	bool ok = seed ? filled(map, size, seed) : all_zero(map, size);

	munmap(map, size);
	close(fd);
	return ok;
}

int main(void)
{
	FILE *file = fopen("/proc/cmdline", "r");
	const struct store *s;

	must(file && fgets(cmdline, sizeof(cmdline) - sizeof(SECOND), file));
	fclose(file);
	cmdline[strcspn(cmdline, "\n")] = '\0';
	if (!strstr(cmdline, SECOND))
		first_kernel();

	t_ok(!module_unload() && !module_load(KEPT),
	     "a second kernel runs, and loads the module");
	t_ok(holds("kept", KEPT_SIZE, 1),
	     "the reserved buffer has what the first kernel left there");
	t_ok(!module_unload() && !module_load(""), "unload and load");
	for (s = stores; s->name; s++) {
		b_create(s->name, LOST_SIZE, s->id);
		t_ok(holds(s->name, LOST_SIZE, 0), "%s: a new buffer is zero",
		     s->name);
		b_destroy(s->name, 0);
	}
	return t_done();
}
