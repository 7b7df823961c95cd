/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One clock for all that is measured or waited for: monotonic, so that a clock that is set
 * during a save does not count.
 */
#include "now.h"

#include <time.h>

uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}
