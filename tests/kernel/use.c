// SPDX-License-Identifier: GPL-2.0-only
#include "use.h"

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
