/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page tables of the image kernel.
 */
#include "swsusp_internal.h"

#define PRESENT    1ull
#define LARGE      (1ull << 7)
#define NO_EXECUTE (1ull << 63)
#define ADDRESS    0x000ffffffffff000ull
#define ENTRIES    512u

/* The entry for va in a table of this level (1: the last one); false when the table cannot be had. */
static bool entry_of(
	const struct swsusp_memory *m, uint64_t table, uint32_t level, uint64_t va, uint64_t *ret)
{
	const uint64_t *entries = m->frame(m->ctx, table / PAGE);

	if (!entries)
		return false;
	*ret = entries[va >> (12 + 9 * (level - 1)) & (ENTRIES - 1)];
	return true;
}

int swsusp_translate(const struct swsusp_memory *m, uint64_t cr3, uint32_t levels, uint64_t va,
	uint64_t *ret_phys)
{
	uint64_t table = cr3 & ADDRESS;

	for (uint32_t level = levels; level >= 1; level--) {
		uint64_t span = 1ull << (12 + 9 * (level - 1)); /* bytes that one entry maps */
		uint64_t entry;

		if (!entry_of(m, table, level, va, &entry))
			return SWSUSP_ERR_ENTRY;
		if (!(entry & PRESENT) || entry & NO_EXECUTE)
			return SWSUSP_ERR_ENTRY;
		table = entry & ADDRESS;
		if (level > 1 && entry & LARGE) {
			if (level > 3)
				return SWSUSP_ERR_ENTRY;
			*ret_phys = (table & ~(span - 1)) | (va & (span - 1));
			return 0;
		}
	}
	*ret_phys = table | va % PAGE;
	return 0;
}

static bool leads(const struct swsusp_memory *m, const struct swsusp_info *info, uint32_t levels)
{
	uint64_t phys;

	return swsusp_translate(m, info->cr3, levels, info->jump_address, &phys) == 0 &&
	       phys == info->jump_address_phys;
}

int swsusp_paging_levels(
	const struct swsusp_memory *m, const struct swsusp_info *info, uint32_t *ret_levels)
{
	bool four = leads(m, info, 4), five = leads(m, info, 5);

	if (four == five)
		return SWSUSP_ERR_ENTRY;
	*ret_levels = four ? 4 : 5;
	return 0;
}
