// SPDX-License-Identifier: GPL-2.0-only
/* The module's parameter max_bytes, also where the module is not loaded yet. */
#include <libkmod.h>
#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "size.h"
#include "system.h"
#include "xalloc.h"

#define DIRECTORIES 5

/* What modprobe.d(5) says, or would below @root; the caller frees it. */
static char *find_configured(const char *root)
{
	static const char *const below[DIRECTORIES] = {
		"/etc/modprobe.d", "/run/modprobe.d",
		"/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d",
		"/lib/modprobe.d"
	};
	const char *paths[DIRECTORIES + 1] = { NULL };
	struct kmod_config_iter *iter = NULL;
	char *found = NULL, *copies[DIRECTORIES];
	struct kmod_ctx *kmod;
	const char *value;
	size_t i;

	for (i = 0; i < DIRECTORIES; i++) {
		copies[i] = xprintf("%s%s", *root ? root : system_root(),
				    below[i]);
		paths[i] = copies[i];
	}
	kmod = kmod_new(NULL, paths);
	if (kmod)
		iter = kmod_config_get_options(kmod);
	while (iter && kmod_config_iter_next(iter)) {
		value = strstr(kmod_config_iter_get_value(iter), "max_bytes=");
		if (!value || strcmp(kmod_config_iter_get_key(iter), "mapbuf"))
			continue;
		/* The last one counts, as for the kernel. */
		value += strlen("max_bytes=");
		free(found);
		found = xprintf("%.*s", (int)strcspn(value, " "), value);
	}
	kmod_config_iter_free_iter(iter);
	kmod_unref(kmod);
	for (i = 0; i < DIRECTORIES; i++)
		free(copies[i]);
	return found;
}

/* 0 if it is missing, or not understood */
static uint64_t parse(const char *text, uint64_t memory)
{
	uint64_t bytes;
	const char *why;

	return text && !size_parse(text, memory, &bytes, &why) ? bytes : 0;
}

uint64_t limit_read(uint64_t memory, char **setting)
{
	*setting = system_read("/sys/module/mapbuf/parameters/max_bytes");
	return parse(*setting, memory);
}

uint64_t limit_of_bytes(const char *root, uint64_t memory)
{
	char *text;
	uint64_t bytes = limit_read(memory, &text);

	if (!text || *root) {
		free(text);
		text = find_configured(root);
		bytes = parse(text, memory);
	}
	free(text);
	return bytes ? bytes : memory / 2;
}
