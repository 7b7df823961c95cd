/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processor that the loader runs on, for the comparison with an image's. */
#ifndef LOADER_THIS_CPU_H
#define LOADER_THIS_CPU_H

#include <stdint.h>

/* What the processor is, for the comparison (cpuid is metal only). */
struct this_cpu {
	char vendor[16];
	uint32_t cpuid_1_eax;
	int five_levels; /* 1: 5-level paging is possible */
	int hypervisor;  /* 1: it says that it runs under one */
	/* Bits that may be set: by what the processor has and the firmware leaves on. */
	uint64_t cr4_possible, xcr0_possible, efer_possible;
	int x2apic;              /* 1: the local APIC has that mode */
	int x2apic_only;         /* 1: and the firmware lets it have no other */
	uint32_t virtualization; /* that the firmware allows: enum saved_virtualization */
	int abilities_known;     /* 0: these six are not filled, and not looked at */
	/* Of paging that the loader is started with: 4 or 5; 0: not known, either. */
	uint32_t levels;
};

/* Metal and EFI only: elsewhere the caller fills what it knows. */
struct this_cpu this_cpu_read(void);

#endif
