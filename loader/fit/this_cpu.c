/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this processor is and can do, for the comparison with the one of the save. A feature that
 * the firmware has switched off is as good as absent: a kernel that had it in use would fault at
 * the first instruction of it.
 */
#include "this_cpu.h"

#include <stdbool.h>
#include <string.h>

#include "cpu.h"
#include "saved_state.h"

#define MSR_FEATURE_CONTROL 0x3a /* Intel SDM volume 3, 24.7 */
#define FEATURE_LOCKED      (1ull << 0)
#define FEATURE_VMX         (1ull << 2)
#define MSR_VM_CR           0xc0010114 /* AMD APM volume 2, 15.30.1 */
#define VM_CR_SVMDIS        (1ull << 4)

#define CPUID_7_EDX_CAPABILITIES (1u << 29)
#define MSR_CAPABILITIES         0x10a
#define CAPABILITY_XAPIC_DISABLE (1ull << 21)
#define MSR_XAPIC_DISABLE        0xbd
#define XAPIC_DISABLED           (1ull << 0)

enum leaf { L1_ECX, L1_EDX, L7_EBX, L7_ECX, L7_EDX, L71_EAX, ALWAYS };

/* Intel SDM volume 3, 2.5, and volume 2, CPUID. */
static const struct {
	uint8_t cr4_bit, leaf, bit;
} features[] = {{0, L1_EDX, 1}, {1, L1_EDX, 1}, {2, L1_EDX, 4}, {3, L1_EDX, 2}, {4, L1_EDX, 3},
	{5, L1_EDX, 6}, {6, L1_EDX, 7}, {7, L1_EDX, 13}, {8, ALWAYS, 0}, {9, L1_EDX, 24},
	{10, L1_EDX, 25}, {11, L7_ECX, 2}, {12, L7_ECX, 16}, {13, L1_ECX, 5}, {14, L1_ECX, 6},
	{16, L7_EBX, 0}, {17, L1_ECX, 17}, {18, L1_ECX, 26}, {19, L7_ECX, 23}, {20, L7_EBX, 7},
	{21, L7_EBX, 20}, {22, L7_ECX, 3}, {23, L7_ECX, 7}, {23, L7_EDX, 20}, {24, L7_ECX, 31},
	{25, L7_EDX, 5}, {27, L71_EAX, 6}, {28, L71_EAX, 26}, {32, L71_EAX, 17}};

/* Locked without it: no kernel of this boot can switch VMX on. Unlocked: Linux does it, on resume,
 * too. */
static bool vmx_is_off(const struct this_cpu *cpu, uint32_t leaf_1_ecx)
{
	if (memcmp(cpu->vendor, "GenuineIntel", 12) != 0 || !(leaf_1_ecx & (1u << 5)))
		return false;
	uint64_t control = read_msr(MSR_FEATURE_CONTROL);
	return (control & FEATURE_LOCKED) && !(control & FEATURE_VMX);
}

/* Bits that this table does not know count as possible. */
static uint64_t cr4_possible(const struct this_cpu *cpu, uint32_t max_leaf)
{
	struct cpuid one = cpuid(1, 0), none = {0, 0, 0, 0};
	struct cpuid seven = max_leaf >= 7 ? cpuid(7, 0) : none;
	struct cpuid seven_1 = seven.eax >= 1 ? cpuid(7, 1) : none;
	const uint32_t leaf[] = {[L1_ECX] = one.ecx,
		[L1_EDX] = one.edx,
		[L7_EBX] = seven.ebx,
		[L7_ECX] = seven.ecx,
		[L7_EDX] = seven.edx,
		[L71_EAX] = seven_1.eax,
		[ALWAYS] = 1};
	uint64_t known = 0, possible = 0;
	for (uint32_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		uint64_t bit = 1ull << features[i].cr4_bit;
		known |= bit;
		if (leaf[features[i].leaf] >> features[i].bit & 1)
			possible |= bit;
	}
	if (vmx_is_off(cpu, one.ecx))
		possible &= ~CR4_VMXE;
	return possible | ~known;
}

static uint64_t xcr0_possible(uint32_t max_leaf)
{
	if (max_leaf < 0xd || !(cpuid(1, 0).ecx & (1u << 26)))
		return 3; /* x87 and SSE need no XSAVE */
	struct cpuid d = cpuid(0xd, 0);
	return (uint64_t)d.edx << 32 | d.eax;
}

/* The bits of EFER that CPUID tells of; others count as possible (AMD APM volume 2, 3.1.7). */
static uint64_t efer_possible(void)
{
	uint32_t last = cpuid(0x80000000, 0).eax;
	struct cpuid none = {0, 0, 0, 0};
	struct cpuid one = last >= 0x80000001 ? cpuid(0x80000001, 0) : none;
	struct cpuid more = last >= 0x80000021 ? cpuid(0x80000021, 0) : none;
	const struct {
		uint32_t bit, there;
	} bits[] = {{0, one.edx >> 11}, {11, one.edx >> 20}, {12, one.ecx >> 2},
		{14, one.edx >> 25}, {15, one.ecx >> 17}, {20, more.eax >> 7}, {21, more.eax >> 8}};
	uint64_t possible = UINT64_MAX;
	for (uint32_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		if (!(bits[i].there & 1))
			possible &= ~(1ull << bits[i].bit);
	return possible;
}

/* What KVM asks for when it is loaded, and when it comes back. */
static uint32_t virtualization(const struct this_cpu *cpu, uint32_t leaf_1_ecx)
{
	bool svm = cpuid(0x80000000, 0).eax >= 0x80000001 && (cpuid(0x80000001, 0).ecx & (1u << 2));
	if (leaf_1_ecx & (1u << 5))
		return vmx_is_off(cpu, leaf_1_ecx) ? 0 : SAVED_VMX;
	return svm && !(read_msr(MSR_VM_CR) & VM_CR_SVMDIS) ? SAVED_SVM : 0;
}

/* Intel's "extended xAPIC" documentation: the mode may be locked, and writing the other one is an
 * exception. */
static int x2apic_only(uint32_t max_leaf)
{
	if (max_leaf < 7 || !(cpuid(7, 0).edx & CPUID_7_EDX_CAPABILITIES))
		return 0;
	return (read_msr(MSR_CAPABILITIES) & CAPABILITY_XAPIC_DISABLE) &&
	       (read_msr(MSR_XAPIC_DISABLE) & XAPIC_DISABLED);
}

struct this_cpu this_cpu_read(void)
{
	struct cpuid v = cpuid(0, 0), one = cpuid(1, 0);
	struct this_cpu cpu = {.cpuid_1_eax = one.eax,
		.five_levels = v.eax >= 7 && (cpuid(7, 0).ecx & (1u << 16)),
		.hypervisor = one.ecx >> 31,
		.levels = read_cr4() & CR4_LA57 ? 5 : 4};
	cpuid_vendor(cpu.vendor);
	cpu.cr4_possible = cr4_possible(&cpu, v.eax);
	cpu.xcr0_possible = xcr0_possible(v.eax);
	cpu.efer_possible = efer_possible();
	cpu.x2apic = one.ecx >> 21 & 1;
	cpu.x2apic_only = x2apic_only(v.eax);
	cpu.virtualization = virtualization(&cpu, one.ecx);
	cpu.abilities_known = 1;
	return cpu;
}
