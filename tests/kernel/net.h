/* SPDX-License-Identifier: GPL-2.0-only */
/* The network of a machine that has only itself. */
#ifndef NET_H
#define NET_H

void loopback_up(void);
/* A TCP connection to ourselves; ends[0] sends, without waiting. */
void connection(int ends[2]);

#endif
