/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Identity page tables. One table tree per program; tables are pages of an arena, so their physical
 * addresses are their addresses. Cached memory uses PAT entry 0 (WB), registers PCD|PWT, entry 3:
 * UC in every PAT that firmware or Linux sets up (SDM 11.12.4: entry 3 is UC after reset, and Linux
 * keeps it).
 */
#include <stdbool.h>
#include <string.h>

#include "paging.h"
#include <cpu.h> /* from the include path: here or tests/fake/bare */
#include <machine.h>

#define PTE_PRESENT  (1ull << 0)
#define PTE_WRITE    (1ull << 1)
#define PTE_PWT      (1ull << 3)
#define PTE_PCD      (1ull << 4)
#define PTE_LARGE    (1ull << 7)
#define PTE_ADDRESS  0x000ffffffffff000ull
#define PTE_TABLE    (PTE_PRESENT | PTE_WRITE)
#define PTE_CACHED   (PTE_PRESENT | PTE_WRITE)
#define PTE_UNCACHED (PTE_PRESENT | PTE_WRITE | PTE_PCD | PTE_PWT)

#define PAGE_BYTES  4096ull
#define LARGE_BYTES (2ull << 20)
#define HUGE_BYTES  (1ull << 30)
#define PHYS_LIMIT  (1ull << 52)
#define FOUR_GIB    (1ull << 32)

static struct {
	struct arena *arena;
	uint64_t *root;
	uint32_t levels;
} paging;

/* x86/levels.asm */
extern uint8_t levels_trampoline[], levels_trampoline_end[];

int paging_init(struct arena *tables, uint32_t levels)
{
	paging.arena = tables;
	paging.levels = levels;
	paging.root = arena_alloc(tables, PAGE_BYTES, PAGE_BYTES);
	return paging.root ? 0 : ERR_NO_MEMORY;
}

/* The table below an entry, made when absent; a large page on the way is split into small ones. */
static uint64_t *table_below(uint64_t *entry, uint32_t level)
{
	if ((*entry & PTE_PRESENT) && !(*entry & PTE_LARGE))
		return (uint64_t *)(*entry & PTE_ADDRESS);
	uint64_t *table = arena_alloc(paging.arena, PAGE_BYTES, PAGE_BYTES);
	if (!table)
		return NULL;
	if ((*entry & PTE_PRESENT) && level == 2)
		for (uint32_t i = 0; i < 512; i++)
			table[i] = (*entry & ~PTE_LARGE) + i * PAGE_BYTES;
	if ((*entry & PTE_PRESENT) && level == 3)
		for (uint32_t i = 0; i < 512; i++)
			table[i] = *entry + i * LARGE_BYTES;
	*entry = (uint64_t)table | PTE_TABLE;
	return table;
}

/* The entry for an address at a level (1: 4 KiB, 2: 2 MiB), with all tables above it. */
static uint64_t *entry_at(uint64_t virt, uint32_t want_level)
{
	uint64_t *table = paging.root;
	for (uint32_t level = paging.levels; level > want_level; level--) {
		uint64_t *entry = &table[virt >> (12 + 9 * (level - 1)) & 511];
		table = table_below(entry, level);
		if (!table)
			return NULL;
	}
	return &table[virt >> (12 + 9 * (want_level - 1)) & 511];
}

static bool huge_pages_possible(void)
{
	return cpuid(0x80000000, 0).eax >= 0x80000001 && (cpuid(0x80000001, 0).edx & (1u << 26));
}

/* Tries one page of this size at this level: 0 done, 1 use smaller pages, or an error. */
static int map_at_level(
	uint64_t virt, uint64_t phys, uint64_t flags, uint64_t bytes, uint32_t level)
{
	uint64_t *entry = entry_at(virt, level);
	if (!entry)
		return ERR_NO_MEMORY;
	if (level > 1 && (*entry & PTE_PRESENT) && !(*entry & PTE_LARGE))
		return 1;
	if (!(*entry & PTE_PRESENT))
		*entry = phys | flags | (bytes > PAGE_BYTES ? PTE_LARGE : 0);
	return 0;
}

/* Maps the largest page that fits; what is mapped already stays as it is. */
static int map_one(uint64_t virt, uint64_t phys, uint64_t flags, uint64_t left, uint64_t *ret_step)
{
	static const uint64_t sizes[] = {[1] = PAGE_BYTES, [2] = LARGE_BYTES, [3] = HUGE_BYTES};
	for (uint32_t level = huge_pages_possible() ? 3 : 2; level > 0; level--) {
		*ret_step = sizes[level];
		if ((virt | phys) % sizes[level] || left < sizes[level])
			continue;
		int err = map_at_level(virt, phys, flags, sizes[level], level);
		if (err <= 0)
			return err;
	}
	return ERR_BUG;
}

/* virt and phys lie alike in their pages. */
static int map(uint64_t virt, uint64_t phys, uint64_t bytes, uint64_t flags)
{
	if (!paging.root)
		return ERR_BUG;
	if (phys >= PHYS_LIMIT || bytes > PHYS_LIMIT - phys)
		return ERR_BOUNDS;
	uint64_t at = phys & ~(PAGE_BYTES - 1);
	uint64_t end = (phys + bytes + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
	while (at < end) {
		uint64_t step;
		int err = map_one(virt - phys + at, at, flags, end - at, &step);
		if (err)
			return err;
		at += step;
	}
	/* Tables that are in use may have had the absence of an entry cached on the way down. */
	if ((read_cr3() & PTE_ADDRESS) == (uint64_t)paging.root)
		write_cr3((uint64_t)paging.root);
	return 0;
}

int paging_map_alias(uint64_t virt, uint64_t phys)
{
	int err = paging.root ? map_at_level(virt, phys, PTE_CACHED, LARGE_BYTES, 2) : ERR_BUG;
	return err > 0 ? ERR_BUG : err;
}

/* Below the middle of a 48-bit address space, so that it is there in tables of 4 and 5 levels; far
 * above what is mapped to itself. */
#define JOINED_AT 0x7e0000000000ull

void *paging_join(struct arena *pages, uint64_t bytes)
{
	static uint64_t used;
	uint64_t at = JOINED_AT + used;
	for (uint64_t done = 0; done < bytes; done += PAGE_BYTES) {
		void *page = arena_alloc(pages, PAGE_BYTES, PAGE_BYTES);
		if (!page || map_at_level(at + done, (uint64_t)page, PTE_CACHED, PAGE_BYTES, 1))
			return NULL;
		used += PAGE_BYTES;
	}
	if ((read_cr3() & PTE_ADDRESS) == (uint64_t)paging.root)
		write_cr3((uint64_t)paging.root); /* as in map() */
	return (void *)at;
}

int paging_map_memory(uint64_t phys, uint64_t bytes)
{
	return map(phys, phys, bytes, PTE_CACHED);
}

int paging_map_at(uint64_t virt, uint64_t phys, uint64_t bytes, enum paging_kind kind)
{
	if ((virt ^ phys) % PAGE_BYTES || bytes > UINT64_MAX - virt)
		return ERR_BOUNDS;
	return map(virt, phys, bytes, kind == PAGING_REGISTERS ? PTE_UNCACHED : PTE_CACHED);
}

void *machine_map_memory(uint64_t phys, uint64_t bytes)
{
	return phys && map(phys, phys, bytes, PTE_CACHED) == 0 ? (void *)phys : NULL;
}

void *machine_map_mmio(uint64_t phys, uint64_t bytes)
{
	return phys && map(phys, phys, bytes, PTE_UNCACHED) == 0 ? (void *)phys : NULL;
}

uint32_t paging_levels_now(void)
{
	return read_cr4() & CR4_LA57 ? 5 : 4;
}

static int five_levels_possible(void)
{
	return cpuid(0, 0).eax >= 7 && (cpuid(7, 0).ecx & (1u << 16));
}

/* CR4.LA57 can only change with paging off, and paging off only outside 64-bit mode (SDM 4.1.1),
 * whose CR3 has 32 bits: a copy of the root goes below 4 GiB with the code, and the real one is
 * loaded behind. */
static int change_levels(uint64_t low_pages)
{
	if (paging.levels == 5 && !five_levels_possible())
		return ERR_CPU;
	if (low_pages == 0 || low_pages % PAGE_BYTES || low_pages > FOUR_GIB - PAGING_LOW_BYTES)
		return ERR_CPU;
	void *content = arena_alloc(paging.arena, PAGING_LOW_BYTES, PAGE_BYTES);
	if (!content)
		return ERR_NO_MEMORY;
	memcpy(content, (void *)low_pages, PAGING_LOW_BYTES);
	memcpy((void *)low_pages, levels_trampoline,
		(size_t)(levels_trampoline_end - levels_trampoline));
	memcpy((void *)(low_pages + PAGE_BYTES), paging.root, PAGE_BYTES);
	((void (*)(uint64_t low_root, uint64_t own, uint64_t la57, uint64_t root))low_pages)(
		low_pages + PAGE_BYTES, low_pages, paging.levels == 5 ? CR4_LA57 : 0,
		(uint64_t)paging.root);
	memcpy((void *)low_pages, content, PAGING_LOW_BYTES);
	return 0;
}

int paging_enter(uint64_t low_pages)
{
	/* Global entries of whoever ran before must not survive: clearing PGE flushes them (SDM
	 * 4.10.4). */
	write_cr4(read_cr4() & ~(CR4_PGE | CR4_PCIDE));
	if (paging_levels_now() != paging.levels)
		return change_levels(low_pages);
	write_cr3((uint64_t)paging.root);
	return 0;
}

/* Four levels are the first entry of five. On an error the tables are what they were. */
int paging_change_levels(uint32_t levels, uint64_t low_pages)
{
	uint64_t *root = paging.root;
	if (levels == paging.levels)
		return 0;
	if (levels == 5) {
		paging.root = arena_alloc(paging.arena, PAGE_BYTES, PAGE_BYTES);
		if (paging.root)
			paging.root[0] = (uint64_t)root | PTE_TABLE;
	} else {
		paging.root = (uint64_t *)(root[0] & PTE_ADDRESS);
	}
	paging.levels = levels;
	int err = paging.root ? paging_enter(low_pages) : ERR_NO_MEMORY;
	if (err) {
		paging.root = root;
		paging.levels = 9 - levels;
	}
	return err;
}
