/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every fuzzer has: the entry that libFuzzer calls, and a check that stops it with the place. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

#define FUZZ_CHECK(cond)                                                                           \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #cond);       \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* Lays the input over something good: a list of 16-bit place, 8-bit length, bytes. */
static inline void fuzz_patch(void *target, size_t target_bytes, const uint8_t *data, size_t bytes)
{
	size_t places = (target_bytes + 65535) / 65536; /* so that all of it is in reach */
	while (bytes >= 3) {
		size_t at = (data[0] | (size_t)data[1] << 8) * places % target_bytes, n = data[2];
		data += 3;
		bytes -= 3;
		n = n < bytes ? n : bytes;
		n = n < target_bytes - at ? n : target_bytes - at;
		memcpy((uint8_t *)target + at, data, n);
		data += n;
		bytes -= n;
	}
}

#endif
