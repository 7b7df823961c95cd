/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page tables of the image kernel.
 */
#include "page_walk.h"
#include "swsusp_internal.h"

static bool read_entry(const void *ctx, uint64_t table, uint32_t index, uint64_t *ret_entry)
{
	const struct swsusp_memory *m = ctx;
	const uint64_t *entries = m->frame(m->ctx, table / PAGE);

	if (entries)
		*ret_entry = entries[index];
	return entries != NULL;
}

int swsusp_translate(const struct swsusp_memory *m, uint64_t cr3, uint32_t levels, uint64_t va,
	uint64_t *ret_phys)
{
	const struct page_walk w = {.read = read_entry, .ctx = m, .root = cr3, .levels = levels};
	struct page_at page;

	if (!page_walk(&w, va, &page) || !(page.access & PAGE_EXECUTABLE))
		return SWSUSP_ERR_ENTRY;
	*ret_phys = page.phys;
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
