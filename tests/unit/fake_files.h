/* SPDX-License-Identifier: GPL-2.0-only */
/* Takes the place of the file system of the buffers. */
#ifndef MAPBUF_TESTS_FAKE_FILES_H
#define MAPBUF_TESTS_FAKE_FILES_H

#include <stdbool.h>

/* What statfs() says */
extern bool files_are_mounted;
/* fake_readdir.c: how many entries of directories have been read */
extern unsigned int readings;

#endif /* MAPBUF_TESTS_FAKE_FILES_H */
