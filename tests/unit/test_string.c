/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lib/string.c under other names, next to the C library's functions. Areas end at the end of their
 * allocation, so that the address sanitizer sees one byte too many.
 */
#define memcpy  own_memcpy
#define memmove own_memmove
#define memset  own_memset
#define memcmp  own_memcmp
#define memchr  own_memchr
#define strnlen own_strnlen
#define strlen  own_strlen
#define strncmp own_strncmp
#define strcmp  own_strcmp
#define strchr  own_strchr
#include "test.h"

#include "../../lib/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strnlen
#undef strlen
#undef strncmp
#undef strcmp
#undef strchr

#include <stdlib.h>

#define AREA 320

static void fill(unsigned char *p, size_t n, unsigned seed)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (unsigned char)(seed + i * 7 + (i >> 3));
}

TEST(copy_every_length_and_place)
{
	for (size_t n = 0; n < 150; n++) {
		for (size_t place = 0; place < 9; place++) {
			unsigned char *s = malloc(n + place + 1), *d = malloc(n + 8);
			fill(s, n + place, 3);
			fill(d, n + 8, 99);
			assert_ptr_equal(own_memcpy(d + place % 8, s + place, n), d + place % 8);
			assert_int_equal(__builtin_memcmp(d + place % 8, s + place, n), 0);
			for (size_t i = 0; i < n + 8; i++) {
				unsigned char old[AREA];
				fill(old, n + 8, 99);
				if (i < place % 8 || i >= place % 8 + n)
					assert_int_equal(d[i], old[i]);
			}
			free(s);
			free(d);
		}
	}
}

TEST(move_over_itself)
{
	for (size_t n = 0; n < 100; n++) {
		for (size_t from = 0; from < 40; from++) {
			for (size_t to = 0; to < 40; to++) {
				unsigned char own[AREA], libc[AREA];
				fill(own, sizeof(own), 1);
				fill(libc, sizeof(libc), 1);
				own_memmove(own + to, own + from, n);
				__builtin_memmove(libc + to, libc + from, n);
				assert_memory_equal(own, libc, sizeof(own));
			}
		}
	}
}

TEST(set)
{
	for (size_t n = 0; n < 100; n++) {
		unsigned char *d = malloc(n + 2);
		fill(d, n + 2, 5);
		unsigned char before = d[0], after = d[n + 1];
		assert_ptr_equal(own_memset(d + 1, 0x1a7, n), d + 1);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(d[i + 1], 0xa7);
		assert_int_equal(d[0], before);
		assert_int_equal(d[n + 1], after);
		free(d);
	}
}

TEST(compare)
{
	for (size_t n = 0; n < 70; n++) {
		unsigned char *a = malloc(n + 1), *b = malloc(n + 1);
		fill(a, n, 4);
		fill(b, n, 4);
		assert_int_equal(own_memcmp(a, b, n), 0);
		for (size_t i = 0; i < n; i++) {
			b[i] ^= 0x80;
			int sign = a[i] < b[i] ? -1 : 1;
			assert_int_equal(own_memcmp(a, b, n), sign);
			assert_int_equal(own_memcmp(b, a, n), -sign);
			b[i] ^= 0x80;
		}
		free(a);
		free(b);
	}
}

TEST(texts)
{
	assert_int_equal(own_strlen(""), 0);
	assert_int_equal(own_strlen("abc"), 3);
	assert_int_equal(own_strnlen("abc", 2), 2);
	assert_int_equal(own_strnlen("abc", 9), 3);
	assert_int_equal(own_strcmp("abc", "abc"), 0);
	assert_true(own_strcmp("abc", "abd") < 0);
	assert_true(own_strcmp("abc", "ab") > 0);
	assert_true(own_strcmp("\xff", "a") > 0);
	assert_int_equal(own_strncmp("abcX", "abcY", 3), 0);
	assert_int_equal(own_strncmp("abc", "abc", 9), 0);
	assert_int_equal(own_strncmp("a", "b", 0), 0);
	const char *text = "key=value";
	assert_ptr_equal(own_strchr(text, '='), text + 3);
	assert_ptr_equal(own_strchr(text, 0), text + 9);
	assert_null(own_strchr(text, '!'));
	assert_ptr_equal(own_memchr(text, 'v', 9), text + 4);
	assert_null(own_memchr(text, 'v', 4));
}
