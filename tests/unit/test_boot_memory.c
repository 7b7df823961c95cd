/* SPDX-License-Identifier: GPL-2.0-or-later */
/* boot_memory.c: firmware's ranges in any order and overlap, against a map of single bytes. */
#include "test.h"

#include <string.h>

#include "boot_memory.h"

static struct boot_info bi;

static void setup(void)
{
	memset(&bi, 0, sizeof(bi));
}

FIXTURE(setup, NULL)

static void add(uint64_t start, uint64_t end, uint32_t type)
{
	assert_int_equal(boot_memory_add(&bi, start, end - start, type), 0);
}

static void finish(void)
{
	assert_int_equal(boot_memory_finish(&bi), 0);
}

static void has(uint32_t i, uint64_t start, uint64_t end, uint32_t type)
{
	assert_true(i < bi.n_memory);
	assert_int_equal(bi.memory[i].start, start);
	assert_int_equal(bi.memory[i].end, end);
	assert_int_equal(bi.memory[i].type, type);
}

TEST(sorted_and_joined)
{
	add(0x100000, 0x200000, MEMORY_RAM);
	add(0, 0x9fc00, MEMORY_RAM);
	add(0x200000, 0x300000, MEMORY_RAM);
	add(0x9fc00, 0xa0000, MEMORY_RESERVED);
	add(0x300000, 0x301000, MEMORY_ACPI);
	add(0x310000, 0x311000, MEMORY_ACPI);
	finish();
	assert_int_equal(bi.n_memory, 5);
	has(0, 0, 0x9fc00, MEMORY_RAM);
	has(1, 0x9fc00, 0xa0000, MEMORY_RESERVED);
	has(2, 0x100000, 0x300000, MEMORY_RAM);
	has(3, 0x300000, 0x301000, MEMORY_ACPI);
	has(4, 0x310000, 0x311000, MEMORY_ACPI);
}

TEST(empty_and_wrapping)
{
	assert_int_equal(boot_memory_add(&bi, 5, 0, MEMORY_RAM), 0);
	assert_int_equal(bi.n_memory, 0);
	assert_int_equal(boot_memory_add(&bi, 5, UINT64_MAX - 4, MEMORY_RAM), ERR_FIRMWARE);
	assert_int_equal(boot_memory_add(&bi, 5, UINT64_MAX - 5, MEMORY_RAM), 0);
	finish();
	has(0, 5, UINT64_MAX, MEMORY_RAM);
}

TEST(hole_in_ram)
{
	add(0, 100, MEMORY_RAM);
	add(40, 60, MEMORY_RESERVED);
	finish();
	assert_int_equal(bi.n_memory, 3);
	has(0, 0, 40, MEMORY_RAM);
	has(1, 40, 60, MEMORY_RESERVED);
	has(2, 60, 100, MEMORY_RAM);
}

TEST(same_place_twice)
{
	add(10, 20, MEMORY_RAM);
	add(10, 20, MEMORY_RAM);
	add(10, 20, MEMORY_NVS);
	finish();
	assert_int_equal(bi.n_memory, 1);
	has(0, 10, 20, MEMORY_NVS);
}

/* ACPI table memory may be overwritten: what something else claims too may not. */
TEST(acpi_gives_way)
{
	add(0, 100, MEMORY_ACPI);
	add(40, 60, MEMORY_RESERVED);
	add(90, 120, MEMORY_RAM);
	finish();
	has(0, 0, 40, MEMORY_ACPI);
	has(1, 40, 60, MEMORY_RESERVED);
	has(2, 60, 100, MEMORY_ACPI);
	has(3, 100, 120, MEMORY_RAM);
}

/* Boot services cut RAM into hundreds of descriptors of four types that are RAM for us. */
TEST(neighbours_are_one)
{
	for (uint32_t i = 0; i < 5000; i++)
		assert_int_equal(boot_memory_add_efi(
					 &bi, i % 3 ? 7 : 4, 0x100000 + i * 0x200000ull, 512, 0xf),
			0);
	assert_int_equal(bi.n_memory, 1);
	assert_int_equal(bi.n_given, 5000);
	finish();
	has(0, 0x100000, 0x100000 + 5000 * 0x200000ull, MEMORY_RAM);
}

/* The same, in an order that joins nothing as it comes: what is full is sorted and joined. */
TEST(neighbours_in_any_order)
{
	for (uint64_t half = 0; half < 2; half++)
		for (uint64_t i = 0; i < BOOT_MEMORY_MAX; i++) {
			uint64_t at = 0x100000 + (2 * (i * 7 % BOOT_MEMORY_MAX) + half) * 4096;
			add(at, at + 4096, MEMORY_RAM);
		}
	finish();
	assert_int_equal(bi.n_memory, 1);
	has(0, 0x100000, 0x100000 + 2 * BOOT_MEMORY_MAX * 4096, MEMORY_RAM);
}

/* As many as were seen, and more, none of them a neighbour of its kind. */
TEST(many_that_cannot_be_joined)
{
	uint64_t attribute = 0x800000000000000full;
	for (uint32_t i = 0; i < 513; i++)
		assert_int_equal(boot_memory_add_efi(&bi, i & 1 ? 7 : 9, i * 0x10000, 16, 0xf), 0);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(boot_memory_add_efi(&bi, i & 1 ? 5 : 6, 0x80000000 + i * 0x10000,
					 16, attribute),
			0);
	finish();
	assert_int_equal(bi.n_runtime, 100);
	assert_int_equal(bi.n_memory, 514); /* runtime is reserved, all of it */
}

TEST(runtime_neighbours_are_one)
{
	uint64_t attribute = 0x800000000000000full;
	static const struct {
		uint32_t type;
		uint64_t phys, pages, uc;
	} given[] = {{6, 0x1000, 1, 0}, {6, 0x2000, 2, 0}, {5, 0x4000, 1, 0}, {5, 0x5000, 1, 1},
		{5, 0x6000, 1, 1}, {5, 0x9000, 1, 1}};
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(boot_memory_add_efi(&bi, given[i].type, given[i].phys,
					 given[i].pages, attribute & ~given[i].uc),
			0);
	assert_int_equal(bi.n_runtime, 4);
	assert_int_equal(bi.n_runtime_given, 6);
	assert_int_equal(bi.runtime[0].n_pages, 3);
	assert_int_equal(bi.runtime[1].n_pages, 1);
	assert_int_equal(bi.runtime[2].n_pages, 2);
	assert_int_equal(bi.runtime[3].phys, 0x9000);
}

/* More than there is room for until they are sorted. */
TEST(runtime_in_any_order)
{
	for (uint32_t half = 0; half < 2; half++)
		for (uint32_t i = 0; i < BOOT_RUNTIME_MAX; i++)
			assert_int_equal(
				boot_memory_add_efi(&bi, 5, 0x100000 + (2 * i + half) * 4096, 1,
					0x8000000000000000ull),
				0);
	assert_true(bi.n_runtime <= BOOT_RUNTIME_MAX);
	uint64_t pages = 0;
	for (uint32_t i = 0; i < bi.n_runtime; i++)
		pages += bi.runtime[i].n_pages;
	assert_int_equal(pages, 2 * BOOT_RUNTIME_MAX);
}

/* Thousands of cuts: RAM with holes that are told first, in reverse. */
TEST(many_cuts)
{
	for (uint32_t i = BOOT_MEMORY_MAX / 2 - 1; i > 0; i--)
		add(i * 0x10000, i * 0x10000 + 0x1000, MEMORY_RESERVED);
	add(0, 0x10000000, MEMORY_RAM);
	finish();
	assert_int_equal(bi.n_memory, BOOT_MEMORY_MAX - 1);
	has(0, 0, 0x10000, MEMORY_RAM);
	has(1, 0x10000, 0x11000, MEMORY_RESERVED);
	has(2, 0x11000, 0x20000, MEMORY_RAM);
}

TEST(table_full)
{
	for (uint32_t i = 0; i < BOOT_MEMORY_MAX; i++)
		add(i * 10, i * 10 + 5, MEMORY_RAM);
	assert_int_equal(boot_memory_add(&bi, 7, 1, MEMORY_RAM), ERR_NO_MEMORY);
	finish();
	assert_int_equal(bi.n_memory, BOOT_MEMORY_MAX);
}

/* Full, and a range must be cut in two: an error, not a write behind the table. */
TEST(no_room_to_cut)
{
	for (uint32_t i = 0; i < BOOT_MEMORY_MAX - 1; i++)
		add(i * 10, i * 10 + 5, MEMORY_RAM);
	add(2, 3, MEMORY_RESERVED);
	assert_int_equal(boot_memory_finish(&bi), ERR_NO_MEMORY);
}

TEST(efi_types)
{
	static const uint32_t wanted[16] = {MEMORY_RESERVED, MEMORY_RAM, MEMORY_RAM, MEMORY_RAM,
		MEMORY_RAM, MEMORY_RESERVED, MEMORY_RESERVED, MEMORY_RAM, MEMORY_BAD, MEMORY_ACPI,
		MEMORY_NVS, MEMORY_RESERVED, MEMORY_RESERVED, MEMORY_RESERVED, MEMORY_RESERVED,
		MEMORY_RESERVED};
	for (uint32_t type = 0; type < 16; type++) {
		assert_int_equal(boot_memory_add_efi(&bi, type, type * 0x10000, 1, 0xf), 0);
		has(type, type * 0x10000, type * 0x10000 + 4096, wanted[type]);
	}
	assert_int_equal(boot_memory_add_efi(&bi, 7, 0x200000, 2, 0x40000), 0);
	has(16, 0x200000, 0x202000, MEMORY_RESERVED);
	assert_int_equal(boot_memory_add_efi(&bi, 0x80000000, 0x300000, 1, 0xf), 0);
	has(17, 0x300000, 0x301000, MEMORY_RESERVED);
	assert_int_equal(bi.n_runtime, 0);
}

TEST(efi_runtime)
{
	uint64_t attribute = 0x800000000000000full;
	assert_int_equal(boot_memory_add_efi(&bi, 6, 0x7000, 3, attribute), 0);
	assert_int_equal(bi.n_runtime, 1);
	assert_int_equal(bi.runtime[0].phys, 0x7000);
	assert_int_equal(bi.runtime[0].n_pages, 3);
	assert_int_equal(bi.runtime[0].type, 6);
	assert_true(bi.runtime[0].attribute == attribute);
	has(0, 0x7000, 0xa000, MEMORY_RESERVED);
	for (uint32_t i = 1; i < BOOT_RUNTIME_MAX; i++)
		assert_int_equal(boot_memory_add_efi(&bi, 5, i << 20, 1, attribute), 0);
	assert_int_equal(boot_memory_add_efi(&bi, 5, 0, 1, attribute), ERR_NO_MEMORY);
	assert_int_equal(bi.n_runtime_given, BOOT_RUNTIME_MAX + 1);
}

/* More descriptors than there is room for, but they touch. */
TEST(efi_runtime_joined)
{
	uint64_t attribute = 0x800000000000000full;
	for (uint32_t i = 0; i < 2 * BOOT_RUNTIME_MAX; i++)
		assert_int_equal(
			boot_memory_add_efi(&bi, 5, 0x100000 + i * 0x2000, 2, attribute), 0);
	assert_int_equal(bi.n_runtime, 1);
	assert_int_equal(bi.runtime[0].n_pages, 4 * BOOT_RUNTIME_MAX);
	assert_int_equal(boot_memory_add_efi(&bi, 5, 0xff000, 1, attribute), 0);
	assert_int_equal(bi.n_runtime, 1);
	assert_int_equal(bi.runtime[0].phys, 0xff000);
	/* Another type or attribute, a gap, nothing at all. */
	assert_int_equal(boot_memory_add_efi(&bi, 6, 0xfe000, 1, attribute), 0);
	assert_int_equal(boot_memory_add_efi(&bi, 5, 0xfd000, 1, attribute), 0);
	assert_int_equal(boot_memory_add_efi(&bi, 6, 0xfc000, 1, attribute | 0x2000), 0);
	assert_int_equal(boot_memory_add_efi(&bi, 6, 0x800000, 0, attribute), 0);
	assert_int_equal(bi.n_runtime, 4);
}

TEST(efi_wraps)
{
	assert_int_equal(boot_memory_add_efi(&bi, 7, 0, UINT64_MAX / 4096 + 1, 0), ERR_FIRMWARE);
	assert_int_equal(boot_memory_add_efi(&bi, 7, 4096, UINT64_MAX / 4096, 0), ERR_FIRMWARE);
	assert_int_equal(
		boot_memory_add_efi(&bi, 7, 0, UINT64_MAX, 0x8000000000000000ull), ERR_FIRMWARE);
	assert_int_equal(bi.n_memory, 0);
}

/* ---- against single bytes ---- */

#define UNIVERSE 96

static uint64_t random_state = 1;

static uint32_t rnd(uint32_t n)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(random_state >> 33) % n;
}

/* What may be overwritten is so only when nobody says otherwise. */
static uint32_t rank(uint32_t type)
{
	return type == 0 ? 0 : type == MEMORY_RAM ? 1 : type == MEMORY_ACPI ? 2 : 3;
}

static void check_against(const uint32_t *claims) /* bit t: a range of type t was there */
{
	uint32_t type[UNIVERSE] = {0};
	for (uint32_t i = 0; i < bi.n_memory; i++) {
		const struct memory_range *m = &bi.memory[i];
		assert_true(m->start < m->end && m->end <= UNIVERSE);
		assert_true(i == 0 || bi.memory[i - 1].end <= m->start);
		if (i > 0 && bi.memory[i - 1].end == m->start)
			assert_int_not_equal(bi.memory[i - 1].type, m->type);
		for (uint64_t at = m->start; at < m->end; at++)
			type[at] = m->type;
	}
	for (uint32_t at = 0; at < UNIVERSE; at++) {
		uint32_t most = 0;
		for (uint32_t t = 1; t <= MEMORY_BAD; t++)
			if ((claims[at] & 1u << t) && rank(t) > most)
				most = rank(t);
		assert_int_equal(rank(type[at]), most);
		assert_true(most == 0 || (claims[at] & 1u << type[at]));
	}
}

TEST(random_maps)
{
	for (uint32_t round = 0; round < 20000; round++) {
		uint32_t claims[UNIVERSE] = {0}, n = 1 + rnd(10);
		memset(&bi, 0, sizeof(bi));
		for (uint32_t i = 0; i < n; i++) {
			uint32_t start = rnd(UNIVERSE), end = start + rnd(UNIVERSE - start + 1);
			uint32_t type = 1 + rnd(MEMORY_BAD);
			add(start, end, type);
			for (uint32_t at = start; at < end; at++)
				claims[at] |= 1u << type;
		}
		finish();
		check_against(claims);
	}
}
