// SPDX-License-Identifier: 0BSD
/*
 * Writes a buffer to a file, past the page cache: the disk reads the buffer
 * itself.  With io_uring and the buffer registered where the kernel takes that
 * for device memory (since 6.2), else with plain O_DIRECT.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <liburing.h>

#include <mapbuf.h>

#define DEPTH 8
#define CHUNK (1 << 20)
/* What may be registered in one piece */
#define PIECE (1ULL << 30)
#define PIECES 1024

struct record {
	struct mapbuf *buffer;
	char *data;
	uint64_t size;
	const char *path;
	int fd;
};

static int queue_chunk(struct io_uring *ring, const struct record *record,
		       uint64_t offset)
{
	uint64_t left = record->size - offset;
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe)
		return -1;
	io_uring_prep_write_fixed(sqe, record->fd, record->data + offset,
				  left < CHUNK ? left : CHUNK, offset,
				  offset / PIECE);
	io_uring_sqe_set_data64(sqe, left < CHUNK ? left : CHUNK);
	return 0;
}

/* One completion, which is to be all that was asked for */
static void reap(struct io_uring *ring, const struct record *record)
{
	struct io_uring_cqe *cqe;
	int error;

	do {
		error = io_uring_wait_cqe(ring, &cqe);
	} while (error == -EINTR);
	if (error)
		errx(1, "io_uring: cannot wait: %s", strerror(-error));
	if (cqe->res < 0)
		errx(1, "%s: cannot write: %s", record->path,
		     strerror(-cqe->res));
	if ((uint64_t)cqe->res != io_uring_cqe_get_data64(cqe))
		errx(1, "%s: the disk is full", record->path);
	io_uring_cqe_seen(ring, cqe);
}

static void write_uring(struct io_uring *ring, const struct record *record)
{
	uint64_t offset = 0;
	unsigned int pending = 0;
	int error;

	while (offset < record->size || pending) {
		while (offset < record->size && pending < DEPTH &&
		       !queue_chunk(ring, record, offset)) {
			offset += CHUNK;
			pending++;
		}
		error = io_uring_submit(ring);
		if (error < 0)
			errx(1, "io_uring: cannot submit: %s",
			     strerror(-error));
		reap(ring, record);
		pending--;
	}
}

/* 0 if the whole buffer is registered, else an errno below 0 */
static int register_buffer(struct io_uring *ring, const struct record *record)
{
	struct iovec pieces[PIECES];
	unsigned int count = 0;
	uint64_t offset, left;

	if (record->size > PIECE * PIECES)
		return -EFBIG;
	for (offset = 0; offset < record->size; offset += PIECE) {
		left = record->size - offset;
		pieces[count].iov_base = record->data + offset;
		pieces[count++].iov_len = left < PIECE ? left : PIECE;
	}
	return io_uring_register_buffers(ring, pieces, count);
}

static void write_direct(const struct record *record)
{
	uint64_t done = 0, left;
	ssize_t got;

	while (done < record->size) {
		left = record->size - done;
		got = pwrite(record->fd, record->data + done,
			     left < CHUNK ? left : CHUNK, done);
		if (got < 0 && errno != EINTR)
			err(1, "%s: cannot write", record->path);
		if (got > 0)
			done += got;
	}
}

static const char *write_all(const struct record *record)
{
	struct io_uring ring;
	int error;

	error = io_uring_queue_init(DEPTH, &ring, 0);
	if (!error) {
		error = register_buffer(&ring, record);
		if (!error)
			write_uring(&ring, record);
		io_uring_queue_exit(&ring);
	}
	if (!error)
		return "io_uring with a registered buffer";
	warnx("io_uring does not take the buffer: %s", strerror(-error));
	write_direct(record);
	return "O_DIRECT";
}

int main(int argc, char **argv)
{
	struct record record;
	const char *how;

	if (argc != 3)
		errx(2, "usage: record BUFFER FILE");
	record.buffer = mapbuf_open(argv[1], O_RDWR);
	if (!record.buffer)
		err(1, "buffer %s: cannot open", argv[1]);
	record.size = mapbuf_size(record.buffer);
	/* To register it, the kernel wants to be able to write. */
	record.data = mapbuf_map(record.buffer, 0, 0, 0);
	if (!record.data)
		err(1, "buffer %s: cannot map", argv[1]);
	record.path = argv[2];
	record.fd = open(record.path, O_WRONLY | O_CREAT | O_TRUNC | O_DIRECT |
				      O_CLOEXEC, 0644);
	if (record.fd < 0)
		err(1, "%s: cannot open with O_DIRECT", record.path);
	how = write_all(&record);
	if (fdatasync(record.fd) || close(record.fd))
		err(1, "%s: cannot write", record.path);
	printf("%s: %" PRIu64 " bytes of buffer %s, written by %s\n",
	       record.path, record.size, argv[1], how);
	mapbuf_unmap(record.data, record.size);
	mapbuf_close(record.buffer);
	return 0;
}
