/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The clock behind clock_us(): the TSC, calibrated once. Two independent sources that agree are
 * believed; where none do, the fastest plausible answer counts: a deadline that cannot be trusted
 * is long, never short.
 */
#ifndef X86_CLOCK_H
#define X86_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* No x86-64 processor's TSC is faster: what is assumed until clock_init, and when nothing can be
 * measured. */
#define CLOCK_KHZ_FASTEST 8000000u

#define CLOCK_HPET_BYTES 1024u /* of registers */

/* What there is to measure by, besides what CPUID says and the 8254. */
struct clock_sources {
	uint16_t pm_timer;          /* port, from the FADT; 0: none */
	volatile void *hpet;        /* its registers, mapped; NULL: none */
	void (*stall)(uint32_t us); /* the firmware's, while boot services last; NULL: none */
};

/* start_tsc: what clock_us() counts from, 0: now. Takes 15 ms where two sources agree, less than
 * 100 ms where all stand still. */
void clock_init(const struct clock_sources *s, uint64_t start_tsc);

uint64_t clock_tsc_khz(void);

/* What that rests on, for the log: "PM timer and HPET", "8254 alone", "PM timer and 8254, which
 * disagree", "no source: as if it were the fastest". */
const char *clock_basis(void);

#endif
