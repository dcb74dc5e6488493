// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "limit.h"
#include "property.h"
#include "system.h"
#include "xalloc.h"

struct explanation {
	int error;
	const char *words;
};

#define NOT_LOADED "the module mapbuf is not loaded (modprobe mapbuf; if there is no such module, see dkms status)"
#define OVER_LIMIT "the buffers would be more than the module's limit allows (" LIMIT_ADVICE ")"
#define NO_CONTIGUOUS "this kernel has no contiguous store, as it was built without CONFIG_CONTIG_ALLOC (choose the backing vmalloc)"
#define IN_USE "it is in use (mapbufctl show names what holds it; --deferred frees it with its last user)"
#define NO_MEMORY "not enough free memory, or not in one piece (make it smaller, or choose the backing vmalloc)"
#define NO_CACHE "on this processor, Cache=wc and Cache=uc are only for a reserved range (leave the cache out, or choose the backing coherent, with a device)"
#define NOT_IN_ONE_PIECE "not enough free memory in one piece (create it earlier, make it smaller, or choose the backing vmalloc)"

static const struct explanation create_errors[] = {
	{ EEXIST, "a buffer of that name exists (destroy it, or choose another name)" },
	{ EINTR, "interrupted" },
	{ EINVAL, "the module refuses its properties (is there such a NUMA node, with memory?)" },
	{ ENOMEM, "not enough free memory (make it smaller)" },
	{ ENOSPC, OVER_LIMIT },
	{ EOPNOTSUPP, NO_CONTIGUOUS },
	{ ENOTTY, "the loaded module is not of this version (load the module again)" },
	{ E2BIG, "the loaded module is older than mapbufctl (load the module again)" },
	{ 0, NULL }
};

#define SYSTEM_RAM "the range lies in System RAM, or a part of it, or there are no such addresses (see /proc/iomem)"

/* Of a reserved range; they follow its address. */
static const struct explanation range_errors[] = {
	{ EBUSY, "the range, or a part of it, is claimed already (see /proc/iomem)" },
	{ EINVAL, SYSTEM_RAM },
	{ ENOMEM, "the kernel cannot map the range" },
	{ 0, NULL }
};

#define OUT_OF_REACH "it cannot reach so much memory (make the buffer smaller; see Device in mapbuf.conf(5))"
#define OTHER_BUS "the module supports only devices of the buses pci and platform that do DMA; on this machine perhaps only those with a driver"

/* Of a device; they follow its path. */
static const struct explanation device_errors[] = {
	{ EBUSY, "its driver is for processes (VFIO): they map what they want" },
	{ EIO, OUT_OF_REACH },
	{ ENODEV, "there is no such device (see ls /sys/bus/*/devices)" },
	{ EOPNOTSUPP, OTHER_BUS },
	{ E2BIG, "the loaded module is older than mapbufctl (load the module again)" },
	{ 0, NULL }
};

#define LOCKED_DOWN "the kernel is locked down and allows no access to physical ranges (see /sys/kernel/security/lockdown)"
#define NOT_RAW "a reserved range requires the capability CAP_SYS_RAWIO"

static const struct explanation destroy_errors[] = {
	{ EBUSY, IN_USE },
	{ ENOENT, "there is no such buffer (see mapbufctl list)" },
	{ EINVAL, "it is not a name of a buffer" },
	{ ENOTTY, "the loaded module is not of this version (load the module again)" },
	{ 0, NULL }
};

static const struct explanation control_errors[] = {
	{ ENOENT, NOT_LOADED },
	{ ENODEV, NOT_LOADED },
	{ ENXIO, NOT_LOADED },
	{ EACCES, "permission denied (only root may do this)" },
	{ EPERM, "permission denied (only root may do this)" },
	{ 0, NULL }
};

#define GONE "it has been destroyed, or its device or, of a coherent buffer, the driver has been removed (see dmesg)"

static const struct explanation open_errors[] = {
	{ ENOENT, "there is no such buffer (see mapbufctl list)" },
	{ EINVAL, "it is not a name of a buffer" },
	{ EACCES, "permission denied (join the group of its node, see mapbufctl show)" },
	{ ENODEV, GONE },
	{ ENOTTY, "the loaded module is older than mapbufctl (load the module again)" },
	{ 0, NULL }
};

static const struct explanation list_errors[] = {
	{ ENOENT, NOT_LOADED },
	{ 0, NULL }
};

/* NULL if it is not there */
static const char *find(const struct explanation *table, int error)
{
	while (table->words && table->error != error)
		table++;
	return table->words;
}

#define OF_REGION "its memory region in the device tree does not have so much free, or its driver does not use that"
#define OF_IOMMU "there is not so much free memory, or its IOMMU has not so many addresses"
#define OF_CMA "the CMA area does not have so much free (see CmaFree in /proc/meminfo; cma=SIZE on the kernel command line makes it larger)"
#define OF_ALLOCATOR "without an IOMMU or a CMA area it has as much as the kernel allocates in one piece, 4 MiB on most machines (choose the backing contiguous, with mapbufctl sync)"

/* The caller frees it. */
static char *explain_coherent(const struct properties *properties)
{
	char *region = system_read("%s/of_node/memory-region", properties->device);
	char *iommu = system_read("%s/iommu_group/type", properties->device);
	char *memory = system_read("/proc/meminfo");
	const char *cma = memory ? strstr(memory, "CmaFree:") : NULL, *limit;

	if (region)
		limit = OF_REGION;
	else if (iommu && strncmp(iommu, "DMA", 3) == 0)
		limit = OF_IOMMU;
	else
		limit = cma ? OF_CMA : OF_ALLOCATOR;
	free(region);
	free(iommu);
	free(memory);
	return xprintf("%s: %s", properties->device, limit);
}

static const char *look_up(const struct explanation *table, int error)
{
	const char *words = find(table, error);

	return words ? words : strerror(error);
}

char *explain_create(int error, const struct properties *properties)
{
	const char *backing = properties->backing, *words;

	if (properties->device) {
		words = find(device_errors, error);
		if (words)
			return xprintf("%s: %s", properties->device, words);
	}
	if (properties->has_start) {
		words = find(range_errors, error);
		if (words)
			return xprintf("%#" PRIx64 ": %s", properties->start,
				       words);
		if (error == EPERM)
			return xstrdup(system_is_locked_down() ? LOCKED_DOWN :
								 NOT_RAW);
	}
	if (error == ENOMEM && backing && strcmp(backing, "coherent") == 0)
		return explain_coherent(properties);
	if (error == EOPNOTSUPP && !properties_are_cached(properties))
		return xstrdup(NO_CACHE);
	if (error == ENOMEM && !backing)
		return xstrdup(NO_MEMORY);
	if (error == ENOMEM && strcmp(backing, "contiguous") == 0)
		return xstrdup(NOT_IN_ONE_PIECE);
	return xstrdup(look_up(create_errors, error));
}

const char *explain_destroy(int error)
{
	return look_up(destroy_errors, error);
}

const char *explain_control(int error)
{
	return look_up(control_errors, error);
}

const char *explain_list(int error)
{
	return look_up(list_errors, error);
}

const char *explain_open(int error)
{
	return look_up(open_errors, error);
}
