// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mapbuf.h"

const char *mapbuf_version(void)
{
	return MAPBUF_VERSION;
}
