/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One walk for all who look at tables that are not their own: the writer at the kernel it was
 * entered from, the loader and the command at one in an image, the EFI door at its firmware's.
 */
#include "page_walk.h"

#define PTE_PRESENT (1ull << 0)
#define PTE_WRITE   (1ull << 1)
#define PTE_LARGE   (1ull << 7)
#define PTE_NX      (1ull << 63)
#define PTE_ADDRESS 0x000ffffffffff000ull

#define LARGE_LEVELS_MAX 3u /* 2 MiB and 1 GiB; above, the bit is reserved */

static uint32_t allowed(uint64_t entry, uint32_t access)
{
	if (!(entry & PTE_WRITE))
		access &= ~(uint32_t)PAGE_WRITABLE;
	if (entry & PTE_NX)
		access &= ~(uint32_t)PAGE_EXECUTABLE;
	return access;
}

bool page_walk(const struct page_walk *w, uint64_t virt, struct page_at *ret)
{
	uint32_t access = PAGE_MAPPED | PAGE_WRITABLE | PAGE_EXECUTABLE;
	uint64_t table = w->root & PTE_ADDRESS;
	for (uint32_t level = w->levels; level > 0; level--) {
		uint32_t shift = 12 + 9 * (level - 1);
		uint64_t entry, mask = (1ull << shift) - 1;
		*ret = (struct page_at){.bytes = 1ull << shift};
		if (!w->read(w->ctx, table, virt >> shift & 511, &entry) || !(entry & PTE_PRESENT))
			return false;
		if (level > LARGE_LEVELS_MAX && entry & PTE_LARGE)
			return false;
		access = allowed(entry, access);
		table = entry & PTE_ADDRESS;
		if (level == 1 || entry & PTE_LARGE) {
			ret->phys = (table & ~mask) | (virt & mask);
			ret->access = access;
			return true;
		}
	}
	return false;
}

uint32_t page_walk_range(const struct page_walk *w, uint64_t start, uint64_t bytes)
{
	uint32_t access = PAGE_MAPPED | PAGE_WRITABLE | PAGE_EXECUTABLE;
	if (bytes == 0 || start > UINT64_MAX - bytes)
		return 0;
	for (uint64_t at = start; access && at < start + bytes;) {
		struct page_at page;
		access &= page_walk(w, at, &page) ? page.access : 0;
		uint64_t next = (at & ~(page.bytes - 1)) + page.bytes;
		if (next <= at)
			break;
		at = next;
	}
	return access;
}
