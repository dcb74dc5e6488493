// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "fake_notify.h"
#include "fixture_queue.h"

static const char *file(void)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/queue", fixture_root());
	return path;
}

int fixture_queue(void **state)
{
	fake_is_destroyed = 0;
	if (fixture_setup(state))
		return -1;
	fixture_write("/queue", "");
	return truncate(file(), 3 * PAGE);
}

struct mapbuf *open_buffer(int flags)
{
	struct mapbuf *buffer = mapbuf_open_fd(open(file(), flags | O_CLOEXEC));

	assert_non_null(buffer);
	return buffer;
}

int is_notified(const struct mapbuf *buffer)
{
	struct pollfd p = { .fd = mapbuf_fd(buffer), .events = POLLIN };

	return poll(&p, 1, 0);
}
