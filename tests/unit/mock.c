// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include <linux/mapbuf.h>

#include "fixture.h"
#include "mock.h"

#define REQUEST_SIZE sizeof(struct mapbuf_create)

static struct call {
	unsigned long number;
	unsigned char request[REQUEST_SIZE], answer[REQUEST_SIZE];
	size_t size;
	int error;
} calls[8];

static size_t expected, made;

int __wrap_ioctl(int fd, unsigned long number, void *request);

void mock_ioctl(unsigned long number, const void *request, const void *answer,
		size_t size, int error)
{
	struct call *call = &calls[expected++];

	assert_true(expected <= sizeof(calls) / sizeof(calls[0]));
	assert_true(size <= REQUEST_SIZE);
	call->number = number;
	call->size = size;
	call->error = error;
	memcpy(call->request, request, size);
	memcpy(call->answer, answer, size);
}

void mock_info(const char *name, unsigned int id)
{
	const struct mapbuf_info request = { .size = sizeof(request) };
	struct mapbuf_info answer = {
		.size = sizeof(answer), .bytes = 1 << 20,
		.backing = MAPBUF_BACKING_CONTIGUOUS, .id = id, .numa_node = -1
	};

	strcpy(answer.name, name);
	mock_ioctl(MAPBUF_IOC_INFO, &request, &answer, sizeof(answer), 0);
}

void mock_finished(void)
{
	size_t left = expected - made;

	expected = 0;
	made = 0;
	if (left)
		fail_msg("%zu expected ioctl() calls were not made", left);
}

int __wrap_ioctl(int fd, unsigned long number, void *request)
{
	const struct call *call = &calls[made++];

	assert_true(fd >= 0);
	if (made > expected)
		fail_msg("ioctl() %#lx was not expected", number);
	assert_int_equal(number, call->number);
	assert_memory_equal(request, call->request, call->size);
	if (call->error) {
		errno = call->error;
		return -1;
	}
	memcpy(request, call->answer, call->size);
	return 0;
}
