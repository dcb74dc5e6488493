// SPDX-License-Identifier: GPL-2.0-only
/* Each allocation that a lock of fcntl() or flock() needs fails once. */
#include "inject.h"

#include <sys/file.h>

static void nothing_before(uintptr_t file)
{
	(void)file;
}

static int range_lock(uintptr_t file)
{
	struct flock range = { .l_type = F_WRLCK };

	return fcntl(file, F_SETLK, &range) ? -errno : 0;
}

static bool range_unlocked(uintptr_t file)
{
	struct flock range = { .l_type = F_WRLCK };

	return !fcntl(file, F_OFD_GETLK, &range) && range.l_type == F_UNLCK;
}

static void range_unlock(uintptr_t file)
{
	struct flock range = { .l_type = F_UNLCK };

	if (fcntl(file, F_SETLK, &range))
		t_bail("unlock");
}

static int all_lock(uintptr_t file)
{
	return flock(file, LOCK_EX | LOCK_NB) ? -errno : 0;
}

static int open_same(uintptr_t file)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", (int)file);
	return open(path, O_RDWR | O_CLOEXEC);
}

/* For somebody else, who does not keep it. */
static bool all_unlocked(uintptr_t file)
{
	int other = open_same(file);
	bool unlocked = !flock(other, LOCK_EX | LOCK_NB);

	close(other);
	return unlocked;
}

static void all_unlock(uintptr_t file)
{
	if (flock(file, LOCK_UN))
		t_bail("unlock");
}

/* The first one has the lists and the mark made that the second one finds. */
static const struct step steps[] = {
	{ .name = "the first lock", .before = nothing_before,
	  .call = range_lock, .unchanged = range_unlocked,
	  .undo = range_unlock, .also = -ENOLCK },
	{ .name = "a lock", .before = nothing_before, .call = range_lock,
	  .unchanged = range_unlocked, .undo = range_unlock, .also = -ENOLCK },
	{ .name = "a lock of all", .before = nothing_before, .call = all_lock,
	  .unchanged = all_unlocked, .undo = all_unlock },
};

void fail_locks(int file)
{
	struct step step;
	size_t i;

	for (i = 0; i < ARRAY_LEN(steps); i++) {
		step = steps[i];
		step.arg = file;
		inject(&step, 1);
	}
}
