// SPDX-License-Identifier: GPL-2.0-only
#include "use.h"

#include <setjmp.h>

#include <dirent.h>
#include <sys/syscall.h>

int b_nodes(void)
{
	DIR *dir = opendir("/dev");
	struct dirent *entry;
	int nodes = 0, id;

	while (dir && (entry = readdir(dir)))
		nodes += sscanf(entry->d_name, "mapbuf%d", &id) == 1;
	if (dir)
		closedir(dir);
	return nodes;
}

bool has_dmabuf(void)
{
	int fd, dmabuf;

	b_create("dmabuf", PAGE, MAPBUF_BACKING_VMALLOC);
	fd = b_open("dmabuf", O_RDWR);
	dmabuf = b_export(fd, 0, PAGE);
	if (dmabuf >= 0)
		close(dmabuf);
	close(fd);
	b_destroy("dmabuf", 0);
	return dmabuf != -EOPNOTSUPP;
}

int use_whole_life(const char *name, size_t size, size_t checked,
		   unsigned int backing, uint64_t seed)
{
	int err = b_try_create(name, size, backing), fd;
	char *map;

	if (err)
		return err;
	fd = b_open(name, O_RDWR);
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(fd >= 0 && map != MAP_FAILED && all_zero(map, checked));
	fill(map, checked, seed);
	must(!madvise(map, size, MADV_DONTNEED));
	must(filled(map, checked, seed));
	munmap(map, size);
	close(fd);
	must(!b_destroy(name, 0));
	return 0;
}

bool count_calls(const char *function)
{
	char text[128];

	snprintf(text, sizeof(text), "p:calls %s\n", function);
	return !write_file(TRACING "kprobe_events", text) &&
	       !write_file(TRACING "events/kprobes/calls/enable", "1");
}

long counted_calls(void)
{
	return sum_of(TRACING "kprobe_profile", " calls %ld", " calls %ld");
}

void stop_counting(void)
{
	write_file(TRACING "events/kprobes/calls/enable", "0");
	write_file(TRACING "kprobe_events", "-:calls\n");
}

int reserve(const char *name, uint64_t start, uint64_t bytes,
	    unsigned int cache, unsigned int flags)
{
	struct mapbuf_create c = {
		.size = sizeof(c), .bytes = bytes, .flags = flags,
		.backing = MAPBUF_BACKING_RESERVED, .cache = cache,
		.phys_addr = start,
	};

	strncpy(c.name, name, sizeof(c.name) - 1);
	return ioctl(b_control(), MAPBUF_IOC_CREATE, &c) ? -errno : 0;
}

uint64_t ivshmem(void)
{
	DIR *dir = opendir("/sys/bus/pci/devices");
	struct dirent *entry;
	uint64_t start = 0;

	while (dir && !start && (entry = readdir(dir))) {
		char path[300], line[256] = "";
		FILE *file;
		int i;

		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/device",
			 entry->d_name);
		file = fopen(path, "r");
		if (!file)
			continue;
		if (!fgets(line, sizeof(line), file))
			line[0] = '\0';
		fclose(file);
		if (strcmp(line, "0x1110\n"))
			continue;
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/enable",
			 entry->d_name);
		i = open(path, O_WRONLY);
		if (write(i, "1", 1) != 1)
			t_note("cannot switch the device on");
		close(i);
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource",
			 entry->d_name);
		file = fopen(path, "r");
		for (i = 0; i < 3; i++) {
			if (!fgets(line, sizeof(line), file))
				line[0] = '\0';
		}
		fclose(file);
		start = strtoull(line, NULL, 0);
	}
	if (dir)
		closedir(dir);
	return start;
}

int driver_load(void)
{
	int module = open("/t/driver.ko", O_RDONLY | O_CLOEXEC), fd;

	if (module < 0 || syscall(SYS_finit_module, module, "", 0))
		t_bail("load /t/driver.ko");
	close(module);
	fd = open("/dev/driver", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		t_bail("/dev/driver");
	return fd;
}

void driver_unload(int fd)
{
	close(fd);
	if (syscall(SYS_delete_module, "driver", O_NONBLOCK))
		t_bail("unload the driver");
}

static sigjmp_buf before_touch;
static siginfo_t sigbus;

/* cppcheck-suppress constParameter ; as sigaction() wants it */
static void on_sigbus(int number, siginfo_t *got, void *context)
{
	(void)number;
	(void)context;
	sigbus = *got;
	siglongjmp(before_touch, 1);
}

const siginfo_t *raised_in(void (*use)(void *), void *data)
{
	struct sigaction action = {
		.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO,
	}, before;
	const siginfo_t *volatile info = &sigbus;

	must(!sigaction(SIGBUS, &action, &before));
	if (!sigsetjmp(before_touch, 1)) {
		use(data);
		info = NULL;
	}
	must(!sigaction(SIGBUS, &before, NULL));
	return info;
}

static void read_byte(void *at)
{
	(void)*(volatile char *)at;
}

static void write_byte(void *at)
{
	*(volatile char *)at |= 0;
}

const siginfo_t *raised(char *at, bool write)
{
	return raised_in(write ? write_byte : read_byte, at);
}
