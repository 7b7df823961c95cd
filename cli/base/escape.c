/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names come from images, disks and other people's processes: a terminal must not obey them. */
#define _GNU_SOURCE
#include "escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Length of the UTF-8 character at s, and its number; 0: it is none. Zero ends the text, so nothing is
 * read behind it. */
static size_t utf8_char(const uint8_t *s, uint32_t *ret_c)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	uint32_t c = n == 1 ? s[0] : s[0] & (0x7fu >> n);

	if (n == 0 || s[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret_c = c;
	return n;
}

/* C0 and C1, line and paragraph separator, and the characters that reorder what stands around them. */
static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || c == 0x200e || c == 0x200f ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

static void escape_control(char ret[16], uint32_t c)
{
	if (c == '\n' || c == '\t')
		snprintf(ret, 16, "\\%c", c == '\n' ? 'n' : 't');
	else
		snprintf(ret, 16, c < 0x80 ? "\\x%02x" : "\\u%04x", (unsigned int)c);
}

static const char *escape(char *dst, size_t cap, const char *text, bool controls)
{
	const uint8_t *s = (const uint8_t *)text;
	size_t used = 0;

	while (*s && cap) {
		char piece[16];
		uint32_t c;
		size_t n = utf8_char(s, &c);

		if (!n)
			snprintf(piece, sizeof(piece), "\\x%02x", *s);
		else if (controls && is_control(c))
			escape_control(piece, c);
		else
			*(char *)mempcpy(piece, s, n) = 0;
		if (strlen(piece) >= cap - used)
			break;
		used += strlen(strcpy(dst + used, piece));
		s += n ? n : 1;
	}
	if (cap)
		dst[used] = 0;
	return dst;
}

const char *escape_text(char *dst, size_t cap, const char *text)
{
	return escape(dst, cap, text, true);
}

const char *escape_invalid(char *dst, size_t cap, const char *text)
{
	return escape(dst, cap, text, false);
}
