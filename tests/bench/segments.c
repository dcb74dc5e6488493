// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: segments MIB
 *
 * In how many pieces a device sees memory.  That much is written to a disk with
 * O_DIRECT, and pinned, 1 MiB at a time.  Prints lines
 *
 *	segments SIZE ROW WHOSE LATE REQUESTS SEGMENTS ENTRIES
 *
 * each in hundredths per MiB: requests that the driver of the disk gets, segments
 * of these together, and entries of a scatterlist of the pinned pages.
 */
#include "line.h"
#include "sources.h"

#include "kmod/mapcost.h"

#define DISK "/dev/vda"

enum { REQUESTS, SEGMENTS, ENTRIES, VALUES };

static int cost_fd;

static void count(unsigned long begins)
{
	if (ioctl(cost_fd, MAPCOST_COUNT, begins))
		t_bail("MAPCOST_COUNT");
}

/* 0 or errno */
static int write_disk(const char *at, size_t bytes,
		      struct mapcost_written *written)
{
	int fd = open(DISK, O_WRONLY | O_DIRECT | O_CLOEXEC), err = 0;
	size_t i;

	if (fd < 0)
		t_bail("open " DISK);
	count(1);
	for (i = 0; i < bytes && !err; i += MIB) {
		if (pwrite(fd, at + i, MIB, i) != (ssize_t)MIB)
			err = errno;
	}
	if (ioctl(cost_fd, MAPCOST_WRITTEN, written))
		t_bail("MAPCOST_WRITTEN");
	count(0);
	close(fd);
	if (!err && written->bytes != bytes)
		t_bail("%llu bytes reached the disk, not %zu",
		       (unsigned long long)written->bytes, bytes);
	return err;
}

/* 0 or errno */
static int pin(const char *at, size_t bytes, uint64_t *entries)
{
	struct mapcost_pinned pinned = { .bytes = MIB };
	size_t i;

	*entries = 0;
	for (i = 0; i < bytes; i += MIB) {
		pinned.address = (uintptr_t)at + i;
		if (ioctl(cost_fd, MAPCOST_PIN, &pinned))
			return errno;
		*entries += pinned.entries;
	}
	return 0;
}

static int measure_mapped(const char *at, size_t bytes, double values[VALUES])
{
	struct mapcost_written written;
	double per_mib = 100.0 * MIB / bytes;
	uint64_t entries;
	int err;

	err = write_disk(at, bytes, &written);
	if (!err)
		err = pin(at, bytes, &entries);
	if (err)
		return err;
	values[REQUESTS] = written.requests * per_mib;
	values[SEGMENTS] = written.segments * per_mib;
	values[ENTRIES] = entries * per_mib;
	return 0;
}

static void measure(const char *name, size_t bytes)
{
	const struct source *source = sources;
	double values[VALUES];
	int fd = -1, err = 0;
	size_t i;
	char *at;

	while (source->name && strcmp(source->name, name) != 0)
		source++;
	if (!source->name)
		t_bail("no memory '%s'", name);
	if (source->get)
		fd = source->get(source, bytes);
	if (source->get && fd < 0) {
		line_error(bytes, name, -fd);
		return;
	}
	at = source_map(source, fd, bytes);
	if (at == MAP_FAILED)
		t_bail("map %s", name);
	for (i = 0; i < bytes; i += PAGE)
		at[i] = 1;
	err = measure_mapped(at, bytes, values);
	source_unmap(source, at, bytes);
	source_put(source, fd);
	if (err)
		line_error(bytes, name, err);
	else
		line("segments", bytes, name, source->whose, values, VALUES);
}

int main(int argc, char **argv)
{
	static const char *const names[] = {
		"mapbuf contiguous", "mapbuf vmalloc", "hugetlbfs",
		"memfd, 2 MiB pages", "memfd", "anonymous, 2 MiB pages",
		"anonymous, 4 KiB pages",
	};
	size_t bytes = (argc > 1 ? atol(argv[1]) : 16) * MIB, i;

	cost_fd = open("/dev/mapcost", O_RDWR | O_CLOEXEC);
	if (cost_fd < 0)
		t_bail("/dev/mapcost");
	for (i = 0; i < ARRAY_LEN(names); i++)
		measure(names[i], bytes);
	return 0;
}
