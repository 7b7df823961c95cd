/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Features of the processor that a saved kernel uses, against what this one has: for both kinds of
 * images. */
#ifndef LOADER_CPU_FEATURES_H
#define LOADER_CPU_FEATURES_H

#include <stdint.h>

#include "err.h"

enum cpu_register { CPU_CR4, CPU_XCR0, CPU_EFER };

/* was: bits that the saved kernel has set; possible: those that can be set here (this_cpu.c).
 * ERR_CPU: the log names each feature that is missing. who: begins the log lines. */
int cpu_features_check(
	enum cpu_register reg, uint64_t was, uint64_t possible, const char *who) MUST_CHECK;

#endif
