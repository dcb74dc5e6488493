// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linked into mapbufctl in place of paths.c and of ioctl(): a module made of
 * files below $MAPBUF_FIXTURE.  A buffer whose name begins with "fail-E..."
 * cannot be made for that reason, one that begins with "busy" is in use.  One
 * that begins with "slow" takes until there is a file $MAPBUF_FIXTURE/go, before
 * it exists, and half of it is cleared meanwhile; with "late" after that.  Each has a
 * node, a file as long as the buffer, but one that begins with "nameless".  None can
 * be made while there is a file $MAPBUF_FIXTURE/limit.
 * $MAPBUF_FIXTURE/requests gets what reaches the module, makers the process that
 * has asked for each buffer, and lists a line for each time that all buffers are
 * looked through.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake_notify.h"
#include "internal.h"
#include "system.h"

#define PAGE 4096

int __real_ioctl(int fd, unsigned long number, void *request);
int __wrap_ioctl(int fd, unsigned long number, void *request);

static const struct {
	const char *name;
	int number;
} errors[] = {
	{ "fail-ENOMEM", ENOMEM }, { "fail-ENOSPC", ENOSPC },
	{ "fail-EINVAL", EINVAL }, { "fail-ENOTTY", ENOTTY },
	{ "fail-EINTR", EINTR }, { "fail-EIO", EIO },
	{ "fail-EBUSY", EBUSY }, { "fail-EPERM", EPERM },
	{ "fail-EOPNOTSUPP", EOPNOTSUPP },
};

static const char *below_root(char *path, size_t size, const char *rest)
{
	const char *root = getenv("MAPBUF_FIXTURE");

	if (!root)
		abort();
	snprintf(path, size, "%s%s", root, rest);
	return path;
}

const char *system_root(void)
{
	static char path[512];

	return below_root(path, sizeof(path), "");
}

const char *libmapbuf_dev_dir(void)
{
	static char path[512];

	return below_root(path, sizeof(path), "/dev");
}

static const char *class_dir(void)
{
	static char path[512];

	return below_root(path, sizeof(path), "/sys/class/mapbuf");
}

const char *libmapbuf_files_dir(void)
{
	static char path[512];

	return below_root(path, sizeof(path), "/run/mapbuf");
}

const char *libmapbuf_fdinfo_dir(void)
{
	static char path[512];

	return below_root(path, sizeof(path), "/fdinfo");
}

const char *libmapbuf_udev_control(void)
{
	static char path[512];

	return below_root(path, sizeof(path), "/run/udev/control");
}

/* One line to a file, which is made, or appended to. */
static void write_line(const char *path, const char *how, const char *format,
		       ...)
{
	va_list arguments;
	FILE *file;

	file = fopen(path, how);
	if (!file)
		abort();
	va_start(arguments, format);
	vfprintf(file, format, arguments);
	va_end(arguments);
	fputc('\n', file);
	if (fclose(file))
		abort();
}

/* Each time that buffers are looked for. */
const char *libmapbuf_class_dir(void)
{
	char log[512];

	write_line(below_root(log, sizeof(log), "/lists"), "a", "list");
	return class_dir();
}

static void write_attribute(const char *attribute, const char *format,
			    unsigned long long value)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s/new%d/%s", class_dir(), getpid(),
		 attribute);
	write_line(path, "w", format, value);
}

/* All at once, as in sysfs. */
static void add_buffer(const struct mapbuf_create *request)
{
	char new[1024], path[1024];
	unsigned long long size = (request->bytes + PAGE - 1) / PAGE * PAGE;
	int node = request->flags & MAPBUF_CREATE_NUMA_NODE ?
		   request->numa_node : -1;
	unsigned int backing = request->backing ? request->backing :
			       MAPBUF_BACKING_VMALLOC;

	snprintf(new, sizeof(new), "%s/new%d", class_dir(), getpid());
	snprintf(path, sizeof(path), "%s/mapbuf%u", class_dir(),
		 request->id);
	mkdir(new, 0777);
	write_attribute("name", request->name, 0);
	write_attribute("size", "%llu", size);
	write_attribute("backing", libmapbuf_backing_name(backing), 0);
	write_attribute("numa_node", "%lld", node);
	write_attribute("opens", "%llu", 0);
	write_attribute("mappings", "%llu", 0);
	write_attribute("pinned", "%llu", 0);
	write_attribute("notifications", "%llu", 0);
	write_attribute("cache", mapbuf_caches()[request->cache], 0);
	write_attribute("on_last_close",
			request->flags & MAPBUF_CREATE_ZERO_LAST_CLOSE ?
			"zero" : "keep", 0);
	if (backing == MAPBUF_BACKING_RESERVED)
		write_attribute("phys_addr", "%#llx", request->phys_addr);
	if (rename(new, path))
		abort();
}

static void node_path(char *path, size_t size, unsigned int id)
{
	snprintf(path, size, "%s/mapbuf%u", libmapbuf_dev_dir(), id);
}

static void add_node(const struct mapbuf_create *request)
{
	char path[1024];
	int fd;

	node_path(path, sizeof(path), request->id);
	fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0 ||
	    ftruncate(fd, (request->bytes + PAGE - 1) / PAGE * PAGE) ||
	    (geteuid() == 0 && fchown(fd, request->uid, request->gid)) ||
	    fchmod(fd, request->mode))
		abort();
	close(fd);
}

static void wait_to_go(void)
{
	char path[1024];

	below_root(path, sizeof(path), "/go");
	while (access(path, F_OK))
		usleep(10000);
}

/* As the kernel has it of that descriptor, for the parent, too */
static void report_cleared(int fd, unsigned long long bytes)
{
	char path[1024];

	mkdir(libmapbuf_fdinfo_dir(), 0777);
	snprintf(path, sizeof(path), "%s/%d", libmapbuf_fdinfo_dir(), fd);
	write_line(path, "w", "pos:\t0\nmapbuf-cleared:\t%llu", bytes);
}

static int create(int fd, struct mapbuf_create *request, const char *log)
{
	char path[1024], range[128] = "";
	unsigned int id;
	size_t i;

	if (request->size != sizeof(*request))
		abort();
	if (request->backing == MAPBUF_BACKING_RESERVED)
		snprintf(range, sizeof(range), " phys_addr=%#llx cache=%u",
			 (unsigned long long)request->phys_addr,
			 request->cache);
	else if (request->cache)
		snprintf(range, sizeof(range), " cache=%u", request->cache);
	if (request->device[0])
		snprintf(range, sizeof(range), " device=%.*s",
			 MAPBUF_DEVICE_SIZE, request->device);
	write_line(log, "a", "create %s flags=%#x bytes=%llu backing=%u numa_node=%d dma_bits=%u uid=%u gid=%u mode=%04o%s",
		   request->name, request->flags,
		   (unsigned long long)request->bytes, request->backing,
		   request->numa_node, request->dma_bits, request->uid,
		   request->gid, request->mode, range);
	write_line(below_root(path, sizeof(path), "/makers"), "a", "%d",
		   getpid());
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (strcmp(request->name, errors[i].name) == 0)
			return errors[i].number;
	}
	if (!access(below_root(path, sizeof(path), "/limit"), F_OK))
		return ENOSPC;
	if (!libmapbuf_find(request->name, &id))
		return EEXIST;
	for (id = 0;; id++) {
		snprintf(path, sizeof(path), "%s/mapbuf%u",
			 class_dir(), id);
		if (access(path, F_OK))
			break;
	}
	request->id = id;
	/* Nobody else gets the number, also when this process is killed. */
	mkdir(path, 0777);
	if (strncmp(request->name, "slow", 4) == 0) {
		report_cleared(fd, request->bytes / 2);
		wait_to_go();
	}
	if (strncmp(request->name, "nameless", 8) != 0)
		add_node(request);
	add_buffer(request);
	if (strncmp(request->name, "late", 4) == 0)
		wait_to_go();
	return 0;
}

static int destroy(const struct mapbuf_destroy *request, const char *log)
{
	char path[1024];
	unsigned int id;

	if (request->size != sizeof(*request))
		abort();
	write_line(log, "a", "destroy %s flags=%#x", request->name,
		   request->flags);
	if (libmapbuf_find(request->name, &id))
		return ENOENT;
	if (strncmp(request->name, "busy", 4) == 0 &&
	    !(request->flags & MAPBUF_DESTROY_DEFERRED))
		return EBUSY;
	node_path(path, sizeof(path), id);
	unlink(path);
	snprintf(path, sizeof(path), "%s/mapbuf%u/name", class_dir(),
		 id);
	return unlink(path) ? errno : 0;
}

/* Of the buffer whose node, a file as long as the buffer, is open */
static int info(int fd, struct mapbuf_info *request)
{
	char link[64], path[1024];
	struct stat status;
	ssize_t length;
	int dir;

	if (request->size != sizeof(*request))
		abort();
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path) - 1);
	if (length < 0 || fstat(fd, &status))
		return ENOTTY;
	path[length] = '\0';
	if (libmapbuf_parse_node(strrchr(path, '/') + 1, &request->id))
		return ENOTTY;
	snprintf(path, sizeof(path), "%s/mapbuf%u", class_dir(),
		 request->id);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || libmapbuf_read_text(dir, "name", request->name,
					   sizeof(request->name)))
		return ENOTTY;
	close(dir);
	request->bytes = status.st_size;
	request->backing = MAPBUF_BACKING_VMALLOC;
	return 0;
}

/* Of programs that wait for each other, which have fake_notify.c, too */
#pragma weak fake_open
#pragma weak fake_notify
#pragma weak fake_seen

/* Elsewhere the node polls as readable always. */
static int notify(int fd, const struct mapbuf_notify *request,
		  const char *verb, const char *log)
{
	if (request->size != sizeof(*request))
		abort();
	write_line(log, "a", "%s", verb);
	if (!fake_notify)
		return 0;
	if (strcmp(verb, "notify") == 0)
		fake_notify(fd);
	else
		fake_seen(fd);
	return 0;
}

static int opened(int fd, struct mapbuf_info *request)
{
	int error = info(fd, request);

	if (!error && fake_open)
		fake_open(fd);
	return error;
}

/* A buffer that begins with "lone" belongs to no device. */
static int sync_buffer(int fd, const struct mapbuf_sync *request,
		       const char *log)
{
	struct mapbuf_info about = { .size = sizeof(about) };
	int error = info(fd, &about);

	if (error || request->size != sizeof(*request))
		abort();
	write_line(log, "a", "sync %s flags=%#x offset=%llu bytes=%llu",
		   about.name, request->flags,
		   (unsigned long long)request->offset,
		   (unsigned long long)request->bytes);
	if (request->offset + request->bytes > about.bytes)
		return EINVAL;
	return strncmp(about.name, "lone", 4) == 0 ? ENODEV : 0;
}

int __wrap_ioctl(int fd, unsigned long number, void *request)
{
	char log[512];

	/* That is none of the module's. */
	if (number == TIOCGWINSZ)
		return __real_ioctl(fd, number, request);
	below_root(log, sizeof(log), "/requests");
	if (number == MAPBUF_IOC_CREATE)
		errno = create(fd, request, log);
	else if (number == MAPBUF_IOC_DESTROY)
		errno = destroy(request, log);
	else if (number == MAPBUF_IOC_INFO)
		errno = opened(fd, request);
	else if (number == MAPBUF_IOC_NOTIFY)
		errno = notify(fd, request, "notify", log);
	else if (number == MAPBUF_IOC_SEEN)
		errno = notify(fd, request, "seen", log);
	else if (number == MAPBUF_IOC_SYNC)
		errno = sync_buffer(fd, request, log);
	else
		errno = ENOTTY;
	return errno ? -1 : 0;
}
