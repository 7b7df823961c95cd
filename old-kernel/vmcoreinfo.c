/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One reader for the writer, which has no C library, and for the command. */
#include "vmcoreinfo.h"

#include <string.h>

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* Up to the end of the line or of the text. */
static bool number(const char *at, const char *end, unsigned int base, uint64_t *ret)
{
	uint64_t value = 0;
	bool minus = base == VMCOREINFO_DECIMAL && at < end && *at == '-';
	const char *first = at += minus;
	for (; at < end && *at != '\n' && *at; at++) {
		unsigned int digit = (unsigned int)digit_of(*at);
		if (digit >= base || value > (UINT64_MAX - digit) / base)
			return false;
		value = value * base + digit;
	}
	*ret = minus ? -value : value;
	return at > first;
}

bool vmcoreinfo_value(
	const char *text, size_t bytes, const char *key, enum vmcoreinfo_base base, uint64_t *ret)
{
	size_t n = strlen(key);
	const char *line = text, *end = text + bytes;
	while (line < end && *line) {
		if ((size_t)(end - line) > n && !memcmp(line, key, n) && line[n] == '=')
			return number(line + n + 1, end, base, ret);
		while (line < end && *line && *line != '\n')
			line++;
		line += line < end && *line == '\n';
	}
	return false;
}
