/* SPDX-License-Identifier: GPL-2.0-or-later */
/* May this image be put into this machine? Every check comes before anything is overwritten. */
#ifndef LOADER_PLAN_H
#define LOADER_PLAN_H

#include "boot_info.h"
#include "cmdline.h"
#include "image.h"
#include "ranges.h"
#include "tables.h"
#include "this_cpu.h"

/* ERR_MEMORY_MAP, ERR_CPU, ERR_PLATFORM, or an image error; the log says which range or value.
 * Reads the whole index. */
int plan_check(struct image *im, const struct boot_info *bi, const struct this_cpu *cpu) MUST_CHECK;

/* ACPI tables, the FACS signature, virtualization and processors, against those of this boot (rsdp
 * 0: not known, nothing is compared). strict=0 takes the risk, and the log says so.
 * ERR_PLATFORM. */
int plan_check_tables(const struct image *im, const struct tables *now, const struct this_cpu *cpu,
	enum strict strict) MUST_CHECK;

/* The same rules for an image that is yet to be made, by the program that is going to have it made:
 * nothing may be saved that would be refused on this very machine. frames: what the image will
 * hold. Of im are read: cpu, platform, runtime, and what is known of it: region (n_region 0: not
 * yet), mailbox (0: not yet). */
int plan_check_ahead(const struct image *im, const struct ranges *frames,
	const struct boot_info *bi, const struct this_cpu *cpu) MUST_CHECK;

#endif
