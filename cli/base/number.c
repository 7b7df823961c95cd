/* SPDX-License-Identifier: GPL-2.0-or-later */
/* strtoull passes over blanks, takes "-1" for the largest number, and stops where it likes: not here. */
#include "number.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The number that the text begins with; what is behind it. NULL: none. */
static const char *begin(const char *text, int base, uint64_t *ret)
{
	char *end;

	if (!isxdigit((unsigned char)*text))
		return NULL;
	errno = 0;
	*ret = strtoull(text, &end, base);
	return errno || end == text ? NULL : end;
}

bool number_parse(const char *text, int base, uint64_t *ret)
{
	const char *end = begin(text, base, ret);

	return end && !*end;
}

bool number_size(const char *text, uint64_t *ret_bytes)
{
	static const char units[] = "KMGT";
	const char *end = begin(text, 10, ret_bytes), *unit = NULL;
	unsigned int shift;

	if (!end)
		return false;
	if (*end && (end[1] || !(unit = strchr(units, toupper((unsigned char)*end)))))
		return false;
	shift = unit ? 10 * (unsigned int)(unit - units + 1) : 0;
	if (*ret_bytes > (uint64_t)INT64_MAX >> shift)
		return false;
	*ret_bytes <<= shift;
	return true;
}
