// SPDX-License-Identifier: GPL-2.0-only
/* Compiles if both headers can be used together, in either order. */
#ifdef UAPI_FIRST
#include <linux/mapbuf.h>
#include <mapbuf.h>
#elif defined(UAPI_LAST)
#include <mapbuf.h>
#include <linux/mapbuf.h>
#else
#include <mapbuf.h>
#ifdef _UAPI_LINUX_MAPBUF_H
#error the public header shows the interface of the kernel
#endif
#endif

int main(void)
{
	return mapbuf_unmap(NULL, 0) == 0;
}
