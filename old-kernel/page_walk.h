/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Somebody else's page tables: a sleeping kernel's, or those that firmware has the door run on. SDM
 * volume 3,
 * 4.5 and 4.6.
 */
#ifndef OLD_KERNEL_PAGE_WALK_H
#define OLD_KERNEL_PAGE_WALK_H

#include <stdbool.h>
#include <stdint.h>

struct page_walk {
	/* Entry index of the table at this physical address; false when that cannot be had. */
	bool (*read)(const void *ctx, uint64_t table, uint32_t index, uint64_t *ret_entry);
	const void *ctx;
	uint64_t root;   /* as in CR3: what is not address is ignored */
	uint32_t levels; /* 4 or 5 */
};

enum page_access { PAGE_MAPPED = 1, PAGE_WRITABLE = 2, PAGE_EXECUTABLE = 4 };

struct page_at {
	uint64_t phys;  /* of the address asked for; only where it is mapped */
	uint64_t bytes; /* of the page, or of the hole, that it lies in */
	/* enum page_access combined, at privilege level 0 with EFER.NXE on; 0: not mapped. */
	uint32_t access;
};

/* False: not mapped, or a table on the way cannot be read. */
bool page_walk(const struct page_walk *w, uint64_t virt, struct page_at *ret);

/* enum page_access that holds for all of [start, start + bytes); 0 for no bytes and for a range
 * that wraps. */
uint32_t page_walk_range(const struct page_walk *w, uint64_t start, uint64_t bytes);

#endif
