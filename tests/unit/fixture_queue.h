/* SPDX-License-Identifier: GPL-2.0-only */
/* A file of three pages that is a buffer, for queues and rings. */
#ifndef MAPBUF_TESTS_FIXTURE_QUEUE_H
#define MAPBUF_TESTS_FIXTURE_QUEUE_H

#include <mapbuf.h>

#include "fixture.h"

#define PAGE 4096

/* Makes it, of zeros; fixture_teardown() removes it. */
int fixture_queue(void **state);
struct mapbuf *open_buffer(int flags);
int is_notified(const struct mapbuf *buffer);

#endif /* MAPBUF_TESTS_FIXTURE_QUEUE_H */
