// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz.h"

#include <linux/kcov.h>

#define COVER_WORDS (64 * KIB)
#define LEAST 100	/* runs, however slow the machine is */

uint64_t fuzz_bits(struct fuzz *f)
{
	uint64_t x = f->state += 0x9e3779b97f4a7c15;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

unsigned int fuzz_below(struct fuzz *f, unsigned int n)
{
	return (fuzz_bits(f) >> 32) % n;
}

bool fuzz_one_in(struct fuzz *f, unsigned int n)
{
	return !fuzz_below(f, n);
}

uint64_t fuzz_value(struct fuzz *f)
{
	static const uint64_t edges[] = {
		0, 1, 8, PAGE, 64 * KIB, HUGE_PAGE, 1ULL << 31, 1ULL << 32,
		1ULL << 40, 1ULL << 63, ~0ULL,
	};

	switch (fuzz_below(f, 4)) {
	case 0:
		return 1ULL << fuzz_below(f, 64);
	case 1:
		return fuzz_bits(f) >> fuzz_below(f, 64);
	default:
		return edges[fuzz_below(f, ARRAY_LEN(edges))] +
		       fuzz_below(f, 3) - 1;
	}
}

size_t fuzz_text(struct fuzz *f, char *text, size_t len, size_t size)
{
	static const char bytes[] = "0123456789KMGkmgxX%@+:,.-_\n \t\\/\"a\xff";
	size_t at = fuzz_below(f, len + 1);
	char byte = fuzz_one_in(f, 8) ? (char)fuzz_bits(f) :
		    bytes[fuzz_below(f, sizeof(bytes))];
	size_t n;

	switch (fuzz_below(f, 6)) {
	case 0:	/* cut off */
		return at;
	case 1:	/* one byte less */
		if (at == len)
			return len;
		memmove(text + at, text + at + 1, len - at - 1);
		return len - 1;
	case 2:	/* another byte */
		if (at < len)
			text[at] = byte;
		return len;
	case 3:	/* a part again */
		n = fuzz_below(f, len - at + 1);
		if (len + n >= size)
			return len;
		memmove(text + len, text + at, n);
		return len + n;
	case 4:	/* a number */
		if (at + 24 >= size)
			return len;
		return at + snprintf(text + at, size - at,
				     fuzz_one_in(f, 2) ? "%llu" : "%#llx",
				     (unsigned long long)fuzz_value(f));
	default:	/* one byte more */
		if (len + 1 >= size)
			return len;
		memmove(text + at + 1, text + at, len - at);
		text[at] = byte;
		return len + 1;
	}
}

static uint64_t *cover_open(void)
{
	uint64_t *cover;
	int fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	if (ioctl(fd, KCOV_INIT_TRACE, COVER_WORDS))
		t_bail("KCOV_INIT_TRACE");
	cover = mmap(NULL, COVER_WORDS * sizeof(*cover),
		     PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (cover == MAP_FAILED || ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC))
		t_bail("KCOV_ENABLE");
	return cover;
}

static uint64_t seed;

void fuzz_seed(void)
{
	seed = setting("RANDOM_SEED", 1);
	t_note("RANDOM_SEED=%llu", (unsigned long long)seed);
}

void fuzz_begin(struct fuzz *f, unsigned int worker, double share)
{
	uint64_t soak = setting("SOAK_SECONDS", 20);

	memset(f, 0, sizeof(*f));
	f->worker = worker;
	f->state = seed + worker * 0xd1342543de82ef95;
	f->until = seconds() + share * soak;
	f->cover = cover_open();
	alarm(soak + 600);
}

bool fuzz_more(struct fuzz *f)
{
	if (f->runs >= LEAST && seconds() >= f->until)
		return false;
	f->runs++;
	return true;
}

void fuzz_result(const struct fuzz *f, bool ok, int line, const char *cond)
{
	if (ok)
		return;
	t_note("worker %u, run %lu, line %d: %s (errno %d)", f->worker, f->runs,
	       line, cond, errno);
	_exit(1);
}

void fuzz_before(struct fuzz *f)
{
	if (f->cover)
		__atomic_store_n(f->cover, 0, __ATOMIC_RELAXED);
}

static bool feature_new(struct fuzz *f, uint64_t feature)
{
	uint64_t hash = feature * 0x9e3779b97f4a7c15 >> 45;
	uint8_t bit = 1 << hash % 8;
	bool is_new = !(f->seen[hash / 8] & bit);

	f->seen[hash / 8] |= bit;
	f->features += is_new;
	return is_new;
}

bool fuzz_after(struct fuzz *f, uint64_t result)
{
	uint64_t n, i;
	bool is_new = false;

	if (!f->cover)
		return feature_new(f, result);
	n = __atomic_load_n(f->cover, __ATOMIC_RELAXED);
	for (i = 1; i <= n; i++)
		is_new |= feature_new(f, f->cover[i]);
	return is_new;
}
