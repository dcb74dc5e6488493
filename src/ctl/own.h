/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MAPBUFCTL_OWN_H
#define MAPBUFCTL_OWN_H

#include "property.h"

/* The buffer of that number gets owner, group and mode: 0, or the error. */
int own_buffer(const char *name, unsigned int id, const struct properties *to);

#endif /* MAPBUFCTL_OWN_H */
