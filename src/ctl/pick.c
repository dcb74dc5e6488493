// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include <mapbuf.h>

#include "ctl.h"
#include "pick.h"
#include "xalloc.h"

struct mapbuf_list *pick_list(void)
{
	struct mapbuf_list *list = mapbuf_list_read();

	if (!list)
		message(LEVEL_ERROR, "mapbufctl: the buffers cannot be listed: %s",
			explain_list(errno));
	return list;
}

const struct mapbuf_entry **pick(const struct mapbuf_list *list, char **names,
				 size_t name_count, size_t *count)
{
	size_t i, n = 0, all = name_count ? name_count : mapbuf_list_count(list);
	const struct mapbuf_entry **entries = NULL, *entry;

	for (i = 0; i < all; i++) {
		entry = name_count ? mapbuf_list_find(list, names[i]) :
				     mapbuf_list_get(list, i);
		if (!entry) {
			message(LEVEL_ERROR, "mapbufctl: buffer '%s': %s",
				names[i], explain_destroy(ENOENT));
			continue;
		}
		entries = xgrow(entries, n, sizeof(*entries));
		entries[n++] = entry;
	}
	*count = n;
	return entries;
}
