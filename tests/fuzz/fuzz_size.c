// SPDX-License-Identifier: GPL-2.0-only
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "size.h"

#define MEMORY (3ULL << 40)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), again[SIZE_TEXT];
	const char *why = NULL;
	uint64_t bytes = 0;

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	if (size_parse(text, MEMORY, &bytes, &why)) {
		if (!why || !*why)
			abort();
	} else {
		/* Neither nothing nor more than a file can be long. */
		if (bytes == 0 || bytes > INT64_MAX)
			abort();
		if (strchr(text, '%') && bytes > MEMORY)
			abort();
		size_format(again, bytes);
		if (strlen(again) >= SIZE_TEXT)
			abort();
	}
	why = NULL;
	if (address_parse(text, &bytes, &why)) {
		if (!why || !*why)
			abort();
	} else if (bytes > INT64_MAX) {
		abort();
	}
	free(text);
	return 0;
}
