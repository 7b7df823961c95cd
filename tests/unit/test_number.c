/* SPDX-License-Identifier: GPL-2.0-or-later */
/* number.c: what is a number, and what only begins like one. */
#include "number.h"
#include "test.h"

static uint64_t n;

TEST(numbers)
{
	static const char *const bad[] = {"", " 1", "1 ", "-1", "+1", "1x", "x", "0x",
		"18446744073709551616", "0x10000000000000000"};

	assert_true(number_parse("0", 0, &n) && n == 0);
	assert_true(number_parse("18446744073709551615", 10, &n) && n == UINT64_MAX);
	assert_true(number_parse("0x3F8", 0, &n) && n == 0x3f8);
	assert_true(number_parse("00ff", 16, &n) && n == 0xff);
	assert_true(number_parse("f", 16, &n) && n == 15);
	assert_false(number_parse("f", 10, &n));
	assert_false(number_parse("0x1", 10, &n));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(number_parse(bad[i], 0, &n));
}

TEST(sizes)
{
	static const char *const bad[] = {"", "K", "-1K", " 1K", "1 K", "1KB", "1Q", "0x10",
		"9223372036854775808", "8388608T", "18014398509481984K"};

	assert_true(number_size("0", &n) && n == 0);
	assert_true(number_size("4096", &n) && n == 4096);
	assert_true(number_size("1k", &n) && n == 1024);
	assert_true(number_size("512M", &n) && n == 512 << 20);
	assert_true(number_size("4g", &n) && n == 4ull << 30);
	assert_true(number_size("8388607T", &n) && n == 8388607ull << 40);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(number_size(bad[i], &n));
}
