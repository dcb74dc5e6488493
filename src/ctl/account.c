// SPDX-License-Identifier: GPL-2.0-only
/* Users and groups, of this system or of one below a directory. */
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "property.h"

/* The highest id means "none" to the kernel. */
static int parse_id(const char *text, unsigned int *id)
{
	unsigned long value;
	char *end;

	if (!*text || strspn(text, "0123456789") != strlen(text))
		return -1;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || value >= UINT_MAX)
		return -1;
	*id = value;
	return 0;
}

static FILE *open_below(const char *root, const char *file)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/etc/%s", root, file);
	return fopen(path, "re");
}

int account_find_user(const char *root, const char *name, uid_t *uid)
{
	struct passwd *entry;
	FILE *file;

	if (!parse_id(name, uid))
		return 0;
	if (!*root) {
		entry = getpwnam(name);
		if (entry)
			*uid = entry->pw_uid;
		return entry ? 0 : -1;
	}
	file = open_below(root, "passwd");
	if (!file)
		return -1;
	while ((entry = fgetpwent(file)) && strcmp(entry->pw_name, name))
		;
	if (entry)
		*uid = entry->pw_uid;
	fclose(file);
	return entry ? 0 : -1;
}

int account_find_group(const char *root, const char *name, gid_t *gid)
{
	struct group *entry;
	FILE *file;

	if (!parse_id(name, gid))
		return 0;
	if (!*root) {
		entry = getgrnam(name);
		if (entry)
			*gid = entry->gr_gid;
		return entry ? 0 : -1;
	}
	file = open_below(root, "group");
	if (!file)
		return -1;
	while ((entry = fgetgrent(file)) && strcmp(entry->gr_name, name))
		;
	if (entry)
		*gid = entry->gr_gid;
	fclose(file);
	return entry ? 0 : -1;
}
