// SPDX-License-Identifier: GPL-2.0-only
/*
 * Texts that nobody means: parameters at run time and at load, files of a
 * buffer in sysfs, ranges of physical memory that are not there.
 */
#include "fuzz.h"

#include <dirent.h>

#define PARAMETERS "/sys/module/mapbuf/parameters/"
#define TEXT 160
#define LOADS 40

static struct fuzz fuzz;

/* What a parameter is, and what a load could give. */
static const struct parameter {
	const char *name;
	bool writable;
	const char *texts[4];
} parameters[] = {
	{ "backing", true, { "contiguous\n", "vmalloc", "reserved", "" } },
	{ "size", true, { "4M\n", "0x1000", "64K", "18446744073709551615" } },
	{ "max_bytes", true, { "50%\n", "1G", "0x100M", "100%" } },
	{ "max_buffers", true, { "65536\n", "0", "7", "4294967295" } },
	{ "buffers", false, { "2", "0", "-1", "4294967296" } },
	{ "reserved", false, { "a@0xfffffffffffff000+4K", "a@1+1,b@2+2:wc",
			       "a@4K+4K:uc,", "a@18446744073709547520+1M" } },
};

static size_t text_of(const struct parameter *p, char *text)
{
	size_t len;
	unsigned int n;

	strcpy(text, p->texts[fuzz_below(&fuzz, ARRAY_LEN(p->texts))]);
	len = strlen(text);
	for (n = fuzz_below(&fuzz, 4); n; n--)
		len = fuzz_text(&fuzz, text, len, TEXT);
	text[len] = '\0';
	return len;
}

static void read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, size - 1);

	if (fd < 0 || n < 0)
		t_bail("%s", path);
	text[n] = '\0';
	close(fd);
}

/* What is refused changes nothing; what is shown can be given again. */
static void write_parameter(const struct parameter *p)
{
	char path[64], text[TEXT], was[TEXT], is[TEXT], again[TEXT];
	size_t len;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), PARAMETERS "%s", p->name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (!p->writable) {
		fuzz_must(&fuzz, fd < 0 && errno == EACCES);
		return;
	}
	fuzz_must(&fuzz, fd >= 0);
	len = text_of(p, text);
	read_text(path, was, sizeof(was));
	fuzz_before(&fuzz);
	errno = 0;
	n = write(fd, text, len);
	fuzz_after(&fuzz, errno);
	close(fd);
	read_text(path, is, sizeof(is));
	if (n < 0) {
		fuzz_must(&fuzz, errno == EINVAL || errno == ERANGE);
		fuzz_must(&fuzz, !strcmp(was, is));
		return;
	}
	fuzz_must(&fuzz, (size_t)n == len);
	fuzz_must(&fuzz, !write_file(path, is));
	read_text(path, again, sizeof(again));
	fuzz_must(&fuzz, !strcmp(is, again));
}

static void run_time(unsigned int number)
{
	fuzz_begin(&fuzz, number, 0.1);
	while (fuzz_more(&fuzz))
		write_parameter(&parameters[fuzz_below(&fuzz,
						       ARRAY_LEN(parameters))]);
	t_note("%lu texts, %lu %s", fuzz.runs, fuzz.features,
	       fuzz.cover ? "places of the code" : "outcomes");
}

/* Longer than a page, and with a 0 inside: whatever it says, it says so. */
static void odd_writes(void)
{
	static char text[3 * PAGE];
	int fd = open(PARAMETERS "size", O_WRONLY), bad = 0;
	char was[TEXT], is[TEXT];
	size_t len;

	read_text(PARAMETERS "size", was, sizeof(was));
	for (len = 1; len <= sizeof(text); len = len * 3 / 2 + 1) {
		memset(text, '9', len);
		text[len - 1] = 'x';
		text[PAGE - 1] = 'x';
		bad += write(fd, text, len) != -1 || errno != EINVAL;
	}
	bad += write(fd, (void *)-PAGE, 10) != -1 || errno != EFAULT;
	bad += write(fd, "", 1) != -1 || errno != EINVAL;
	read_text(PARAMETERS "size", is, sizeof(is));
	t_ok(!bad && !strcmp(was, is),
	     "too long, empty and unreadable texts are refused");
	close(fd);
}

/*
 * Every file of a buffer, in pieces: what the pieces give is what one read
 * gives.  None can be written but those of the kernel's own.
 */
static int odd_read(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	char whole[PAGE], part[PAGE];
	ssize_t n, at, got;

	if (fd < 0)
		return errno == EACCES ? 0 : 1;	/* for writing only */
	n = read(fd, whole, sizeof(whole));
	for (at = 0; n > 0 && at <= n + 2; at++) {
		got = pread(fd, part, 3, at);
		if (got != (n - at > 3 ? 3 : n > at ? n - at : 0) ||
		    memcmp(part, whole + at, got))
			return 1;
	}
	if (pread(fd, part, 1, 1LL << 62) > 0 || pread(fd, part, 1, -1) != -1 ||
	    pread(fd, part, 0, 0) != 0)
		return 1;
	close(fd);
	return 0;
}

static void buffer_files(const struct store *s)
{
	int dir, bad = 0, files = 0, writable = 0;
	struct dirent *entry;
	char path[64];
	DIR *list;

	b_create("files", HUGE_PAGE + PAGE, s->id);
	snprintf(path, sizeof(path), "/sys/class/mapbuf/mapbuf%d",
		 b_id("files"));
	list = opendir(path);
	dir = dirfd(list);
	while ((entry = readdir(list))) {
		struct stat st = { 0 };
		int fd;

		if (fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISREG(st.st_mode))
			continue;
		files++;
		if (odd_read(dir, entry->d_name)) {
			t_note("%s reads oddly", entry->d_name);
			bad++;
		}
		fd = openat(dir, entry->d_name, O_WRONLY | O_CLOEXEC);
		if (fd >= 0 && strcmp(entry->d_name, "uevent")) {
			t_note("%s can be written", entry->d_name);
			writable++;
		}
		close(fd);
	}
	t_ok(files >= 11 && !bad && !writable,
	     "%s: %d files can be read in pieces, and not written", s->name,
	     files);
	closedir(list);
	b_destroy("files", 0);
}

/* Nothing is there: an error, and no trace in the log. */
static void nowhere(void)
{
	unsigned int cache, bits;
	int bad = 0;

	for (cache = 0; cache < 3; cache++) {
		for (bits = 48; bits < 64; bits++) {
			struct mapbuf_create c = {
				.size = sizeof(c), .name = "nowhere",
				.backing = MAPBUF_BACKING_RESERVED,
				.cache = cache, .bytes = 1ULL << (bits - 20),
				.phys_addr = 1ULL << bits,
			};

			if (!ioctl(b_control(), MAPBUF_IOC_CREATE, &c) ||
			    errno != EINVAL)
				bad = errno;
		}
	}
	t_ok(!bad, "addresses that no processor has are EINVAL");
}

/* A load with garbage, and its unload: all of it, or nothing. */
static void loads(void)
{
	int i, loaded = 0, bad = 0;
	char params[4 * TEXT];

	for (i = 0; i < LOADS; i++) {
		size_t len = 0;
		unsigned int n = 1 + fuzz_below(&fuzz, 3);
		int err;

		fuzz.runs++;
		for (; n; n--) {
			const struct parameter *p =
				&parameters[fuzz_below(&fuzz,
						       ARRAY_LEN(parameters))];
			char text[TEXT];

			text_of(p, text);
			/* A load of any number of buffers could take all day. */
			if (!strcmp(p->name, "buffers") &&
			    strtoull(text, NULL, 0) > 64 &&
			    strtoull(text, NULL, 0) < 1 << 17)
				continue;
			len += snprintf(params + len, sizeof(params) - len,
					"%s=%s ", p->name, text);
		}
		params[len] = '\0';
		err = module_load(params);
		if (!err) {
			loaded++;
			err = module_unload();
			bad += !!err;
		} else if (err != -EINVAL && err != -ERANGE && err != -ENOSPC &&
			   err != -ENOMEM && err != -EBUSY && err != -ENOENT &&
			   err != -EEXIST) {
			bad++;
		}
		if (!access("/sys/module/mapbuf", F_OK) ||
		    !access("/dev/mapbuf-control", F_OK) ||
		    !access("/dev/mapbuf0", F_OK))
			bad++;
		if (bad) {
			t_note("load with \"%s\": %d", params, err);
			break;
		}
	}
	t_ok(!bad && loaded, "%d loads with garbage, %d of them worked", i,
	     loaded);
}

int main(void)
{
	const struct store *s;

	fuzz_seed();
	fuzz_begin(&fuzz, 9, 0);
	t_ok(!module_unload(), "unload");
	loads();
	if (module_load(""))
		t_bail("load");
	child(run_time, 0);
	t_ok(reap(), "parameters at run time");
	odd_writes();
	t_ok(!module_unload() && !module_load(""), "unload and load");
	for (s = stores; s->name; s++)
		buffer_files(s);
	nowhere();
	return t_done();
}
