/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * paging.c: changes between 4 and 5 levels, with tables wherever. The trampoline is played by a
 * function that does what the processor does: 32 bits of root, tables walked by what lies there at
 * that moment.
 */
#define _GNU_SOURCE
#include "test.h"

#include <string.h>

#include <sys/mman.h>

#include "arena.h"
#include "paging.h"
#include <cpu.h>
#include <machine.h>

#define LOW     0x50000000ull
#define HIGH    0x200000000000ull /* the region: far above 4 GiB */
#define REGION  (1u << 20)
#define ADDRESS 0x000ffffffffff000ull

uint64_t bare_cr3, bare_cr4;
static int five_levels, n_switches;
static struct arena arena;
static uint8_t *low, before[PAGING_LOW_BYTES];

/* What x86/levels.asm gives to be copied: here a jump to switched(), far enough for any address. */
__asm__(".data\n"
	".globl levels_trampoline, levels_trampoline_end\n"
	"levels_trampoline: jmp *0f(%rip)\n"
	"0: .quad switched\n"
	"levels_trampoline_end:\n"
	".text\n");
extern uint8_t levels_trampoline[], levels_trampoline_end[];

struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
	(void)subleaf;
	if (leaf == 0)
		return (struct cpuid){.eax = 7};
	if (leaf == 7)
		return (struct cpuid){.ecx = five_levels ? 1u << 16 : 0};
	return (struct cpuid){0};
}

/* 0: not mapped. */
static uint64_t phys_at(uint64_t root, uint32_t levels, uint64_t at)
{
	uint64_t table = root & ADDRESS;
	for (uint32_t level = levels;; level--) {
		uint32_t shift = 12 + 9 * (level - 1);
		uint64_t entry = ((const uint64_t *)table)[at >> shift & 511];
		if (!(entry & 1))
			return 0;
		if (level == 1 || (entry & 0x80))
			return (entry & ADDRESS) | (at & ((1ull << shift) - 1));
		table = entry & ADDRESS;
	}
}

/* Is this page mapped to itself by tables of so many levels? */
static int is_mapped(uint64_t root, uint32_t levels, uint64_t at)
{
	uint64_t table = root & ADDRESS;
	for (uint32_t level = levels; level > 0; level--) {
		uint64_t entry = ((const uint64_t *)table)[at >> (12 + 9 * (level - 1)) & 511];
		if (!(entry & 1))
			return 0;
		if (level == 1 || (entry & 0x80))
			return ((entry & ADDRESS) ^ at) >> (12 + 9 * (level - 1)) == 0;
		table = entry & ADDRESS;
	}
	return 0;
}

__attribute__((used)) static void switched(
	uint64_t low_root, uint64_t own, uint64_t la57, uint64_t root)
{
	assert_int_equal(own, (uint64_t)low);
	assert_true(low_root < 1ull << 32);
	assert_memory_equal((void *)own, levels_trampoline,
		(size_t)(levels_trampoline_end - levels_trampoline));
	uint32_t levels = la57 ? 5 : 4;
	/* Paging on again by the copy: its code is fetched; then the real tables. */
	assert_true(is_mapped(low_root, levels, own));
	assert_true(is_mapped(root, levels, own));
	assert_true(is_mapped(root, levels, HIGH));
	bare_cr4 = (bare_cr4 & ~CR4_LA57) | la57;
	bare_cr3 = root;
	n_switches++;
}

static void setup(void)
{
	low = mmap((void *)LOW, PAGING_LOW_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	void *region = mmap((void *)HIGH, REGION, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	assert_ptr_equal(low, LOW);
	assert_ptr_equal(region, HIGH);
	for (uint32_t i = 0; i < PAGING_LOW_BYTES; i++)
		low[i] = (uint8_t)(i * 7 + i / 256);
	memcpy(before, low, sizeof(before));
	bare_cr3 = 0x1000;
	bare_cr4 = CR4_PAE;
	five_levels = 1;
	n_switches = 0;
	arena_init(&arena);
	assert_int_equal(arena_add(&arena, region, REGION), 0);
}

static void teardown(void)
{
	munmap(low, PAGING_LOW_BYTES);
	assert_int_equal(munmap((void *)HIGH, REGION), 0);
}

FIXTURE(setup, teardown)

static void make_tables(uint32_t levels)
{
	assert_int_equal(paging_init(&arena, levels), 0);
	assert_int_equal(paging_map_memory(0x1000, 0x9f000), 0);
	assert_int_equal(paging_map_memory(0x100000, 0x7ff00000), 0);
	assert_int_equal(paging_map_memory(HIGH, REGION), 0);
}

static void borrowed_is_back(void)
{
	assert_memory_equal(low, before, sizeof(before));
}

TEST(same_levels_need_nothing)
{
	make_tables(4);
	assert_int_equal(paging_enter(0), 0);
	assert_true(bare_cr3 >= HIGH);
	assert_int_equal(n_switches, 0);
}

TEST(enter)
{
	for (uint32_t levels = 4; levels <= 5; levels++) {
		bare_cr4 = levels == 4 ? CR4_PAE | CR4_LA57 : CR4_PAE;
		make_tables(levels);
		assert_int_equal(paging_enter(LOW), 0);
		assert_int_equal(paging_levels_now(), levels);
		assert_true(bare_cr3 >= HIGH);
		borrowed_is_back();
	}
	assert_int_equal(n_switches, 2);
}

/* And back, and again: what is mapped stays, and more can be mapped. */
TEST(change)
{
	make_tables(4);
	assert_int_equal(paging_enter(0), 0);
	for (uint32_t i = 0; i < 6; i++) {
		uint32_t levels = i % 2 ? 4 : 5;
		uint64_t more = HIGH + (i + 1ull) * (1u << 30);
		assert_int_equal(paging_change_levels(levels, LOW), 0);
		assert_int_equal(paging_levels_now(), levels);
		assert_true(is_mapped(bare_cr3, levels, 0x1234000));
		assert_int_equal(paging_map_memory(more, 4096), 0);
		assert_true(is_mapped(bare_cr3, levels, more));
		assert_int_equal(paging_change_levels(levels, 0), 0);
		borrowed_is_back();
	}
	assert_int_equal(n_switches, 6);
}

TEST(no_place)
{
	static const uint64_t bad[] = {
		0, LOW + 8, (1ull << 32) - 4096, 1ull << 32, HIGH, UINT64_MAX - 4095};
	make_tables(5);
	uint64_t cr3 = bare_cr3;
	for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(paging_enter(bad[i]), ERR_CPU);
	make_tables(4);
	assert_int_equal(paging_enter(0), 0);
	cr3 = bare_cr3;
	for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(paging_change_levels(5, bad[i]), ERR_CPU);
	assert_int_equal(bare_cr3, cr3);
	assert_int_equal(n_switches, 0);
	/* Nothing is lost by that: the tables are the old ones. */
	assert_int_equal(paging_map_memory(HIGH + (1u << 30), 4096), 0);
	assert_true(is_mapped(bare_cr3, 4, HIGH + (1u << 30)));
	assert_int_equal(paging_change_levels(5, LOW), 0);
}

TEST(no_five_levels)
{
	five_levels = 0;
	make_tables(5);
	assert_int_equal(paging_enter(LOW), ERR_CPU);
	borrowed_is_back();
}

TEST(no_memory)
{
	make_tables(5);
	while (arena_alloc(&arena, 4096, 4096))
		;
	assert_int_equal(paging_enter(LOW), ERR_NO_MEMORY);
	borrowed_is_back();
	assert_int_equal(n_switches, 0);
}

/* Where somebody else has it: any offset, pages as large as both addresses allow. */
TEST(elsewhere)
{
	for (uint32_t levels = 4; levels <= 5; levels++) {
		uint64_t virt = 0xfffffffefdc00000, phys = 0x3fc00000;
		make_tables(levels);
		assert_int_equal(paging_map_at(virt, phys, 0x400000, PAGING_MEMORY), 0);
		assert_int_equal(
			paging_map_at(virt - 0x5000, phys + 0x801000, 0x5000, PAGING_REGISTERS), 0);
		assert_int_equal(paging_enter(LOW), 0);
		assert_int_equal(phys_at(bare_cr3, levels, virt + 0x234567), phys + 0x234567);
		assert_int_equal(phys_at(bare_cr3, levels, virt - 0x4ff8), phys + 0x801008);
		assert_int_equal(phys_at(bare_cr3, levels, virt - 1), phys + 0x805fff);
		assert_int_equal(phys_at(bare_cr3, levels, virt - 0x5001), 0);
		assert_int_equal(phys_at(bare_cr3, levels, virt + 0x400000), 0);
		assert_int_equal(paging_map_at(virt + 1, phys, 4096, PAGING_MEMORY), ERR_BOUNDS);
		assert_int_equal(
			paging_map_at(UINT64_MAX - 4095, 0, 8192, PAGING_MEMORY), ERR_BOUNDS);
	}
}

/* ---- Pages one after another (paging_join) ---- */

/* Every second page of the region is taken: what is joined lies in pieces. */
static void scatter(void)
{
	arena_init(&arena);
	for (uint32_t i = 0; i < REGION / 4096; i += 8) {
		if (arena.n_pieces == ARENA_PIECES_MAX)
			return;
		assert_int_equal(arena_add(&arena, (void *)(HIGH + i * 4096), 4 * 4096), 0);
	}
}

static void is_joined(const uint8_t *memory, uint64_t bytes, uint32_t levels, uint64_t *seen)
{
	for (uint64_t at = 0; at < bytes; at += 4096) {
		uint64_t phys = phys_at(bare_cr3, levels, (uint64_t)memory + at);
		uint64_t page = (phys - HIGH) / 4096;
		assert_true(phys >= HIGH && phys < HIGH + REGION && phys % 4096 == 0);
		assert_int_equal(seen[page / 64] >> page % 64 & 1, 0); /* nobody else's */
		seen[page / 64] |= 1ull << page % 64;
		assert_true(is_mapped(bare_cr3, levels, phys));
	}
}

TEST(joined_pages)
{
	for (uint32_t levels = 4; levels <= 5; levels++) {
		uint64_t seen[REGION / 4096 / 64] = {0};
		bare_cr4 = levels == 5 ? CR4_PAE | CR4_LA57 : CR4_PAE;
		scatter();
		make_tables(levels);
		assert_int_equal(paging_enter(LOW), 0);
		uint8_t *a = paging_join(&arena, 40 * 4096 - 100), *b = paging_join(&arena, 1);
		assert_non_null(a);
		assert_non_null(b);
		assert_true((uint64_t)a % 4096 == 0 && (uint64_t)b % 4096 == 0);
		assert_true(b >= a + 40 * 4096 || b + 4096 <= a);
		assert_true((uint64_t)a < 1ull << 47); /* canonical, in both modes */
		is_joined(a, 40 * 4096, levels, seen);
		is_joined(b, 4096, levels, seen);
		assert_int_equal(phys_at(bare_cr3, levels, (uint64_t)a - 4096), 0);
		assert_int_equal(phys_at(bare_cr3, levels, (uint64_t)b + 4096), 0);
	}
}

/* The kernel may have the other mode: what was joined is where it was. */
TEST(joined_pages_stay)
{
	scatter();
	make_tables(4);
	assert_int_equal(paging_enter(0), 0);
	uint64_t a = (uint64_t)paging_join(&arena, 5 * 4096), phys[5];
	assert_true(a != 0);
	for (uint32_t i = 0; i < 5; i++)
		phys[i] = phys_at(bare_cr3, 4, a + i * 4096);
	for (uint32_t turn = 0; turn < 3; turn++) {
		uint32_t levels = turn % 2 ? 4 : 5;
		assert_int_equal(paging_change_levels(levels, LOW), 0);
		for (uint32_t i = 0; i < 5; i++)
			assert_int_equal(phys_at(bare_cr3, levels, a + i * 4096), phys[i]);
	}
}

/* Too little: NULL, what was joined before stays, and a smaller one is had yet. */
TEST(joined_pages_that_are_not_there)
{
	uint64_t seen[REGION / 4096 / 64] = {0};
	scatter();
	make_tables(4);
	assert_int_equal(paging_enter(0), 0);
	uint8_t *a = paging_join(&arena, 3 * 4096);
	assert_non_null(a);
	arena.more = NULL;
	assert_null(paging_join(&arena, REGION));
	assert_null(paging_join(&arena, 4096)); /* all went into the attempt */
	is_joined(a, 3 * 4096, 4, seen);
	struct arena other;
	arena_init(&other);
	assert_int_equal(arena_add(&other, (void *)(HIGH + 5 * 4096), 4096), 0);
	uint8_t *b = paging_join(&other, 4096);
	assert_non_null(b);
	is_joined(b, 4096, 4, seen);
}
