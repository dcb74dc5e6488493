// SPDX-License-Identifier: GPL-2.0-only
#include "t.h"
#include "kmod/mix.h"

#include <dirent.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>

#include <linux/dma-buf.h>

const struct store stores[] = {
	{ "vmalloc", MAPBUF_BACKING_VMALLOC },
	{ "contiguous", MAPBUF_BACKING_CONTIGUOUS },
	{ NULL, 0 },
};

static int failures;

bool t_result(bool ok, const char *file, int line, const char *cond,
	      const char *fmt, ...)
{
	va_list args;

	if (!ok) {
		failures++;
		printf("# %s:%d: %s (errno %d)\n", file, line, cond, errno);
	}
	printf("%s - ", ok ? "ok" : "not ok");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	return ok;
}

void t_skip(const char *why, const char *fmt, ...)
{
	va_list args;

	printf("ok - ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf(" # SKIP %s\n", why);
	fflush(stdout);
}

void t_note(const char *fmt, ...)
{
	va_list args;

	printf("# ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

void t_bail(const char *fmt, ...)
{
	va_list args;

	printf("not ok - ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf(": %s\n", strerror(errno));
	fflush(stdout);
	exit(1);
}

int t_done(void)
{
	return failures ? 1 : 0;
}

int b_control(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/dev/mapbuf-control", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		t_bail("open /dev/mapbuf-control");
	return fd;
}

int b_request(struct mapbuf_create *request, const char *name, uint64_t bytes,
	      unsigned int backing)
{
	*request = (struct mapbuf_create) {
		.size = sizeof(*request),
		.bytes = bytes,
		.backing = backing,
	};
	strncpy(request->name, name, sizeof(request->name) - 1);
	return ioctl(b_control(), MAPBUF_IOC_CREATE, request) ? -errno : 0;
}

int b_try_create(const char *name, uint64_t bytes, unsigned int backing)
{
	struct mapbuf_create request;

	return b_request(&request, name, bytes, backing);
}

int b_create(const char *name, uint64_t bytes, unsigned int backing)
{
	struct mapbuf_create request;
	int err = b_request(&request, name, bytes, backing);

	if (err) {
		errno = -err;
		t_bail("create %s of %llu bytes", name,
		       (unsigned long long)bytes);
	}
	return request.id;
}

int b_destroy(const char *name, unsigned int flags)
{
	struct mapbuf_destroy request = {
		.size = sizeof(request),
		.flags = flags,
	};

	strncpy(request.name, name, sizeof(request.name) - 1);
	return ioctl(b_control(), MAPBUF_IOC_DESTROY, &request) ? -errno : 0;
}

int b_export(int fd, uint64_t offset, uint64_t bytes)
{
	struct mapbuf_export e = {
		.size = sizeof(e), .offset = offset, .bytes = bytes,
	};

	return ioctl(fd, MAPBUF_IOC_EXPORT, &e) ? -errno : e.fd;
}

int b_address(int fd, uint64_t offset, struct mapbuf_dma *dma)
{
	*dma = (struct mapbuf_dma){ .size = sizeof(*dma), .offset = offset };
	return ioctl(fd, MAPBUF_IOC_DMA, dma) ? -errno : 0;
}

int b_sync_part(int fd, uint64_t offset, uint64_t bytes, unsigned int flags)
{
	struct mapbuf_sync sync = {
		.size = sizeof(sync), .flags = flags, .offset = offset,
		.bytes = bytes,
	};

	return ioctl(fd, MAPBUF_IOC_SYNC, &sync) ? -errno : 0;
}

int b_sync(int dmabuf, uint64_t flags)
{
	struct dma_buf_sync sync = { .flags = flags };

	return ioctl(dmabuf, DMA_BUF_IOCTL_SYNC, &sync) ? -errno : 0;
}

long long b_notify(int fd)
{
	struct mapbuf_notify n = { .size = sizeof(n) };

	return ioctl(fd, MAPBUF_IOC_NOTIFY, &n) ? -errno : (long long)n.sequence;
}

long long b_seen(int fd)
{
	struct mapbuf_notify n = { .size = sizeof(n) };

	return ioctl(fd, MAPBUF_IOC_SEEN, &n) ? -errno : (long long)n.sequence;
}

static char *read_line(const char *path)
{
	static char line[256];
	FILE *file = fopen(path, "r");
	bool ok = file && fgets(line, sizeof(line), file);

	if (file)
		fclose(file);
	if (!ok)
		return NULL;
	line[strcspn(line, "\n")] = '\0';
	return line;
}

static int id_of(const char *name)
{
	DIR *dir = opendir("/sys/class/mapbuf");
	struct dirent *entry;
	int id = -1;

	while (dir && id < 0 && (entry = readdir(dir))) {
		char path[300], *line;

		snprintf(path, sizeof(path), "/sys/class/mapbuf/%s/name",
			 entry->d_name);
		line = read_line(path);
		if (line && !strcmp(line, name))
			sscanf(entry->d_name, "mapbuf%d", &id);
	}
	if (dir)
		closedir(dir);
	return id;
}

/* readdir() may pass over a buffer while another one is destroyed. */
int b_id(const char *name)
{
	int id = -1, tries;

	for (tries = 0; id < 0 && tries < 5; tries++)
		id = id_of(name);
	return id;
}

int b_open(const char *name, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/mapbuf%d", b_id(name));
	return open(path, flags | O_CLOEXEC);
}

char *b_map(int fd, size_t len, off_t offset)
{
	char *at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			offset);

	if (at == MAP_FAILED)
		t_bail("mmap of %zu bytes", len);
	return at;
}

char *b_sysfs(const char *name, const char *file)
{
	char path[300];

	snprintf(path, sizeof(path), "/sys/class/mapbuf/mapbuf%d/%s",
		 b_id(name), file);
	return read_line(path);
}

void fill(void *where, size_t len, uint64_t seed)
{
	uint64_t *word = where;
	size_t i;

	for (i = 0; i < len / 8; i++)
		word[i] = mix(seed + i);
}

bool filled(const void *where, size_t len, uint64_t seed)
{
	const uint64_t *word = where;
	size_t i;

	for (i = 0; i < len / 8; i++) {
		if (word[i] != mix(seed + i)) {
			t_note("differs at byte %zu: %#llx instead of %#llx",
			       i * 8, (unsigned long long)word[i],
			       (unsigned long long)mix(seed + i));
			return false;
		}
	}
	return true;
}

bool all_zero(const void *where, size_t len)
{
	const uint64_t *word = where;
	size_t i;

	for (i = 0; i < len / 8; i++) {
		if (word[i]) {
			t_note("not zero at byte %zu: %#llx", i * 8,
			       (unsigned long long)word[i]);
			return false;
		}
	}
	return true;
}

int mount_files(const char *where, const char *options)
{
	mkdir(where, 0755);
	return mount("mapbuf", where, "mapbuf", 0, options) ? -errno : 0;
}

int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;
	ssize_t done;

	if (fd < 0)
		return -errno;
	done = write(fd, text, strlen(text));
	if (done != (ssize_t)strlen(text))
		err = done < 0 ? -errno : -EIO;
	close(fd);
	return err;
}

double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

bool counts_instructions(void)
{
	FILE *file = fopen("/proc/cmdline", "r");
	char line[4096] = "";

	if (!file || !fgets(line, sizeof(line), file))
		t_bail("/proc/cmdline");
	fclose(file);
	return strstr(line, "icount");
}

bool kernel_since(int major, int minor)
{
	struct utsname name;
	int a = 0, b = 0;

	uname(&name);
	if (sscanf(name.release, "%d.%d", &a, &b) != 2)
		t_bail("release %s", name.release);
	return a > major || (a == major && b >= minor);
}

bool user_mode(void)
{
	return !access("/dev/ubda", F_OK);
}

bool debug_kernel(void)
{
	struct utsname name;

	uname(&name);
	return strstr(name.release, "-debug") || strstr(name.release, "-race") ||
	       strstr(name.release, "-um");
}

unsigned int patience(unsigned int seconds)
{
	return debug_kernel() ? 3 * seconds : seconds;
}

unsigned long system_ram(void)
{
	FILE *file = fopen("/proc/iomem", "r");
	unsigned long start, end, found = 0;
	char line[256];

	while (file && !found && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2 &&
		    strstr(line, ": System RAM") && end - start > 16 * MIB)
			found = start;
	}
	if (file)
		fclose(file);
	return found;
}

int module_load(const char *params)
{
	int fd = open("/t/mapbuf.ko", O_RDONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		t_bail("open /t/mapbuf.ko");
	err = syscall(SYS_finit_module, fd, params, 0) ? -errno : 0;
	close(fd);
	return err;
}

int module_unload(void)
{
	return syscall(SYS_delete_module, "mapbuf", O_NONBLOCK) ? -errno : 0;
}

pid_t child(void (*work)(unsigned int seed), unsigned int seed)
{
	pid_t pid = fork();

	if (pid < 0)
		t_bail("fork");
	if (!pid) {
		alarm(patience(600));
		work(seed);
		_exit(0);
	}
	return pid;
}

void wait_asleep(pid_t pid)
{
	char path[64], state = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	while (state != 'S' && state != 'Z') {
		file = fopen(path, "re");
		must(file && fscanf(file, "%*d %*s %c", &state) == 1);
		fclose(file);
	}
}

bool reap(void)
{
	int status;
	bool ok = true;

	while (wait(&status) > 0) {
		if (status)
			t_note("a child ended with status %#x", status);
		ok &= status == 0;
	}
	return ok;
}

void must_result(bool ok, const char *file, int line, const char *cond)
{
	if (ok)
		return;
	printf("not ok - %s:%d: %s (errno %d)\n", file, line, cond, errno);
	fflush(stdout);
	_exit(1);
}
