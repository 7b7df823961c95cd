/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages that code without paging or in real mode needs: below 4 GiB, below 1 MiB. They are
 * borrowed, whatever is in them, from RAM of the map; their borrower puts the content back.
 */
#ifndef LOADER_LOW_MEMORY_H
#define LOADER_LOW_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "boot_info.h"
#include "ranges.h"
#include "smp.h"

/* Page-aligned address of so many bytes of RAM of this boot, in one range of it, below `below`,
 * all in frames that may_use lets through (NULL: all), never the first frame; 0: there are none.
 * Below 1 MiB what no BIOS uses comes first. */
uint64_t low_memory_find(const struct boot_info *bi, uint64_t bytes, uint64_t below,
	bool (*may_use)(const void *ctx, uint64_t pfn), const void *ctx);

/* The same, beside these frames. */
uint64_t low_memory_beside(
	const struct boot_info *bi, uint64_t bytes, uint64_t below, const struct ranges *busy);

#define LOW_MEMORY_REAL_MODE (1ull << 20) /* below: a processor that starts up */
#define LOW_MEMORY_32_BIT    (1ull << 32) /* below: code with paging off */

/* For other processors to begin in; not below 1 MiB and below 4 GiB: 0. */
struct smp_low low_memory_for_smp(const struct boot_info *bi,
	bool (*may_use)(const void *ctx, uint64_t pfn), const void *ctx);

/* To change the number of paging levels by, for a program that has moved: outside the region and
 * the first run's home, where the tables are that it came with. 0: none. */
uint64_t low_memory_for_paging(const struct boot_info *bi);

#endif
