// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "size.h"

/* More digits than tell sizes of 64 bits apart in units of 1T. */
#define FRACTION_DIGITS 12

struct number {
	uint64_t whole;
	uint64_t fraction;	/* in units of 1 / scale */
	uint64_t scale;
};

/* Reads digits[.digits]; *@text is left at what follows. */
static const char *read_number(const char **text, struct number *number)
{
	const char *c = *text;
	int digits = 0;

	memset(number, 0, sizeof(*number));
	number->scale = 1;
	if (!isdigit((unsigned char)*c))
		return *c == '-' ? "it is negative" : "it is not a number";
	for (; isdigit((unsigned char)*c); c++) {
		if (__builtin_mul_overflow(number->whole, 10, &number->whole) ||
		    __builtin_add_overflow(number->whole, *c - '0',
					   &number->whole))
			return "it is too large";
	}
	if (*c == '.') {
		for (c++; isdigit((unsigned char)*c); c++, digits++) {
			if (digits == FRACTION_DIGITS)
				return "it has too many digits";
			number->fraction = 10 * number->fraction + *c - '0';
			number->scale *= 10;
		}
		if (digits == 0)
			return "digits are missing after the point";
	}
	*text = c;
	return NULL;
}

/*
 * How many bytes a suffix stands for, as in util-linux: K and KiB are 1024, KB
 * is 1000; 0 if it is none.
 */
static uint64_t unit_bytes(const char *suffix)
{
	static const char units[] = "KMGT";
	uint64_t base, bytes = 1;
	const char *unit;

	if (!*suffix)
		return 1;
	unit = strchr(units, toupper((unsigned char)*suffix));
	suffix++;
	if (!unit)
		return 0;
	if (!*suffix || strcmp(suffix, "iB") == 0 || strcmp(suffix, "ib") == 0)
		base = 1024;
	else if (strcmp(suffix, "B") == 0 || strcmp(suffix, "b") == 0)
		base = 1000;
	else
		return 0;
	for (; unit >= units; unit--)
		bytes *= base;
	return bytes;
}

/**
 * size_parse - read a size
 * @text: digits with or without a point and a unit, see unit_bytes(), or a
 *        percentage of @memory
 * @memory: bytes of memory of the machine
 * @bytes: the size, parts of a byte rounded up
 * @why: on failure, what is wrong with it
 *
 * Return: 0 or -1.
 */
int size_parse(const char *text, uint64_t memory, uint64_t *bytes,
	       const char **why)
{
	unsigned __int128 value;
	struct number number;
	uint64_t unit;

	*why = read_number(&text, &number);
	if (*why)
		return -1;
	value = (unsigned __int128)number.whole * number.scale +
		number.fraction;
	if (strcmp(text, "%") == 0) {
		if (value > (unsigned __int128)100 * number.scale) {
			*why = "it is more than 100%";
			return -1;
		}
		/* At most 10^14 times 2^64. */
		value = value * memory / 100 / number.scale;
	} else {
		unit = unit_bytes(text);
		if (unit == 0 || (unit == 1 && number.scale > 1)) {
			*why = unit ? "a fraction needs a unit, K M G T or %" :
				      "the unit is none of K M G T %";
			return -1;
		}
		if (number.whole > (uint64_t)INT64_MAX / unit) {
			*why = "it is too large";
			return -1;
		}
		value = (value * unit + number.scale - 1) / number.scale;
	}
	if (value == 0 || value > INT64_MAX) {
		*why = value ? "it is too large" : "it is 0";
		return -1;
	}
	*bytes = value;
	return 0;
}

/**
 * address_parse - read a physical address
 * @text: digits, or 0x and hexadecimal ones, with or without a unit, see
 *        unit_bytes()
 * @address: what it comes to
 * @why: on failure, what is wrong with it
 *
 * Return: 0 or -1.
 */
int address_parse(const char *text, uint64_t *address, const char **why)
{
	int is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = text + (is_hex ? 2 : 0);
	unsigned long long value;
	uint64_t unit;
	char *end;

	*why = "it is not an address";
	if (!(is_hex ? isxdigit((unsigned char)*digits) :
		       isdigit((unsigned char)*digits)))
		return -1;
	errno = 0;
	value = strtoull(digits, &end, is_hex ? 16 : 10);
	unit = unit_bytes(end);
	if (!unit)
		return -1;
	if (errno || value > (uint64_t)INT64_MAX / unit) {
		*why = "it is too large";
		return -1;
	}
	*address = value * unit;
	return 0;
}

/* The largest unit that leaves one digit after the point at most. */
void size_format(char *text, uint64_t bytes)
{
	static const char units[] = "BKMGTPE";
	uint64_t tenths = 0;
	int unit = 0, shift;

	while (unit < 6 && bytes >> (10 * (unit + 1)))
		unit++;
	shift = 10 * unit;
	if (unit > 0)
		tenths = ((unsigned __int128)bytes * 10 +
			  (1ULL << (shift - 1))) >> shift;
	else
		tenths = bytes * 10;
	if (tenths % 10)
		snprintf(text, SIZE_TEXT, "%llu.%llu%c",
			 (unsigned long long)tenths / 10,
			 (unsigned long long)tenths % 10, units[unit]);
	else
		snprintf(text, SIZE_TEXT, "%llu%c",
			 (unsigned long long)tenths / 10, units[unit]);
}

uint64_t size_of_memory(void)
{
	struct sysinfo info;

	if (sysinfo(&info))
		return 0;
	return (uint64_t)info.totalram * info.mem_unit;
}
