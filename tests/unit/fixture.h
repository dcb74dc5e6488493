/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A temporary directory that stands for / in a test.  The library looks for
 * its device and sysfs files in it, because fixture.c takes the place of its
 * paths.c.
 */
#ifndef MAPBUF_TESTS_FIXTURE_H
#define MAPBUF_TESTS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* For cmocka_unit_test_setup_teardown() */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* The directory, without a slash at its end */
const char *fixture_root(void);
/* Directories above are made as needed. */
void fixture_write(const char *path, const char *text);
void fixture_link(const char *path, const char *target);
/* A buffer in sysfs and its device node, but no link */
void fixture_buffer(unsigned int id, const char *name, const char *size,
		    const char *backing);

#define fixture_test(function) \
	cmocka_unit_test_setup_teardown(function, fixture_setup, \
					fixture_teardown)

#endif /* MAPBUF_TESTS_FIXTURE_H */
