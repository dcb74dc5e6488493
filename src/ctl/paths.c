// SPDX-License-Identifier: GPL-2.0-only
#include "system.h"

/* The tests replace this file when they link. */
const char *system_root(void)
{
	return "";
}
