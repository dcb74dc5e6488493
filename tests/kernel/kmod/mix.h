/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MIX_H
#define MIX_H

#include <linux/types.h>

/* splitmix64: what fill() writes, every place its own value, from it alone. */
static inline __u64 mix(__u64 x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

#endif
