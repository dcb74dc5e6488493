/* SPDX-License-Identifier: 0BSD */
/*
 * What the buffer of mapbuf_edu holds: a ring of frames.  Notification N of the
 * buffer is for frame N, counted from 1, in slot (N - 1) % EDU_SLOTS.
 */
#ifndef EDU_FRAME_H
#define EDU_FRAME_H

#include <linux/types.h>

/* QEMU 7.2 does not survive transfers of its whole 4 KiB. */
#define EDU_FRAME_SIZE 2048
#define EDU_SLOTS 32

/**
 * struct edu_frame - a frame
 * @number: N
 * @time: nanoseconds since boot, CLOCK_MONOTONIC
 * @samples: the first is @number, each next one is one more
 */
struct edu_frame {
	__u64 number;
	__u64 time;
	__u32 samples[(EDU_FRAME_SIZE - 16) / 4];
};

#endif
