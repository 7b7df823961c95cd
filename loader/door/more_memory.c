/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An image of many pieces has lists that do not fit what the front door set aside for all. Before
 * the move the machine is ours: any RAM will do, whatever the image has there, since nothing is
 * restored yet.
 */
#include "more_memory.h"

#define PAGE_BYTES 4096ull
#define FIRST_PFN  256u
#define FOUR_GIB   (1ull << 32)

/* The highest place for n frames in the part of [first, end) that is not busy; 0: none. */
static uint64_t highest(const struct ranges *busy, uint64_t first, uint64_t end, uint64_t n)
{
	struct range gap;
	uint64_t best = 0;
	for (uint64_t at = first; ranges_gap(busy, at, end, &gap); at = gap.end)
		if (gap.end - gap.start >= n)
			best = gap.end - n;
	return best;
}

uint64_t more_memory(const struct boot_info *bi, const struct ranges *busy, uint64_t bytes)
{
	uint64_t n = bytes / PAGE_BYTES + (bytes % PAGE_BYTES != 0), low = 0, high = 0;
	for (uint32_t i = 0; n > 0 && i < bi->n_memory; i++) {
		const struct memory_range *m = &bi->memory[i];
		uint64_t first = (m->start + PAGE_BYTES - 1) / PAGE_BYTES;
		uint64_t end = m->end / PAGE_BYTES, limit = FOUR_GIB / PAGE_BYTES;
		if (m->type != MEMORY_RAM)
			continue;
		first = first < FIRST_PFN ? FIRST_PFN : first;
		uint64_t at = highest(busy, first, end < limit ? end : limit, n);
		low = at ? at : low;
		at = highest(busy, first < limit ? limit : first, end, n);
		high = at ? at : high;
	}
	return (low ? low : high) * PAGE_BYTES;
}
