/* The processor's identity for plan_check. Metal and EFI only. */
#ifndef LOADER_THIS_CPU_H
#define LOADER_THIS_CPU_H

#include <string.h>

#include "cpu.h"
#include "plan.h"

static inline struct plan_cpu plan_this_cpu(void)
{
	struct cpuid v = cpuid(0, 0);
	struct plan_cpu cpu = {.cpuid_1_eax = cpuid(1, 0).eax,
		.five_levels = v.eax >= 7 && (cpuid(7, 0).ecx & (1u << 16))};
	memcpy(cpu.vendor, &v.ebx, 4);
	memcpy(cpu.vendor + 4, &v.edx, 4);
	memcpy(cpu.vendor + 8, &v.ecx, 4);
	return cpu;
}

#endif
