// SPDX-License-Identifier: GPL-2.0-only
#include "monitor.h"

#include "../kernel/t.h"

static FILE *monitor;

/* Lines that come unasked are skipped. */
static void wait_for(const char *what)
{
	char line[4096];

	while (fgets(line, sizeof(line), monitor)) {
		if (strstr(line, what))
			return;
		if (strstr(line, "\"error\""))
			t_bail("QEMU's monitor: %s", line);
	}
	t_bail("QEMU's monitor ends");
}

static void __attribute__((format(printf, 1, 2))) tell(const char *fmt, ...)
{
	char command[512];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	must(write(fileno(monitor), command, len) == len);
}

void monitor_open(const char *port)
{
	monitor = fopen(port, "r+e");
	if (!monitor)
		t_bail("open %s", port);
	wait_for("\"QMP\"");
	tell("{\"execute\":\"qmp_capabilities\"}\n");
	wait_for("\"return\"");
}

void monitor_delete(const char *device)
{
	tell("{\"execute\":\"device_del\",\"arguments\":{\"id\":\"%s\"}}\n", device);
	wait_for("\"DEVICE_DELETED\", \"data\": {\"device\"");
}

void monitor_add(const char *device, const char *settings)
{
	tell("{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"edu\","
	     "\"id\":\"%s\",\"bus\":\"" PLUG "\"%s}}\n", device, settings);
	wait_for("\"return\"");
}
