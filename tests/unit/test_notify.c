// SPDX-License-Identifier: GPL-2.0-only
/* poll() is replaced: it says what the test wants. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <linux/mapbuf.h>
#include <mapbuf.h>

#include "fixture.h"
#include "mock.h"

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);

static int poll_result, poll_timeout;
static short poll_events;
static struct mapbuf *buffer;

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	assert_int_equal(count, 1);
	assert_int_equal(fds->fd, mapbuf_fd(buffer));
	assert_int_equal(fds->events, POLLIN);
	poll_timeout = timeout;
	fds->revents = poll_events;
	if (poll_result < 0)
		errno = EINTR;
	return poll_result;
}

static void poll_says(int result, short events)
{
	poll_result = result;
	poll_events = events;
}

static int setup(void **state)
{
	(void)state;
	mock_info("adc0", 3);
	buffer = mapbuf_open_fd(open("/dev/null", O_RDWR | O_CLOEXEC));
	mock_finished();
	return buffer ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	mapbuf_close(buffer);
	return 0;
}

static void answer(unsigned long request, uint64_t number, int error)
{
	struct mapbuf_notify asked = { .size = sizeof(asked) };
	struct mapbuf_notify told = { .size = sizeof(told),
				      .sequence = number };

	mock_ioctl(request, &asked, &told, sizeof(asked), error);
}

static void notifies(void **state)
{
	uint64_t number = 0;

	(void)state;
	answer(MAPBUF_IOC_NOTIFY, 1ULL << 40, 0);
	assert_int_equal(mapbuf_notify(buffer, &number), 0);
	assert_true(number == 1ULL << 40);
	answer(MAPBUF_IOC_NOTIFY, 1, 0);
	assert_int_equal(mapbuf_notify(buffer, NULL), 0);
	answer(MAPBUF_IOC_NOTIFY, 0, EBADF);
	assert_int_equal(mapbuf_notify(buffer, &number), -1);
	assert_int_equal(errno, EBADF);
	assert_true(number == 1ULL << 40);
	mock_finished();
}

static void notifies_not_when_reading(void **state)
{
	(void)state;
	mock_info("adc0", 3);
	buffer = mapbuf_open_fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
	answer(MAPBUF_IOC_NOTIFY, 0, EBADF);
	assert_int_equal(mapbuf_notify(buffer, NULL), -1);
	assert_int_equal(errno, EACCES);
	mock_finished();
}

static void sees(void **state)
{
	uint64_t number = 0;

	(void)state;
	answer(MAPBUF_IOC_SEEN, 9, 0);
	assert_int_equal(mapbuf_seen(buffer, &number), 0);
	assert_int_equal(number, 9);
	mock_finished();
}

static void waits(void **state)
{
	uint64_t number = 0;

	(void)state;
	poll_says(1, POLLIN);
	answer(MAPBUF_IOC_SEEN, 2, 0);
	assert_int_equal(mapbuf_wait_data(buffer, &number, 77), 0);
	assert_int_equal(number, 2);
	assert_int_equal(poll_timeout, 77);

	/* The last data of a buffer that has been destroyed, then no more. */
	poll_says(1, POLLIN | POLLHUP);
	answer(MAPBUF_IOC_SEEN, 3, 0);
	assert_int_equal(mapbuf_wait_data(buffer, &number, -1), 0);
	assert_int_equal(number, 3);
	poll_says(1, POLLHUP);
	assert_int_equal(mapbuf_wait_data(buffer, &number, -1), -1);
	assert_int_equal(errno, ENODEV);

	poll_says(0, 0);
	assert_int_equal(mapbuf_wait_data(buffer, &number, 0), -1);
	assert_int_equal(errno, ETIMEDOUT);
	poll_says(-1, 0);
	assert_int_equal(mapbuf_wait_data(buffer, &number, 0), -1);
	assert_int_equal(errno, EINTR);
	poll_says(1, POLLIN);
	assert_int_equal(mapbuf_wait_data(buffer, &number, -2), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(number, 3);
	mock_finished();
}

static void hands_over_eventfd(void **state)
{
	struct mapbuf_eventfd request = { .size = sizeof(request), .fd = 5 };

	(void)state;
	mock_ioctl(MAPBUF_IOC_EVENTFD, &request, &request, sizeof(request), 0);
	assert_int_equal(mapbuf_set_eventfd(buffer, 5), 0);
	mock_ioctl(MAPBUF_IOC_EVENTFD, &request, &request, sizeof(request),
		   EINVAL);
	assert_int_equal(mapbuf_set_eventfd(buffer, 5), -1);
	assert_int_equal(errno, EINVAL);
	mock_finished();
}

static void exports_as(uint64_t offset, uint64_t bytes, int fd, int error)
{
	struct mapbuf_export request = {
		.size = sizeof(request), .offset = offset, .bytes = bytes,
	};
	struct mapbuf_export told = request;

	told.fd = fd;
	mock_ioctl(MAPBUF_IOC_EXPORT, &request, &told, sizeof(request), error);
}

static void exports(void **state)
{
	(void)state;
	exports_as(4096, 8192, 12, 0);
	assert_int_equal(mapbuf_export_dmabuf(buffer, 4096, 8192), 12);
	/* All of it, and all behind an offset */
	exports_as(0, 1 << 20, 13, 0);
	assert_int_equal(mapbuf_export_dmabuf(buffer, 0, 0), 13);
	exports_as(4096, (1 << 20) - 4096, 14, 0);
	assert_int_equal(mapbuf_export_dmabuf(buffer, 4096, 0), 14);
	/* Nothing is left there */
	exports_as(1 << 20, 0, 0, EINVAL);
	assert_int_equal(mapbuf_export_dmabuf(buffer, 1 << 20, 0), -1);
	assert_int_equal(errno, EINVAL);
	mock_finished();
}

static void synchronizes_as(uint64_t offset, uint64_t bytes, int error)
{
	struct mapbuf_sync request = {
		.size = sizeof(request), .offset = offset, .bytes = bytes,
		.flags = MAPBUF_SYNC_FOR_CPU | MAPBUF_SYNC_FROM_DEVICE
	};

	mock_ioctl(MAPBUF_IOC_SYNC, &request, &request, sizeof(request), error);
}

static void synchronizes(void **state)
{
	const unsigned int flags = MAPBUF_FOR_CPU | MAPBUF_FROM_DEVICE;

	(void)state;
	assert_int_equal(MAPBUF_FOR_DEVICE, MAPBUF_SYNC_FOR_DEVICE);
	assert_int_equal(MAPBUF_TO_DEVICE, MAPBUF_SYNC_TO_DEVICE);
	synchronizes_as(64, 100, 0);
	assert_int_equal(mapbuf_sync(buffer, 64, 100, flags), 0);
	synchronizes_as(64, (1 << 20) - 64, 0);
	assert_int_equal(mapbuf_sync(buffer, 64, 0, flags), 0);
	synchronizes_as(1 << 20, 0, EINVAL);
	assert_int_equal(mapbuf_sync(buffer, 1 << 20, 0, flags), -1);
	assert_int_equal(errno, EINVAL);
	mock_finished();
}

static void finds_address(void **state)
{
	const struct mapbuf_dma request = {
		.size = sizeof(request), .offset = 4096
	};
	struct mapbuf_dma told = request;
	uint64_t address = 1, length = 1;

	(void)state;
	told.address = 0x12345000;
	told.bytes = 8192;
	mock_ioctl(MAPBUF_IOC_DMA, &request, &told, sizeof(request), 0);
	assert_int_equal(mapbuf_dma_address(buffer, 4096, &address, &length), 0);
	assert_int_equal(address, 0x12345000);
	assert_int_equal(length, 8192);
	mock_ioctl(MAPBUF_IOC_DMA, &request, &told, sizeof(request), 0);
	assert_int_equal(mapbuf_dma_address(buffer, 4096, &address, NULL), 0);
	mock_ioctl(MAPBUF_IOC_DMA, &request, &told, sizeof(request), EPERM);
	assert_int_equal(mapbuf_dma_address(buffer, 4096, &address, &length),
			 -1);
	assert_int_equal(errno, EPERM);
	mock_finished();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(notifies, setup, teardown),
		cmocka_unit_test_teardown(notifies_not_when_reading, teardown),
		cmocka_unit_test_setup_teardown(sees, setup, teardown),
		cmocka_unit_test_setup_teardown(waits, setup, teardown),
		cmocka_unit_test_setup_teardown(synchronizes, setup, teardown),
		cmocka_unit_test_setup_teardown(finds_address, setup, teardown),
		cmocka_unit_test_setup_teardown(hands_over_eventfd, setup,
						teardown),
		cmocka_unit_test_setup_teardown(exports, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
