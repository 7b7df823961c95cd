/* SPDX-License-Identifier: GPL-2.0-or-later */
/* May this image be put into this machine? Every check comes before anything is overwritten. */
#ifndef LOADER_PLAN_H
#define LOADER_PLAN_H

#include "boot_info.h"
#include "cmdline.h"
#include "image.h"
#include "ranges.h"
#include "tables.h"

/* What the processor is, for the comparison (cpuid is metal only). */
struct plan_cpu {
	char vendor[16];
	uint32_t cpuid_1_eax;
	int five_levels; /* 1: 5-level paging is possible */
	int hypervisor;  /* 1: it says that it runs under one */
	/* Bits that may be set: by what the processor has and the firmware leaves on. */
	uint64_t cr4_possible, xcr0_possible, efer_possible;
	int x2apic;          /* 1: the local APIC has that mode */
	int abilities_known; /* 0: these four are not filled, and not looked at */
	/* Of paging that the loader is started with: 4 or 5; 0: not known, either. */
	uint32_t levels;
};

/* Frames that are memory now and may be overwritten: RAM and ACPI table memory, whole frames, but not
 * the first one: the firmware's interrupt vectors, never mapped by the loader. For what an image may be put
 * into, not for what the loader may use itself: see stock_place.h. */
int plan_usable(const struct boot_info *bi, struct ranges *ret_frames) MUST_CHECK;

/* The frames of the region that the loader runs in; none before it has moved there. */
int plan_own_region(const struct boot_info *bi, struct ranges *ret_frames) MUST_CHECK;

/* ERR_MEMORY_MAP, ERR_CPU, ERR_PLATFORM, or an image error; the log says which range or value. Reads
 * the whole index. */
int plan_check(struct image *im, const struct boot_info *bi, const struct plan_cpu *cpu) MUST_CHECK;

/* ACPI tables and the FACS signature, against the ones of this boot (rsdp 0: not known, nothing is compared).
 * strict=0 takes the risk, and the log says so. ERR_PLATFORM. */
int plan_check_tables(const struct image *im, const struct tables *now, const struct plan_cpu *cpu,
	enum strict strict) MUST_CHECK;

/* The same rules for an image that is yet to be made, by the program that is going to have it made: nothing
 * may be saved that would be refused on this very machine. frames: what the image will hold. Of im are read:
 * cpu, platform, runtime, and what is known of it: region (n_region 0: not yet), mailbox (0: not yet). */
int plan_check_ahead(const struct image *im, const struct ranges *frames,
	const struct boot_info *bi, const struct plan_cpu *cpu) MUST_CHECK;

#endif
