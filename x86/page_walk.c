/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A page fault at the EFI door is a machine that hangs, and newer firmware maps its memory strictly: looking
 * first costs four reads.
 */
#include "page_walk.h"

#define PTE_PRESENT (1ull << 0)
#define PTE_WRITE   (1ull << 1)
#define PTE_LARGE   (1ull << 7)
#define PTE_NX      (1ull << 63)
#define PTE_ADDRESS 0x000ffffffffff000ull
#define PAGE_BYTES  4096ull

/* *ret_bytes: of the page, or of the hole, that virt lies in. */
static uint32_t walk(uint64_t root, uint32_t levels, uint64_t virt, uint64_t *ret_bytes)
{
	uint32_t access = PAGE_MAPPED | PAGE_WRITABLE | PAGE_EXECUTABLE;
	const uint64_t *table = (const uint64_t *)(root & PTE_ADDRESS);
	for (uint32_t level = levels;; level--) {
		uint32_t shift = 12 + 9 * (level - 1);
		uint64_t entry = table[virt >> shift & 511];
		*ret_bytes = 1ull << shift;
		if (!(entry & PTE_PRESENT))
			return 0;
		if (!(entry & PTE_WRITE))
			access &= ~(uint32_t)PAGE_WRITABLE;
		if (entry & PTE_NX)
			access &= ~(uint32_t)PAGE_EXECUTABLE;
		if (level == 1 || ((entry & PTE_LARGE) && level <= 3))
			return access;
		table = (const uint64_t *)(entry & PTE_ADDRESS);
	}
}

uint32_t page_walk(uint64_t root, uint32_t levels, uint64_t virt)
{
	uint64_t bytes;
	return walk(root, levels, virt, &bytes);
}

uint32_t page_walk_range(uint64_t root, uint32_t levels, uint64_t start, uint64_t bytes)
{
	uint32_t access = PAGE_MAPPED | PAGE_WRITABLE | PAGE_EXECUTABLE;
	if (bytes == 0 || start > UINT64_MAX - bytes)
		return 0;
	for (uint64_t at = start; access && at < start + bytes;) {
		uint64_t step;
		access &= walk(root, levels, at, &step);
		uint64_t next = (at & ~(step - 1)) + step;
		if (next <= at)
			break;
		at = next;
	}
	return access;
}
