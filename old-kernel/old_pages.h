/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which frames the old kernel itself would not touch now: given back to a hypervisor, or failed. */
#ifndef OLD_KERNEL_OLD_PAGES_H
#define OLD_KERNEL_OLD_PAGES_H

#include "old_memory.h"

struct old_pages {
	const struct old_memory *memory;
	uint64_t root; /* the kernel's page tables */

	uint64_t sections;      /* virtual address of mem_section[], 0: nothing is known */
	uint64_t n_roots;       /* its length: each leads to a page of section_bytes records */
	uint64_t section_bytes; /* sizeof(struct mem_section) */
	uint64_t map_offset;    /* of section_mem_map in it */
	uint32_t section_shift; /* frames of a section: 1 << section_shift */

	uint64_t page_bytes, flags_offset, type_offset; /* of struct page */
	uint64_t poison_mask;  /* in flags; 0: this kernel knows no failed memory */
	uint32_t offline_type; /* page_type of a page without memory */

	uint64_t n_offline, n_poisoned; /* frames found so far */

	/* What was last looked at: of which section the records are where, and which page of
	 * them. */
	uint64_t section,
		map; /* map: address of frame 0's, were all in this section; 0: there are none */
	uint64_t page_va;    /* 0: none */
	const uint8_t *page; /* NULL: it is not to be had: its frames count as ordinary */
};

/* From the vmcoreinfo note. False: the kernel does not say enough, every frame counts as
 * ordinary. */
bool old_pages_find(struct old_pages *p, const struct old_memory *m);

/* How many frames from pfn on, n at most, are like the first one. *ret_ordinary: they may be
 * read. */
uint32_t old_pages_run(struct old_pages *p, uint64_t pfn, uint32_t n, bool *ret_ordinary);

#endif
