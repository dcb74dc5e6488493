// SPDX-License-Identifier: GPL-2.0-only
/*
 * Locks of flock(2) and fcntl(2), the same through nodes and files of a buffer.
 *
 * The kernel keeps a lock with the inode that was opened.  Of a buffer there are
 * several: its node, nodes of the same number elsewhere, its file.  So these
 * operations keep all locks with the inode that has the mappings, which nobody
 * can open.  The kernel allocates its lists with the first lock, and frees them
 * with the inode, which the buffer holds for as long as it has memory.
 *
 * A lock refers to the open file that it was made through, which holds the buffer,
 * and has to go before that file does.  When a descriptor or a file is closed, the
 * kernel looks for locks with the opened inode and finds none, so what it would do
 * is done here: when a descriptor is closed, the locks of its process go, and with
 * the last one those of the open file.
 *
 * fcntl() has one more case: another thread has closed the descriptor before the
 * lock was there, and may have closed nothing else.  The kernel sees that once the
 * lock has been granted, and takes back all locks of the process, by operation
 * "lock", but since 6.10, and in stable kernels before, only if there is a POSIX
 * lock with the opened inode.  There is one: a mark of each open file that such
 * locks are made through.  It is a lock to read the last byte that there can be,
 * conflicts with nothing, as nobody else locks there, and has no process, without
 * which /proc/locks does not list it, and no file, without which fdinfo does not.
 */
#include <linux/list.h>
#include <linux/spinlock.h>

#include "compat/fs.h"
#include "locks.h"
#include "mapbuf.h"

/* A request for all of the file. */
static void request_init(struct file_lock *request, unsigned int flags,
			 unsigned int type, fl_owner_t owner)
{
	locks_init_lock(request);
	mapbuf_flc(request, flags) = flags;
	mapbuf_flc(request, type) = type;
	mapbuf_flc(request, owner) = owner;
	request->fl_end = OFFSET_MAX;
}

/* The lists of locks of @inode, once there was a lock; or NULL. */
static struct file_lock_context *context_of(struct inode *inode)
{
	/* As the kernel, which publishes them with cmpxchg(), does. */
	return smp_load_acquire(&inode->i_flctx);
}

static int file_mark(struct file *file)
{
	struct file_lock request;

	request_init(&request, FL_POSIX, F_RDLCK, file);
	request.fl_start = OFFSET_MAX;
	return posix_lock_file(file, &request, NULL);
}

/* Whether @held is what somebody who asks for @asked is to know of. */
static bool lock_conflicts(const struct file_lock *asked,
			   const struct file_lock *held)
{
	bool same = mapbuf_flc(asked, owner) == mapbuf_flc(held, owner);

	if (asked->fl_end < held->fl_start || held->fl_end < asked->fl_start)
		return false;
	/* Who could unlock a range, of an open file, asks for its own locks. */
	if (mapbuf_flc(asked, type) == F_UNLCK)
		return same;
	return !same && (mapbuf_flc(asked, type) == F_WRLCK ||
			 mapbuf_flc(held, type) == F_WRLCK);
}

/* What posix_test_lock() does, which wants an open file of @inode. */
static void lock_test(struct inode *inode, struct file_lock *lock)
{
	struct file_lock_context *context = context_of(inode);
	const struct file_lock *asked = lock;
	struct file_lock *held;

	if (context) {
		spin_lock(&context->flc_lock);	/* flc_posix, all in it */
		mapbuf_for_each_lock(held, &context->flc_posix) {
			if (!lock_conflicts(asked, held))
				continue;
			locks_copy_conflock(lock, held);
			spin_unlock(&context->flc_lock);
			return;
		}
		spin_unlock(&context->flc_lock);
	}
	mapbuf_flc(lock, type) = F_UNLCK;
}

/**
 * mapbuf_file_lock() - operation "lock": of fcntl()
 * @file: open on a buffer
 * @cmd: says what to do with the request; whether to wait is in its flags
 * @lock: the request, of a process or of an open file
 *
 * Sleeps, until the lock is granted if it may wait.  A buffer that has been
 * destroyed, or whose device has gone, has locks as before: they say nothing about
 * memory, and its users may still have something to agree on.
 *
 * Return: 0; -EAGAIN if there is a conflict; -EDEADLK if waiting for it would
 * have no end; -ERESTARTSYS when a signal arrives; -ENOMEM or -ENOLCK.
 */
int mapbuf_file_lock(struct file *file, int cmd, struct file_lock *lock)
{
	struct mapbuf_file *opened = file->private_data;
	int err;

	if (cmd == F_GETLK) {
		lock_test(opened->buf->inode, lock);
		return 0;
	}
	/* For servers that need not wait: a request ends with its call. */
	if (cmd == F_CANCELLK)
		return 0;

	/* Before the lock, which could not be undone if it replaced others. */
	if (mapbuf_flc(lock, type) != F_UNLCK &&
	    !(mapbuf_flc(lock, flags) & FL_OFDLCK) &&
	    !READ_ONCE(opened->marked)) {
		err = file_mark(file);
		if (err)
			return err;
		WRITE_ONCE(opened->marked, true);
	}
	return locks_lock_inode_wait(opened->buf->inode, lock);
}

/**
 * mapbuf_file_flock() - operation "flock"
 * @file: open on a buffer
 * @cmd: whether to wait, which the flags of the request say, too
 * @lock: the request, of the open file
 *
 * Return: as mapbuf_file_lock(), but for -EDEADLK.
 */
int mapbuf_file_flock(struct file *file, int cmd, struct file_lock *lock)
{
	return locks_lock_inode_wait(mapbuf_of(file)->inode, lock);
}

/*
 * Takes locks of one kind away.  Neither waits nor fails.  Not inline: kernels
 * clear what is on the stack, and who closes a file seldom has locks.
 */
static noinline void unlock_all(struct inode *inode, unsigned int kind,
				struct file *file, fl_owner_t owner)
{
	struct file_lock request;

	request_init(&request, kind | FL_CLOSE, F_UNLCK, owner);
	mapbuf_flc(&request, file) = file;
	locks_lock_inode_wait(inode, &request);
}

/*
 * Whether somebody may have locks in a list.  Without a lock: what is to be taken
 * away was there before the descriptor was closed, or fcntl() finds that closed,
 * see above.
 */
static bool has_locks(struct list_head *list)
{
	return unlikely(!list_empty(list));
}

/**
 * mapbuf_file_flush() - operation "flush": a descriptor is being closed
 * @file: open on a buffer
 * @owner: the table that the descriptor was in
 *
 * With the first descriptor of a file that a process closes its locks go.
 *
 * Return: 0.
 */
int mapbuf_file_flush(struct file *file, fl_owner_t owner)
{
	struct inode *inode = mapbuf_of(file)->inode;
	struct file_lock_context *context = context_of(inode);

	if (context && has_locks(&context->flc_posix))
		unlock_all(inode, FL_POSIX, file, owner);
	return 0;
}

/**
 * mapbuf_file_unlock() - take the locks of an open file away
 * @file: open on a buffer; its last descriptor has been closed
 */
void mapbuf_file_unlock(struct file *file)
{
	const struct mapbuf_file *opened = file->private_data;
	struct inode *inode = opened->buf->inode;
	struct file_lock_context *context = context_of(inode);

	if (unlikely(opened->marked))
		unlock_all(file_inode(file), FL_POSIX, file, file);
	if (!context)
		return;
	if (has_locks(&context->flc_posix))
		unlock_all(inode, FL_POSIX, file, file);
	if (has_locks(&context->flc_flock))
		unlock_all(inode, FL_FLOCK, file, file);
}
