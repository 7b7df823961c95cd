/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel that comes back writes its control registers as it knows them; a bit that the processor
 * does not have any more (the firmware's setup, another hypervisor: family, model and stepping
 * stay) is an exception.
 */
#include "cpu_features.h"

#include "log.h"

static const char *const cr4_names[64] = {[0] = "VME",
	[1] = "PVI",
	[2] = "TSD",
	[3] = "DE",
	[4] = "PSE",
	[5] = "PAE",
	[6] = "MCE",
	[7] = "PGE",
	[9] = "SSE",
	[10] = "SSE exceptions",
	[11] = "UMIP",
	[12] = "5-level paging",
	[13] = "VMX (virtualization)",
	[14] = "SMX (trusted execution)",
	[16] = "FSGSBASE",
	[17] = "PCID",
	[18] = "XSAVE",
	[19] = "key locker",
	[20] = "SMEP",
	[21] = "SMAP",
	[22] = "protection keys",
	[23] = "CET",
	[24] = "supervisor protection keys",
	[25] = "user interrupts",
	[27] = "LASS",
	[28] = "LAM",
	[32] = "FRED"};

static const char *const xcr0_names[64] = {[0] = "x87",
	[1] = "SSE",
	[2] = "AVX",
	[3] = "MPX bounds",
	[4] = "MPX configuration",
	[5] = "AVX-512 masks",
	[6] = "AVX-512",
	[7] = "AVX-512 upper registers",
	[9] = "protection keys",
	[17] = "AMX configuration",
	[18] = "AMX tiles"};

/* AMD APM volume 2, 3.1.7. */
static const char *const efer_names[64] = {[0] = "SYSCALL",
	[11] = "NX",
	[12] = "SVM (virtualization)",
	[14] = "fast FXSAVE",
	[15] = "translation cache extension",
	[20] = "upper address ignore",
	[21] = "automatic IBRS"};

int cpu_features_check(enum cpu_register reg, uint64_t was, uint64_t possible, const char *who)
{
	static const struct {
		const char *name;
		const char *const *bits;
	} registers[] = {[CPU_CR4] = {"CR4", cr4_names},
		[CPU_XCR0] = {"XCR0", xcr0_names},
		[CPU_EFER] = {"EFER", efer_names}};
	uint64_t missing = was & ~possible;
	for (uint32_t i = 0; i < 64; i++)
		if (missing >> i & 1)
			log_line(
				"%s: the saved kernel uses %s (bit %u of %s), which this processor does not have or the firmware has switched off",
				who, registers[reg].bits[i] ? registers[reg].bits[i] : "a feature",
				i, registers[reg].name);
	return missing ? ERR_CPU : 0;
}
