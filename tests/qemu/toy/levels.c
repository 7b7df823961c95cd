/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entering new tables in the other paging mode, and changing those in use, each from 4 to 5 levels
 * and from 5 to 4. After every step the borrowed pages hold what was in them, memory everywhere is
 * mapped, and exceptions and the canary's segment work as before.
 */
#include "levels.h"

#include <string.h>

#include "cpu.h"
#include "log.h"
#include "low_memory.h"
#include "paging.h"

#define TABLES_BYTES (16ull << 20)
#define FOUR_GIB     (1ull << 32)
#define ROUNDS       6u

static uint8_t before[PAGING_LOW_BYTES];

static uint64_t memory_above_4_gib(const struct boot_info *bi)
{
	for (uint32_t i = 0; i < bi->n_memory; i++)
		if (bi->memory[i].type == MEMORY_RAM && bi->memory[i].start >= FOUR_GIB &&
			bi->memory[i].end - bi->memory[i].start > 2 * TABLES_BYTES)
			return bi->memory[i].start;
	return 0;
}

static int make_tables(const struct boot_info *bi, struct arena *arena, uint32_t levels)
{
	int err = paging_init(arena, levels);
	for (uint32_t i = 0; !err && i < bi->n_memory; i++)
		if (bi->memory[i].type == MEMORY_RAM || bi->memory[i].type == MEMORY_ACPI)
			err = paging_map_memory(
				bi->memory[i].start, bi->memory[i].end - bi->memory[i].start);
	return err;
}

static int check(
	const char *what, uint32_t levels, uint64_t low, volatile uint64_t *high, uint64_t fs)
{
	bool tables_high = read_cr3() >= FOUR_GIB;
	*high = levels;
	if (paging_levels_now() == levels && tables_high && *high == levels &&
		memcmp((void *)low, before, sizeof(before)) == 0 && read_msr(MSR_FS_BASE) == fs)
		return 0;
	log_line("toy: levels: FAILED: %s %u: now %u, tables at %#llx", what, levels,
		paging_levels_now(), (unsigned long long)read_cr3());
	return ERR_BUG;
}

static int one_round(const struct boot_info *bi, struct arena *arena, uint64_t low, uint64_t high)
{
	uint64_t fs = read_msr(MSR_FS_BASE);
	uint32_t other = 9 - paging_levels_now();
	int err = make_tables(bi, arena, other);
	if (!err)
		err = paging_enter(low);
	if (!err)
		err = check("entering", other, low, (void *)high, fs);
	for (uint32_t i = 0; !err && i < 3; i++) {
		other = 9 - other;
		err = paging_change_levels(other, low);
		if (!err)
			err = check("changing to", other, low, (void *)high, fs);
	}
	return err;
}

int levels_run(const struct boot_info *bi)
{
	struct arena arena;
	uint64_t high = memory_above_4_gib(bi);
	uint64_t low = low_memory_find(bi, PAGING_LOW_BYTES, LOW_MEMORY_32_BIT, NULL, NULL);
	if (!high || !low)
		return ERR_NO_MEMORY;
	arena_init(&arena);
	int err = arena_add(&arena, (void *)high, TABLES_BYTES);
	for (uint32_t i = 0; i < sizeof(before); i++)
		((uint8_t *)low)[i] = before[i] = (uint8_t)(i * 5 + i / 256);
	for (uint32_t i = 0; !err && i < ROUNDS; i++)
		err = one_round(bi, &arena, low, high + TABLES_BYTES);
	if (!err)
		log_line("toy: levels: PASSED: %u changes, tables at %#llx, by way of %#llx",
			ROUNDS * 4, (unsigned long long)read_cr3(), (unsigned long long)low);
	return err;
}
