// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include <mapbuf.h>

#include "fixture.h"
#include "property.h"

static struct properties properties;

static int set(const char *key, const char *value, char *reason)
{
	struct environment env = { .root = fixture_root(), .memory = 1 << 30 };
	int number = property_find(key);

	assert_true(number >= 0);
	reason[0] = '\0';
	return property_table[number].set(&properties, value, &env, reason);
}

static void good(const char *key, const char *value)
{
	char reason[REASON_SIZE];

	if (set(key, value, reason))
		fail_msg("%s=%s: %s", key, value, reason);
}

static void bad(const char *key, const char *value)
{
	struct properties before = properties;
	char reason[REASON_SIZE];

	if (!set(key, value, reason))
		fail_msg("%s=%s is accepted", key, value);
	assert_true(strlen(reason) > 0);
	assert_memory_equal(&before, &properties, sizeof(before));
}

static void numbers(void **state)
{
	(void)state;
	good("Size", "64M");
	assert_int_equal(properties.size, 64 << 20);
	bad("Size", "64X");
	good("NUMANode", "0");
	assert_int_equal(properties.numa_node, 0);
	bad("NUMANode", "-1");
	bad("NUMANode", "any");
	bad("NUMANode", "99999999999");
	good("DMABits", "12");
	good("DMABits", "64");
	assert_int_equal(properties.dma_bits, 64);
	bad("DMABits", "11");
	bad("DMABits", "65");
	bad("DMABits", "32 ");
}

static void backings(void **state)
{
	(void)state;
	good("Backing", "contiguous");
	assert_string_equal(properties.backing, "contiguous");
	good("Backing", "vmalloc");
	bad("Backing", "Contiguous");
	bad("Backing", "kmalloc");
	assert_string_equal(properties.backing, "vmalloc");
}

static void ranges(void **state)
{
	(void)state;
	assert_int_equal(properties.has_start, 0);
	good("Start", "0x30000000");
	assert_int_equal(properties.has_start, 1);
	assert_int_equal(properties.start, 0x30000000);
	good("Start", "0");
	assert_int_equal(properties.start, 0);
	good("Start", "5G");
	assert_int_equal(properties.start, 5ULL << 30);
	bad("Start", "10%");
	bad("Start", "");
	good("Cache", "uc");
	assert_string_equal(properties.cache, "uc");
	good("Cache", "wb");
	bad("Cache", "WB");
	good("OnCreate", "zero");
	assert_int_equal(properties.zero_on_create, 1);
	good("OnCreate", "keep");
	assert_int_equal(properties.zero_on_create, 0);
	bad("OnCreate", "clear");
}

/* What there can be in /proc is in tests/config/cases/regions*. */
static void regions(void **state)
{
	(void)state;
	properties = (struct properties){ .size = 0 };
	bad("Region", "capture");
	fixture_write("/proc/device-tree/reserved-memory/capture/no-map", "");
	bad("Region", "capture");
	fixture_write("/proc/device-tree/reserved-memory/capture/reg",
		      "@@@@AAAABBBB");
	good("Region", "capture");
	assert_int_equal(properties.has_region, 1);
	assert_int_equal(properties.region.start, 0x4040404041414141);
	assert_int_equal(properties.region.size, 0x42424242);
	fixture_write("/proc/device-tree/reserved-memory/captured/no-map", "");
	bad("Region", "captured");
	bad("Region", "cap");
	bad("Region", "");
	properties_settle(&properties);
	assert_string_equal(properties.backing, "reserved");
	assert_int_equal(properties.start, 0x4040404041414141);
	assert_int_equal(properties.size, 0x42424242);
}

/* @expected: a part of the reason, or NULL if they go together */
static void go_together(const struct properties *some, const char *expected)
{
	char reason[REASON_SIZE] = "";

	assert_int_equal(properties_check(some, reason), expected ? -1 : 0);
	if (expected && !strstr(reason, expected))
		fail_msg("no '%s' in '%s'", expected, reason);
}

static void combinations(void **state)
{
	struct environment env = { .root = fixture_root() };
	struct properties some;

	(void)state;
	properties_init(&some, &env);
	some.size = 8192;
	go_together(&some, NULL);
	some.has_start = 1;
	some.start = 0x30000000;
	go_together(&some, "only the backing reserved");
	some.backing = "vmalloc";
	go_together(&some, "only the backing reserved");
	some.has_start = 0;
	some.cache = mapbuf_caches()[1];
	go_together(&some, "only the backings reserved and contiguous");
	some.backing = "contiguous";
	go_together(&some, NULL);
	some.backing = "coherent";
	go_together(&some, "only the backings reserved and contiguous");
	some.cache = mapbuf_caches()[0];
	go_together(&some, "give Device=, or --device=");
	some.device = "/sys/bus/pci/devices/0000:00:01.0";
	go_together(&some, NULL);
	some.numa_node = 0;
	go_together(&some, "leave the NUMA node out");
	some.numa_node = -1;
	some.device = NULL;
	some.cache = mapbuf_caches()[1];
	some.backing = "reserved";
	go_together(&some, "give Start=, or --start=");
	some.has_start = 1;
	go_together(&some, NULL);
	some.numa_node = 0;
	go_together(&some, "no NUMA node");
	some.numa_node = -1;
	some.dma_bits = 30;
	go_together(&some, NULL);
	some.size = 0x10000000;
	go_together(&some, NULL);
	some.size += 4096;
	go_together(&some, "does not end below 2^30");
	some.dma_bits = 64;
	go_together(&some, NULL);
	some.start++;
	go_together(&some, "whole pages");
	some.start--;
	some.size++;
	go_together(&some, "whole pages");
}

static void permissions(void **state)
{
	(void)state;
	good("Mode", "0640");
	assert_int_equal(properties.mode, 0640);
	good("Mode", "666");
	bad("Mode", "0777");
	bad("Mode", "1660");
	bad("Mode", "0680");
	bad("Mode", "rw");
}

static void accounts(void **state)
{
	(void)state;
	fixture_write("/etc/passwd", "root:x:0:0::/:/bin/sh\n"
				     "adc:x:321:432::/:/bin/sh\n");
	fixture_write("/etc/group", "root:x:0:\nmapbuf:x:543:\n");
	good("User", "adc");
	assert_int_equal(properties.uid, 321);
	good("User", "4294967294");
	bad("User", "4294967295");
	bad("User", "nobody-here");
	good("Group", "mapbuf");
	assert_int_equal(properties.gid, 543);
	good("Group", "7");
	assert_int_equal(properties.gid, 7);
	bad("Group", "adc");
}

static void accounts_of_this_system(void **state)
{
	gid_t gid = 1;
	uid_t uid = 1;

	(void)state;
	assert_int_equal(account_find_user("", "root", &uid), 0);
	assert_int_equal(uid, 0);
	assert_int_equal(account_find_group("", "root", &gid), 0);
	assert_int_equal(gid, 0);
	assert_int_equal(account_find_user("", "no-such-user", &uid), -1);
}

static void last_close(void **state)
{
	(void)state;
	properties.zero_on_last_close = 0;
	good("OnLastClose", "zero");
	assert_int_equal(properties.zero_on_last_close, 1);
	good("OnLastClose", "keep");
	assert_int_equal(properties.zero_on_last_close, 0);
	bad("OnLastClose", "free");
}

static void defaults(void **state)
{
	struct environment env = { .root = fixture_root() };

	(void)state;
	assert_int_equal(properties_init(&properties, &env), -1);
	assert_int_equal(properties.gid, 0);
	fixture_write("/etc/group", "mapbuf:x:543:\n");
	assert_int_equal(properties_init(&properties, &env), 0);
	assert_int_equal(properties.gid, 543);
	assert_int_equal(properties.uid, 0);
	assert_int_equal(properties.mode, 0660);
	assert_int_equal(properties.numa_node, -1);
	assert_null(properties.backing);
	assert_string_equal(properties.cache, "wb");
	assert_int_equal(properties.has_start, 0);
}

/* @group, @mode: what is given, or NULL */
static void of_a_range(const char *group, const char *mode, gid_t gid,
		       mode_t expected)
{
	struct environment env = { .root = fixture_root() };

	fixture_write("/etc/group", "mapbuf:x:543:\n");
	assert_int_equal(properties_init(&properties, &env), 0);
	good("Backing", "reserved");
	if (group)
		good("Group", group);
	if (mode)
		good("Mode", mode);
	properties_settle(&properties);
	assert_int_equal(properties.gid, gid);
	assert_int_equal(properties.mode, expected);
	assert_int_equal(properties_use_default_group(&properties), 0);
}

static void defaults_of_a_range(void **state)
{
	(void)state;
	of_a_range(NULL, NULL, 0, 0600);
	of_a_range(NULL, "0640", 0, 0640);
	of_a_range("1234", NULL, 1234, 0660);
	of_a_range("1234", "0600", 1234, 0600);
}

static void unknown_key(void **state)
{
	(void)state;
	assert_int_equal(property_find("size"), -1);
	assert_int_equal(property_find(""), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(numbers),
		fixture_test(backings),
		fixture_test(ranges),
		fixture_test(regions),
		fixture_test(combinations),
		fixture_test(permissions),
		fixture_test(accounts),
		cmocka_unit_test(accounts_of_this_system),
		fixture_test(last_close),
		fixture_test(defaults),
		fixture_test(defaults_of_a_range),
		cmocka_unit_test(unknown_key),
	};

	return cmocka_run_group_tests_name("property", tests, NULL, NULL);
}
