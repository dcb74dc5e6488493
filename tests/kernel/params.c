// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parameters at load.  Runs without the module, and leaves it unloaded.  A load
 * that fails leaves nothing, and says in the kernel log which parameter it was.
 */
#include "t.h"

#include <sys/klog.h>

static char *kernel_log(void)
{
	static char log[1 << 20];
	int n = klogctl(3, log, sizeof(log) - 1);

	log[n < 0 ? 0 : n] = '\0';
	return log;
}

/* Since 6.7 an eighth of memory can be in lists of the processors, not free. */
static void refused(const char *params, int err, const char *named)
{
	size_t seen = strlen(kernel_log());
	long before = meminfo("MemFree");
	int result = module_load(params);
	char *line, *log = kernel_log();

	t_ok(result == -err, "load with %s gives %s", params, strerror(err));
	line = strlen(log) >= seen ? strstr(log + seen, "mapbuf: ") : NULL;
	t_ok(line && strstr(line, named), "the log names %s: %.*s", named,
	     line ? (int)strcspn(line, "\n") : 0, line ? line : "");
	t_ok(access("/sys/module/mapbuf", F_OK) &&
	     access("/sys/class/mapbuf", F_OK) &&
	     access("/dev/mapbuf0", F_OK) &&
	     access("/dev/mapbuf-control", F_OK) &&
	     labs(meminfo("MemFree") - before) < 256 * 1024,
	     "nothing of it is left");
	if (!result)
		module_unload();
}

/* More than is free, though the limit allows it. */
static void too_many(const char *backing)
{
	char params[128];

	snprintf(params, sizeof(params),
		 "buffers=%ld size=18M max_bytes=100%% backing=%s",
		 meminfo("MemTotal") / (18 * 1024), backing);
	refused(params, ENOMEM, "buffers");
}

static void accepted(const char *params, int buffers, long size,
		     const char *backing)
{
	char name[32];
	int i, good = 0;

	t_ok(!module_load(params), "load with \"%s\"", params);
	for (i = 0; i < buffers; i++) {
		snprintf(name, sizeof(name), "mapbuf%d", i);
		good += b_id(name) == i && atol(b_sysfs(name, "size")) == size &&
			!strcmp(b_sysfs(name, "backing"), backing);
	}
	t_ok(good == buffers, "%d buffers of %ld bytes, %s", buffers, size,
	     backing);
	t_ok(!module_unload() && access("/dev/mapbuf0", F_OK), "unload");
}

static bool reads(const char *param, const char *want)
{
	char path[64], text[64] = "";
	int fd;

	snprintf(path, sizeof(path), "/sys/module/mapbuf/parameters/%s", param);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		t_bail("%s", path);
	close(fd);
	return !strcmp(text, want);
}

/* What can be read while it is loaded. */
static void shown(void)
{
	if (module_load("max_bytes=50% size=5000k"))
		t_bail("load");
	t_ok(reads("max_bytes", "50%\n") && reads("size", "5120000\n") &&
	     reads("backing", "vmalloc\n") && reads("reserved", "\n"),
	     "parameters can be read");
	t_ok(!write_file("/sys/module/mapbuf/parameters/max_bytes", "12m") &&
	     reads("max_bytes", "12582912\n"), "and changed");
	module_unload();
}

/* Of what would be refused if it were made, nothing is. */
static void switched_off(void)
{
	t_ok(!module_load("apply=0 buffers=1 size=100G reserved=a@0x40001+4K") &&
	     reads("apply", "N\n"), "load with apply=0");
	t_ok(access("/dev/mapbuf0", F_OK) && b_id("a") < 0,
	     "it creates no buffers");
	t_ok(!b_create("a", PAGE, MAPBUF_BACKING_VMALLOC) && b_id("a") >= 0 &&
	     !b_destroy("a", 0), "others can be created");
	module_unload();
}

int main(void)
{
	char ram[64];

	refused("size=0", EINVAL, "size");
	refused("size=-1", EINVAL, "size");
	refused("size=1x", EINVAL, "size");
	refused("size=1MM", EINVAL, "size");
	refused("size=", EINVAL, "size");
	refused("size", EINVAL, "size");
	refused("size=0x", EINVAL, "size");
	refused("size=18446744073709551616", EINVAL, "size");
	refused("size=99999999999999999999999999999", EINVAL, "size");
	refused("size=17179869184G", EINVAL, "size");
	refused("size=18446744073709551615 buffers=1", EINVAL, "size");
	refused("buffers=-1", EINVAL, "buffers");
	refused("apply=2", EINVAL, "apply");
	refused("buffers=x", EINVAL, "buffers");
	refused("buffers=4294967296", ERANGE, "buffers");
	refused("buffers=70000 size=4K", EINVAL, "buffers");
	refused("backing=foo", EINVAL, "backing");
	refused("backing=", EINVAL, "backing");
	refused("backing=reserved", EINVAL, "backing");
	refused("reserved=a", EINVAL, "reserved");
	refused("reserved=a@1G", EINVAL, "reserved");
	refused("reserved=a@1G+", EINVAL, "reserved");
	refused("reserved=@1G+4K", EINVAL, "reserved");
	refused("reserved=a@1G+4K:xx", EINVAL, "reserved");
	refused("reserved=.a@1G+4K", EINVAL, "reserved");
	if (system_ram()) {
		snprintf(ram, sizeof(ram), "reserved=a@%#lx+4K", system_ram());
		refused(ram, EINVAL, "reserved");
	} else {
		t_skip("the kernel does not tell it", "a range of System RAM");
	}
	refused("reserved=a@0x40001+4K", EINVAL, "reserved");
	refused("max_bytes=101%", EINVAL, "max_bytes");
	refused("max_bytes=0", EINVAL, "max_bytes");
	refused("max_bytes=50%%", EINVAL, "max_bytes");
	refused("buffers=3 size=4M max_bytes=8M", EINVAL, "max_bytes");
	refused("buffers=1 size=100G", EINVAL, "max_bytes");
	too_many("vmalloc");
	too_many("contiguous");

	accepted("", 0, 0, "");
	accepted("buffers=3", 3, 4 * MIB, "vmalloc");
	accepted("buffers=1 size=0x1000", 1, PAGE, "vmalloc");
	accepted("buffers=2 size=1 backing=contiguous", 2, PAGE, "contiguous");
	accepted("buffers=2 size=5000k backing=vmalloc", 2, 5000 * KIB,
		 "vmalloc");
	accepted("buffers=1 size=256M backing=contiguous max_bytes=256m", 1,
		 256 * MIB, "contiguous");
	shown();
	switched_off();
	return t_done();
}
