// SPDX-License-Identifier: 0BSD
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <mapbuf.h>

int main(void)
{
	struct mapbuf *buffer = mapbuf_open("adc0", O_RDWR);
	char *data = buffer ? mapbuf_map(buffer, 0, 0, 0) : NULL;

	if (!data) {
		perror("adc0");
		return 1;
	}
	sprintf(data, "%" PRIu64 " bytes of %s memory",
		mapbuf_size(buffer), mapbuf_backing(buffer));
	puts(data);
	return 0;
}
