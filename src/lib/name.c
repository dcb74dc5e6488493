// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "internal.h"

int mapbuf_name_is_valid(const char *name)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
	size_t length;

	if (!name || name[0] == '.' || name[0] == '-')
		return 0;
	length = strnlen(name, MAPBUF_NAME_SIZE);
	return length > 0 && length < MAPBUF_NAME_SIZE &&
	       strspn(name, allowed) == length;
}
