/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one way to wait for hardware: a condition and a limit. On the host the fake clock moves on
 * with every look at it, so a wait that never ends in the model ends at once in the test.
 */
#ifndef X86_DEADLINE_H
#define X86_DEADLINE_H

#include "err.h"
#include <machine.h> /* from the include path: here or tests/fake */

/* 0 when cond became true within ms milliseconds (cond is evaluated at least twice), else
 * ERR_TIMEOUT. The last evaluation comes after the limit, so a slow machine cannot make a good
 * device look bad. */
#define WAIT_FOR(cond, ms)                                                                         \
	({                                                                                         \
		uint64_t wait_until_ = clock_us() + (uint64_t)(ms)*1000;                           \
		int wait_err_ = ERR_TIMEOUT;                                                       \
		for (;;) {                                                                         \
			int wait_over_ = clock_us() >= wait_until_;                                \
			if (cond) {                                                                \
				wait_err_ = 0;                                                     \
				break;                                                             \
			}                                                                          \
			if (wait_over_)                                                            \
				break;                                                             \
			cpu_pause();                                                               \
		}                                                                                  \
		wait_err_;                                                                         \
	})

static inline void delay_us(uint64_t us)
{
	uint64_t until = clock_us() + us;
	while (clock_us() < until)
		cpu_pause();
}

#endif
