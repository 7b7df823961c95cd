/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The processor's registers as variables, for code that sets the machine up and so has no driver's
 * seam: x86/paging.c, x86/clock.c, x86/apic.c. A test says what reading the clock, CPUID and MSRs
 * gives.
 */
#ifndef FAKE_BARE_CPU_H
#define FAKE_BARE_CPU_H

#include <stdint.h>

#define CR4_PAE   (1ull << 5)
#define CR4_PGE   (1ull << 7)
#define CR4_LA57  (1ull << 12)
#define CR4_PCIDE (1ull << 17)

struct cpuid {
	uint32_t eax, ebx, ecx, edx;
};

extern uint64_t bare_cr3, bare_cr4;

static inline uint64_t read_cr3(void)
{
	return bare_cr3;
}
static inline void write_cr3(uint64_t value)
{
	bare_cr3 = value;
}
static inline uint64_t read_cr4(void)
{
	return bare_cr4;
}
static inline void write_cr4(uint64_t value)
{
	bare_cr4 = value;
}

#define MSR_APIC_BASE    0x1b
#define APIC_BASE_X2APIC (1ull << 10)
#define APIC_BASE_ENABLE (1ull << 11)

uint64_t read_msr(uint32_t msr);
void write_msr(uint32_t msr, uint64_t value);
void fence_before_msr(void);
struct cpuid cpuid(uint32_t leaf, uint32_t subleaf);
uint64_t read_tsc(void);

#endif
