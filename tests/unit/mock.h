/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Takes the place of the system calls that need the module.  A call that was
 * not expected fails the test, and so does an expected one that did not come.
 */
#ifndef MAPBUF_TESTS_MOCK_H
#define MAPBUF_TESTS_MOCK_H

#include <stddef.h>

/* The next ioctl() shall be @number with this @request, and answers. */
void mock_ioctl(unsigned long number, const void *request, const void *answer,
		size_t size, int error);
/* The same for MAPBUF_IOC_INFO on a buffer of that name */
void mock_info(const char *name, unsigned int id);
/* For the end of a test */
void mock_finished(void);

#endif /* MAPBUF_TESTS_MOCK_H */
