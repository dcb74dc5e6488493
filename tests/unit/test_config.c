// SPDX-License-Identifier: GPL-2.0-only
/* The model; what whole files come to is tested in ../config. */
#include <string.h>
#include <sys/stat.h>

#include "config.h"
#include "ctl.h"
#include "fixture.h"

#define CONF "/etc/mapbuf.conf"

static char told[4096];

/* Takes the place of message.c. */
void message(enum level level, const char *format, ...)
{
	size_t used = strlen(told);
	va_list arguments;

	used += snprintf(told + used, sizeof(told) - used, "<%d>", level);
	va_start(arguments, format);
	vsnprintf(told + used, sizeof(told) - used, format, arguments);
	va_end(arguments);
	strcat(told, "\n");
}

static void read_config(struct config *config)
{
	struct environment env = { .root = fixture_root(), .memory = 1 << 30 };

	fixture_write("/etc/group", "mapbuf:x:543:\n");
	told[0] = '\0';
	config_read(config, &env);
}

static void no_files(void **state)
{
	struct config config;

	(void)state;
	read_config(&config);
	assert_int_equal(config.buffer_count, 0);
	assert_int_equal(config.file_count, 0);
	assert_int_equal(config.error_count, 0);
	assert_string_equal(told, "");
	config_free(&config);
}

static void values_and_places(void **state)
{
	const struct section *buffer;
	struct config config;

	(void)state;
	fixture_write(CONF, "# comment\n[Defaults]\nBacking=contiguous\n"
			    "\n[adc0]\nSize = 50%\n[adc1]\nSize=1M ; one\n"
			    "Backing=vmalloc\n");
	read_config(&config);
	assert_string_equal(told, "");
	assert_int_equal(config.buffer_count, 2);
	buffer = &config.buffers[0];
	assert_string_equal(buffer->name, "adc0");
	assert_int_equal(buffer->place.line, 5);
	assert_int_equal(buffer->settings[property_find("Size")].place.line, 6);
	assert_int_equal(buffer->properties.size, 1 << 29);
	assert_string_equal(buffer->properties.backing, "contiguous");
	assert_int_equal(buffer->properties.gid, 543);
	buffer = &config.buffers[1];
	assert_int_equal(buffer->properties.size, 1 << 20);
	assert_string_equal(buffer->properties.backing, "vmalloc");
	config_free(&config);
}

static void section_without_keys(void **state)
{
	struct config config;

	(void)state;
	fixture_write(CONF, "[Defaults]\nSize=1M\n[adc0]\n[adc1]");
	read_config(&config);
	assert_string_equal(told, "");
	assert_int_equal(config.buffer_count, 2);
	assert_int_equal(config.buffers[1].properties.size, 1 << 20);
	config_free(&config);
}

static void indented_line(void **state)
{
	struct config config;

	(void)state;
	fixture_write(CONF, "[adc0]\nSize=1M\n  Mode=0600\n[adc1]\nSize=1M\n"
			    "\t# indented comments are fine\nMode=0600\n");
	read_config(&config);
	assert_non_null(strstr(told,
			       CONF ":3: buffer 'adc0': cannot be made: this line is indented"));
	assert_int_equal(config.error_count, 1);
	assert_int_equal(config.buffers[0].is_broken, 1);
	assert_int_equal(config.buffers[1].is_broken, 0);
	assert_int_equal(config.buffers[1].properties.mode, 0600);
	config_free(&config);
}

/* They may be longer than the buffers of those who format messages. */
static void long_lines(void **state)
{
	struct config config;
	const char *why = CONF ":4: buffer 'adc0': cannot be made: this line is not understood";
	char text[12000];

	(void)state;
	snprintf(text, sizeof(text), "#%5000s\n[adc0]\nSize=%5000s1M #\nMode", "",
		 "");
	fixture_write(CONF, text);
	read_config(&config);
	assert_non_null(strstr(told, why));
	assert_int_equal(config.error_count, 1);
	assert_int_equal(config.buffers[0].properties.size, 1 << 20);
	config_free(&config);
}

static void key_set_twice(void **state)
{
	struct config config;
	const char *why = CONF ":6: buffer 'adc0': cannot be made: Size= is already set in line 2";

	(void)state;
	fixture_write(CONF, "[adc0]\nSize=1M\n[adc1]\nSize=2M\n[adc0]\nSize=3M\n");
	read_config(&config);
	assert_non_null(strstr(told, why));
	assert_int_equal(config.buffer_count, 2);
	assert_int_equal(config.buffers[0].is_broken, 1);
	assert_int_equal(config.buffers[1].is_broken, 0);
	config_free(&config);
}

static void empty_value_unsets(void **state)
{
	struct config config;

	(void)state;
	fixture_write("/usr/lib/mapbuf.conf", "[Defaults]\nMode=0600\n[adc0]\nSize=1M\nMode=0640\n");
	fixture_write("/etc/mapbuf.conf.d/10.conf", "[adc0]\nMode=\n");
	read_config(&config);
	assert_string_equal(told, "");
	assert_int_equal(config.buffers[0].properties.mode, 0600);
	config_free(&config);
}

static void not_a_file(void **state)
{
	struct config config;

	(void)state;
	fixture_write(CONF "/file", "");
	fixture_write("/etc/mapbuf.conf.d/10.conf", "[adc0]\nSize=1M\n");
	read_config(&config);
	assert_non_null(strstr(told, CONF ": cannot be read: it is not a file"));
	assert_int_equal(config.error_count, 1);
	assert_int_equal(config.buffer_count, 1);
	config_free(&config);
}

static void zero_byte(void **state)
{
	static const char text[] = "[adc0]\nSize=1M\0\n[adc1]\nSize=1M\n";
	char path[128];
	struct config config;
	FILE *file;

	(void)state;
	fixture_write(CONF, "");
	snprintf(path, sizeof(path), "%s%s", fixture_root(), CONF);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, sizeof(text) - 1, 1, file), 1);
	fclose(file);
	read_config(&config);
	assert_non_null(strstr(told,
			       CONF ":2: buffer 'adc0': cannot be made: this line has a byte 0"));
	assert_int_equal(config.buffers[0].is_broken, 1);
	config_free(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(no_files),
		fixture_test(values_and_places),
		fixture_test(section_without_keys),
		fixture_test(indented_line),
		fixture_test(long_lines),
		fixture_test(key_set_twice),
		fixture_test(empty_value_unsets),
		fixture_test(not_a_file),
		fixture_test(zero_byte),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
