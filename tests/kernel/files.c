// SPDX-License-Identifier: GPL-2.0-only
/* Buffers as regular files: the file system "mapbuf". */
#include "t.h"

#include <dirent.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <time.h>

#define AT "/tmp/mapbuf"
#define AGAIN "/tmp/again"
#define SIZE (2 * HUGE_PAGE + 3 * PAGE)

static struct stat stat_of(const char *name)
{
	struct stat st = {};
	char path[64];

	snprintf(path, sizeof(path), AT "/%s", name);
	if (stat(path, &st))
		st.st_size = -errno;
	return st;
}

static int open_file(const char *name, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), AT "/%s", name);
	return open(path, flags | O_CLOEXEC, 0600);
}

static void options(void)
{
	static const char *const wrong[] = {
		"uid=-1", "gid=nobody", "mode=777", "mode=9", "size=1", "uid",
	};
	size_t i, bad = 0;

	for (i = 0; i < ARRAY_LEN(wrong); i++)
		bad += mount_files(AT, wrong[i]) != -EINVAL;
	t_ok(!bad, "wrong options are EINVAL");
	t_ok(!mount_files(AT, "uid=5,gid=7,mode=640"), "it is mounted");
}

static void looks(const struct store *s)
{
	struct mapbuf_create owned = {
		.size = sizeof(owned), .name = "owned", .bytes = PAGE,
		.backing = s->id,
		.flags = MAPBUF_CREATE_UID | MAPBUF_CREATE_GID |
			 MAPBUF_CREATE_MODE,
		.uid = 11, .gid = 12, .mode = 0604,
	};
	struct statfs before, after;
	struct stat st;

	statfs(AT, &before);
	b_create("a", SIZE, s->id);
	statfs(AT, &after);
	st = stat_of("a");
	t_ok(S_ISREG(st.st_mode) && st.st_size == SIZE && st.st_nlink == 1 &&
	     st.st_blocks * 512 == SIZE, "%s: a file of its size", s->name);
	t_ok(st.st_uid == 5 && st.st_gid == 7 && (st.st_mode & 07777) == 0640,
	     "%s: with the owner and the mode of the mount", s->name);
	t_ok(st.st_mtime > 0 && st.st_mtime <= time(NULL),
	     "%s: and the time when it was created", s->name);
	t_ok(before.f_bfree - after.f_bfree == SIZE / PAGE &&
	     before.f_blocks == after.f_blocks &&
	     before.f_ffree - after.f_ffree == 1 &&
	     before.f_files == after.f_files && before.f_bsize == PAGE,
	     "%s: statfs tells what is left", s->name);
	must(!ioctl(b_control(), MAPBUF_IOC_CREATE, &owned));
	st = stat_of("owned");
	t_ok(st.st_uid == 11 && st.st_gid == 12 && (st.st_mode & 07777) == 0604,
	     "%s: what its creator chose", s->name);
	b_destroy("owned", 0);
	t_ok(stat_of("owned").st_size == -ENOENT, "%s: it is gone", s->name);
}

static void works(const struct store *s)
{
	int fd = open_file("a", O_RDWR), node = b_open("a", O_RDWR), ends[2];
	struct mapbuf_info info = { .size = sizeof(info) };
	struct pollfd polled = { .fd = fd, .events = POLLIN };
	char *map = b_map(fd, SIZE, 0), *other = b_map(node, SIZE, 0);
	struct timespec created = stat_of("a").st_mtim, then;
	char some[5000];
	int dmabuf;

	fill(map, SIZE, 1);
	t_ok(filled(other, SIZE, 1), "%s: node and file are the same memory",
	     s->name);
	t_ok(pread(fd, some, sizeof(some), 4001) == sizeof(some) &&
	     !memcmp(some, other + 4001, sizeof(some)), "%s: read", s->name);
	fill(some, sizeof(some), 2);
	t_ok(pwrite(fd, some, sizeof(some), 8001) == sizeof(some) &&
	     !memcmp(some, other + 8001, sizeof(some)), "%s: write", s->name);
	t_ok(lseek(fd, 0, SEEK_END) == SIZE &&
	     write(fd, "x", 1) < 0 && errno == ENOSPC, "%s: it ends", s->name);
	t_ok(!ioctl(fd, MAPBUF_IOC_INFO, &info) && info.bytes == SIZE &&
	     !strcmp(info.name, "a"), "%s: the requests of a node", s->name);
	poll(&polled, 1, 0);
	t_ok(!(polled.revents & POLLIN) && b_notify(node) == 1 &&
	     poll(&polled, 1, -1) == 1 && polled.revents & POLLIN,
	     "%s: notifications", s->name);
	dmabuf = b_export(fd, 0, SIZE);
	t_ok(dmabuf >= 0 || dmabuf == -EOPNOTSUPP, "%s: a dma-buf", s->name);
	if (dmabuf >= 0)
		close(dmabuf);
	if (pipe(ends))
		t_bail("pipe");
	lseek(fd, 0, SEEK_SET);
	t_ok(splice(fd, NULL, ends[1], NULL, 3000, 0) == 3000 &&
	     read(ends[0], some, 3000) == 3000 && !memcmp(some, map, 3000),
	     "%s: splice", s->name);
	close(ends[0]);
	close(ends[1]);
	t_fails(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0), EINVAL,
		"%s: a private mapping is EINVAL", s->name);
	t_ok(b_destroy("a", 0) == -EBUSY, "%s: it is in use", s->name);
	then = stat_of("a").st_mtim;
	t_ok(!memcmp(&then, &created, sizeof(then)),
	     "%s: writing changes no times", s->name);
	munmap(map, SIZE);
	munmap(other, SIZE);
	close(node);
	t_ok(b_destroy("a", 0) == -EBUSY, "%s: by the file, too", s->name);
	close(fd);
}

static void lengths(const struct store *s)
{
	int fd = open_file("a", O_RDWR | O_TRUNC);
	char byte;

	t_ok(fd >= 0 && stat_of("a").st_size == SIZE,
	     "%s: a truncating open changes nothing", s->name);
	pwrite(fd, "y", 1, 77);
	t_ok(!ftruncate(fd, SIZE) && pread(fd, &byte, 1, 77) == 1 &&
	     byte == 'y', "%s: ftruncate to its size, too", s->name);
	t_fails(ftruncate(fd, SIZE - 1), EINVAL, "%s: to another is EINVAL",
		s->name);
	t_fails(ftruncate(fd, 0), EINVAL, "%s: or to 0", s->name);
	t_fails(truncate(AT "/a", 0), EINVAL, "%s: by name", s->name);
	t_fails(fallocate(fd, 0x1 | 0x2, 0, PAGE), EOPNOTSUPP,
		"%s: no holes are punched", s->name);
	t_ok(!posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) && !fsync(fd) &&
	     !syscall(SYS_sync_file_range, fd, 0, 0, 7) &&
	     pread(fd, &byte, 1, 77) == 1 && byte == 'y',
	     "%s: nothing is dropped or written back", s->name);
	close(fd);
	fd = open_file("a", O_RDWR | O_DIRECT);
	t_ok(fd >= 0 && pread(fd, &byte, 1, 77) == 1 && byte == 'y',
	     "%s: O_DIRECT", s->name);
	close(fd);
}

/* What another user gets */
static void as_user(unsigned int uid)
{
	must(!setgid(uid) && !setuid(uid));
	must(open_file("a", O_RDONLY) < 0 && errno == EACCES);
	must(chmod(AT "/a", 0666) && errno == EPERM);
	must(unlink(AT "/a") && errno == EACCES);
	must(stat_of("a").st_size == SIZE);
}

static void as_owner(unsigned int uid)
{
	must(!setgid(uid) && !setuid(uid));
	must(!chmod(AT "/a", 0644) && chmod(AT "/a", 0755) && errno == EINVAL);
	must(chown(AT "/a", 0, -1) && errno == EPERM);
	must(open_file("a", O_RDWR) >= 0);
}

static void owners(const struct store *s)
{
	struct stat st;
	FILE *caches;

	child(as_user, 99);
	t_ok(reap(), "%s: others are refused", s->name);
	t_ok(!chown(AT "/a", 33, 34) && !chmod(AT "/a", 0600),
	     "%s: chown and chmod", s->name);
	caches = fopen("/proc/sys/vm/drop_caches", "we");
	fprintf(caches, "2\n");
	fclose(caches);
	st = stat_of("a");
	t_ok(st.st_uid == 33 && st.st_gid == 34 && (st.st_mode & 07777) == 0600,
	     "%s: stay", s->name);
	child(as_owner, 33);
	t_ok(reap() && (stat_of("a").st_mode & 07777) == 0644,
	     "%s: the owner, too, sets the mode", s->name);
}

static void directory(const struct store *s)
{
	int fd;

	t_fails(open_file("new", O_RDWR | O_CREAT), EACCES,
		"%s: no file is made here", s->name);
	t_fails(open_file("a", O_RDWR | O_CREAT | O_EXCL), EEXIST,
		"%s: nor one that is there", s->name);
	t_ok(mkdir(AT "/d", 0755) && errno == EPERM &&
	     symlink("a", AT "/l") && errno == EPERM &&
	     link(AT "/a", AT "/l") && errno == EPERM &&
	     rename(AT "/a", AT "/b") && errno == EPERM,
	     "%s: nor anything else", s->name);
	t_fails(open_file("a-name-that-is-longer-than-it-may-be", O_RDONLY),
		ENAMETOOLONG, "%s: too long a name", s->name);
	fd = open_file("a", O_RDONLY);
	t_fails(unlink(AT "/a"), EBUSY, "%s: what is open stays", s->name);
	close(fd);
	t_ok(!unlink(AT "/a") && b_id("a") < 0, "%s: rm destroys", s->name);
	t_fails(unlink(AT "/a"), ENOENT, "%s: once", s->name);
}

/* The name goes at once; a new buffer under it is another file. */
static void anew(const struct store *s)
{
	int fd, path;
	ino_t was;
	char byte;
	char link[64];

	b_create("a", SIZE, s->id);
	was = stat_of("a").st_ino;
	fd = open_file("a", O_RDWR);
	path = open_file("a", O_PATH);
	pwrite(fd, "o", 1, 0);
	b_destroy("a", MAPBUF_DESTROY_DEFERRED);
	t_ok(stat_of("a").st_size == -ENOENT, "%s: destroyed, and gone",
	     s->name);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", path);
	t_fails(open(link, O_RDWR), ESTALE, "%s: opened again is ESTALE",
		s->name);
	t_fails(fchmod(fd, 0600), ESTALE, "%s: so is chmod", s->name);
	b_create("a", PAGE, s->id);
	t_ok(stat_of("a").st_ino != was && stat_of("a").st_size == PAGE,
	     "%s: made anew it is another file", s->name);
	t_ok(pread(fd, &byte, 1, 0) == 1 && byte == 'o',
	     "%s: the old one is there for who has it", s->name);
	t_fails(open(link, O_RDWR), ESTALE, "%s: and for nobody else", s->name);
	close(path);
	close(fd);
	fd = open_file("a", O_RDWR);
	t_ok(pread(fd, &byte, 1, 0) == 1 && !byte, "%s: the new one is new",
	     s->name);
	close(fd);
	b_destroy("a", 0);
}

/* Many: in the order of creation, whatever goes or comes meanwhile. */
#define MANY 600

static void listing(const struct store *s)
{
	char name[32];
	struct dirent *entry;
	int i, next = 0, bad = 0;
	bool last = false;
	DIR *dir;

	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "n%d", i * 7919 % MANY);
		b_create(name, PAGE, s->id);
	}
	dir = opendir(AT);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "n%d", next * 7919 % MANY);
		bad += strcmp(name, entry->d_name) || entry->d_type != DT_REG;
		next++;
	}
	t_ok(!bad && next == MANY, "%s: listed in the order of creation",
	     s->name);
	rewinddir(dir);
	for (i = 0; i < 10; i++)
		readdir(dir);
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		b_destroy(name, 0);
	}
	b_create("last", PAGE, s->id);
	while ((entry = readdir(dir)))
		last = !strcmp(entry->d_name, "last");
	t_ok(last, "%s: while all of them go", s->name);
	closedir(dir);
	b_destroy("last", 0);
}

static void mounts(const struct store *s)
{
	struct stat here, there;
	int fd;

	b_create("a", SIZE, s->id);
	t_ok(!mount_files(AGAIN, ""), "%s: mounted once more", s->name);
	here = stat_of("a");
	t_ok(!stat(AGAIN "/a", &there) && here.st_ino == there.st_ino &&
	     here.st_dev == there.st_dev, "%s: it is the same", s->name);
	fd = open(AGAIN "/a", O_RDWR);
	t_fails(umount(AGAIN), EBUSY, "%s: umount while one is open is EBUSY",
		s->name);
	t_ok(!mount("", AT, "", MS_REMOUNT, "gid=8,mode=0606") &&
	     !fstat(fd, &there) && there.st_gid == 8 && there.st_uid == 5 &&
	     (there.st_mode & 07777) == 0606,
	     "%s: remounted, also what is open has the owner", s->name);
	t_ok(mount("", AT, "", MS_REMOUNT, "mode=1777") &&
	     stat_of("a").st_gid == 8, "%s: a wrong option changes nothing",
	     s->name);
	mount("", AT, "", MS_REMOUNT, "gid=7,mode=0640");
	t_ok(module_unload() < 0, "%s: unload while mounted is refused",
	     s->name);
	t_ok(!umount2(AGAIN, MNT_DETACH) && pwrite(fd, "z", 1, 0) == 1,
	     "%s: umount -l leaves what is open", s->name);
	close(fd);
	mkdir(AGAIN, 0755);
	t_ok(!mount(AT, AGAIN, NULL, MS_MOVE, NULL) &&
	     stat_of("a").st_size == -ENOENT && !stat(AGAIN "/a", &there) &&
	     !mount(AGAIN, AT, NULL, MS_MOVE, NULL) &&
	     stat_of("a").st_size == SIZE, "%s: the mount is moved", s->name);
	b_destroy("a", 0);
}

static void locks(const struct store *s)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int one, two;

	b_create("a", PAGE, s->id);
	one = open_file("a", O_RDWR);
	two = open_file("a", O_RDWR);
	t_ok(!flock(one, LOCK_EX) && flock(two, LOCK_EX | LOCK_NB) &&
	     errno == EWOULDBLOCK, "%s: flock", s->name);
	t_ok(!fcntl(one, 37 /* F_OFD_SETLK */, &lock) &&
	     fcntl(two, 37, &lock) && errno == EAGAIN, "%s: fcntl locks",
	     s->name);
	close(one);
	t_ok(!flock(two, LOCK_EX | LOCK_NB) && !fcntl(two, 37, &lock),
	     "%s: until they are closed", s->name);
	close(two);
	b_destroy("a", 0);
}

/* All at once, for a while */
#define ROUNDS 400

static void creates(unsigned int seed)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		char name[8];

		snprintf(name, sizeof(name), "r%u", (seed + i) % 3);
		b_try_create(name, PAGE * (1 + i % 3), i % 2 ?
			     MAPBUF_BACKING_VMALLOC : MAPBUF_BACKING_CONTIGUOUS);
		b_destroy(name, i % 3 ? 0 : MAPBUF_DESTROY_DEFERRED);
	}
}

static void opens(unsigned int seed)
{
	int i, fd;

	for (i = 0; i < ROUNDS; i++) {
		char path[32], *map;

		snprintf(path, sizeof(path), AT "/r%u", (seed + i) % 3);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0) {
			must(errno == ENOENT || errno == ESTALE ||
			     errno == EACCES);
			continue;
		}
		map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			   0);
		must(map != MAP_FAILED && !*map);
		munmap(map, PAGE);
		fchmod(fd, 0600 | (i & 066));
		close(fd);
	}
}

static void removes(unsigned int seed)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		char path[32];

		snprintf(path, sizeof(path), AT "/r%u", (seed + i) % 3);
		if (unlink(path))
			must(errno == ENOENT || errno == EBUSY);
	}
}

static void lists(unsigned int seed)
{
	int i;

	(void)seed;
	for (i = 0; i < ROUNDS; i++) {
		DIR *dir = opendir(AT);
		struct dirent *entry;

		must(dir);
		while ((entry = readdir(dir)))
			stat_of(entry->d_name);
		closedir(dir);
	}
}

static void remounts(unsigned int seed)
{
	char where[32];
	int i;

	snprintf(where, sizeof(where), "/tmp/mount%u", seed);
	for (i = 0; i < ROUNDS / 4; i++) {
		must(!mount_files(where, "mode=0600"));
		mount("", where, "", MS_REMOUNT, i % 2 ? "mode=0600" :
		      "mode=0666,gid=4");
		must(!umount2(where, MNT_DETACH));
	}
	must(!rmdir(where));
}

static void races(void)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		child(creates, i);
		child(opens, i);
	}
	child(removes, 0);
	child(lists, 0);
	child(remounts, 0);
	child(remounts, 1);
	t_ok(reap(), "all at once");
	for (i = 0; i < 3; i++) {
		char name[8];

		snprintf(name, sizeof(name), "r%u", i);
		b_destroy(name, 0);
	}
	t_ok(!umount(AT), "umount");
}

/* Before the control node is open, which holds the module, too. */
static void loads(void)
{
	int i, bad = 0;

	for (i = 0; i < 20; i++) {
		bad += mount_files(AT, "") != 0;
		bad += module_unload() == 0;
		bad += umount(AT) != 0;
		bad += module_unload() != 0;
		bad += mount_files(AT, "") != -ENODEV;
		bad += module_load("") != 0;
	}
	t_ok(!bad, "loaded and mounted again and again");
}

int main(void)
{
	const struct store *s;

	loads();
	options();
	for (s = stores; s->name; s++) {
		looks(s);
		works(s);
		lengths(s);
		owners(s);
		directory(s);
		anew(s);
		listing(s);
		mounts(s);
		locks(s);
	}
	races();
	return t_done();
}
