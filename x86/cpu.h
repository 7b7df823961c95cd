/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instructions that C has no words for: control registers, MSRs, CPUID. Metal only. */
#ifndef X86_CPU_H
#define X86_CPU_H

#include <stdint.h>
#include <string.h>

#define CR0_PE (1ull << 0)
#define CR0_MP (1ull << 1)
#define CR0_EM (1ull << 2)
#define CR0_TS (1ull << 3)
#define CR0_WP (1ull << 16)
#define CR0_PG (1ull << 31)

#define CR4_PAE        (1ull << 5)
#define CR4_PGE        (1ull << 7)
#define CR4_OSFXSR     (1ull << 9)
#define CR4_OSXMMEXCPT (1ull << 10)
#define CR4_LA57       (1ull << 12)
#define CR4_VMXE       (1ull << 13)
#define CR4_SMXE       (1ull << 14)
#define CR4_PCIDE      (1ull << 17)
#define CR4_OSXSAVE    (1ull << 18)
#define CR4_CET        (1ull << 23)

#define MSR_APIC_BASE 0x1b
#define MSR_PAT       0x277
#define MSR_EFER      0xc0000080
#define MSR_FS_BASE   0xc0000100

#define EFER_LME (1ull << 8)
#define EFER_NXE (1ull << 11)

#define APIC_BASE_BSP    (1ull << 8)
#define APIC_BASE_X2APIC (1ull << 10)
#define APIC_BASE_ENABLE (1ull << 11)

#define CPU_REGISTER(name)                                                                         \
	static inline uint64_t read_##name(void)                                                   \
	{                                                                                          \
		uint64_t value;                                                                    \
		__asm__ volatile("mov %%" #name ", %0" : "=r"(value)::"memory");                   \
		return value;                                                                      \
	}                                                                                          \
	static inline void write_##name(uint64_t value)                                            \
	{                                                                                          \
		__asm__ volatile("mov %0, %%" #name ::"r"(value) : "memory");                      \
	}
CPU_REGISTER(cr0)
CPU_REGISTER(cr2)
CPU_REGISTER(cr3)
CPU_REGISTER(cr4)

static inline uint64_t read_msr(uint32_t msr)
{
	uint32_t low, high;
	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

static inline void write_msr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr" ::"a"((uint32_t)value), "d"((uint32_t)(value >> 32)), "c"(msr)
			 : "memory");
}

/* All stores and loads before it are done when the next WRMSR is, even one that does not
 * serialise. */
static inline void fence_before_msr(void)
{
	__asm__ volatile("mfence; lfence" ::: "memory");
}

struct cpuid {
	uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid r;
	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "a"(leaf), "c"(subleaf));
	return r;
}

/* "GenuineIntel", "AuthenticAMD", and zeros behind it. */
static inline void cpuid_vendor(char ret[16])
{
	struct cpuid v = cpuid(0, 0);
	const uint32_t text[4] = {v.ebx, v.edx, v.ecx, 0};
	memcpy(ret, text, sizeof(text));
}

/* Needs CR4.OSXSAVE. */
static inline uint64_t read_xcr0(void)
{
	uint32_t low, high;
	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (uint64_t)high << 32 | low;
}

static inline uint64_t read_tsc(void)
{
	uint32_t low, high;
	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
	return (uint64_t)high << 32 | low;
}

static inline void write_back_caches(void)
{
	__asm__ volatile("wbinvd" ::: "memory");
}

static inline _Noreturn void cpu_halt(void)
{
	for (;;)
		__asm__ volatile("cli; hlt" ::: "memory");
}

#endif
