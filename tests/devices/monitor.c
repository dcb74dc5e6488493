// SPDX-License-Identifier: GPL-2.0-only
#include "monitor.h"

#include "../kernel/t.h"

static FILE *monitor;

/* Lines that come unasked are skipped. */
static void wait_for(const char *what, const char *whose)
{
	char line[4096];

	while (fgets(line, sizeof(line), monitor)) {
		if (strstr(line, what) && strstr(line, whose))
			return;
		if (strstr(line, "\"error\""))
			t_bail("QEMU's monitor: %s", line);
	}
	t_bail("QEMU's monitor ends");
}

/* Without an answer */
static void __attribute__((format(printf, 2, 3)))
tell(const char *execute, const char *fmt, ...)
{
	char arguments[256], command[512];
	va_list args;
	int len;

	va_start(args, fmt);
	vsnprintf(arguments, sizeof(arguments), fmt, args);
	va_end(args);
	len = snprintf(command, sizeof(command),
		       "{\"execute\":\"%s\",\"arguments\":{%s}}\n", execute,
		       arguments);
	must(write(fileno(monitor), command, len) == len);
}

void monitor_open(const char *port)
{
	monitor = fopen(port, "r+e");
	if (!monitor)
		t_bail("open %s", port);
	wait_for("\"QMP\"", "");
	tell("qmp_capabilities", "%s", "");
	wait_for("\"return\"", "");
}

void monitor_delete(const char *device)
{
	tell("device_del", "\"id\":\"%s\"", device);
	wait_for("\"DEVICE_DELETED\"", device);
}

void monitor_add(const char *device)
{
	tell("device_add", "\"driver\":\"edu\",\"dma_mask\":%u,\"bus\":\"%s\",\"id\":\"%s\"",
	     UINT32_MAX, PLUG, device);
	wait_for("\"return\"", "");
}
