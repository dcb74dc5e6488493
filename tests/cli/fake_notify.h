/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FAKE_NOTIFY_H
#define FAKE_NOTIFY_H

/* A buffer has been opened, is notified of, is seen. */
void fake_open(int fd);
void fake_notify(int fd);
void fake_seen(int fd);
/* Buffers hang up; only what does not wait for ever notices. */
extern int fake_is_destroyed;

#endif /* FAKE_NOTIFY_H */
