/* SPDX-License-Identifier: GPL-2.0-or-later */
/* format: any format string, over arguments that every conversion may take: addresses of texts. */
#include <string.h>

#include "format.h"
#include "fuzz.h"

#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"

/* A conversion has at least two characters and takes one argument, or four ("%.*s") and takes
 * two. */
#define FORMAT_MAX 64
#define T          "torpor"
#define ARGS       T, T, T, T, T, T, T, T, T, T, T, T, T, T, T, T
#define ALL_ARGS   ARGS, ARGS

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char whole[1 << 20];
	char fmt[FORMAT_MAX + 1], part[80];
	if (size < 1 || size - 1 > FORMAT_MAX)
		return 0;
	memcpy(fmt, data + 1, size - 1);
	fmt[size - 1] = 0;
	int n = format(whole, sizeof(whole), fmt, ALL_ARGS);
	FUZZ_CHECK(
		n >= 0 && (size_t)n < sizeof(whole) && strnlen(whole, sizeof(whole)) <= (size_t)n);

	/* With less room: the same length, the beginning of the same text, nothing behind the
	 * room. */
	size_t cap = data[0] % sizeof(part);
	memset(part, '#', sizeof(part));
	FUZZ_CHECK(format(part, cap, fmt, ALL_ARGS) == n);
	if (cap > 0) {
		size_t fits = (size_t)n < cap ? (size_t)n : cap - 1;
		FUZZ_CHECK(memcmp(part, whole, fits) == 0 && part[fits] == 0);
	}
	for (size_t i = cap; i < sizeof(part); i++)
		FUZZ_CHECK(part[i] == '#');
	return 0;
}
