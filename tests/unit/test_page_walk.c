/* SPDX-License-Identifier: GPL-2.0-or-later */
/* page_walk.c over tables of 4 and 5 levels, pages of all sizes. */
#include "test.h"

#include <string.h>

#include "page_walk.h"

#define P     1ull
#define W     2ull
#define LARGE 0x80ull
#define NX    (1ull << 63)
#define ALL   (PAGE_MAPPED | PAGE_WRITABLE | PAGE_EXECUTABLE)

static uint64_t table[5][512] __attribute__((aligned(4096))); /* [n]: of level n + 1 */

static uint64_t root(uint32_t levels)
{
	return (uint64_t)table[levels - 1] | 0x18; /* PWT, PCD: not of the address */
}

static void setup(void)
{
	memset(table, 0, sizeof(table));
	for (uint32_t level = 5; level > 1; level--)
		table[level - 1][0] = (uint64_t)table[level - 2] | P | W;
}

FIXTURE(setup, NULL)

static uint64_t unreadable; /* a table */

static bool read_entry(const void *ctx, uint64_t at, uint32_t index, uint64_t *ret_entry)
{
	(void)ctx;
	*ret_entry = ((const uint64_t *)at)[index];
	return at != unreadable;
}

static uint32_t access_at(uint32_t levels, uint64_t virt)
{
	const struct page_walk w = {.read = read_entry, .root = root(levels), .levels = levels};
	struct page_at page;
	return page_walk(&w, virt, &page) ? page.access : 0;
}

static uint32_t access_to(uint32_t levels, uint64_t start, uint64_t bytes)
{
	const struct page_walk w = {.read = read_entry, .root = root(levels), .levels = levels};
	return page_walk_range(&w, start, bytes);
}

TEST(sizes)
{
	table[0][3] = 0x3000 | P | W;
	table[1][1] = 0x200000 | P | W | LARGE;
	table[2][1] = 0x40000000 | P | W | LARGE;
	for (uint32_t levels = 4; levels <= 5; levels++) {
		assert_int_equal(access_at(levels, 0x3fff), ALL);
		assert_int_equal(access_at(levels, 0x2fff), 0);
		assert_int_equal(access_at(levels, 0x4000), 0);
		assert_int_equal(access_at(levels, 0x200000), ALL);
		assert_int_equal(access_at(levels, 0x3fffff), ALL);
		assert_int_equal(access_at(levels, 0x400000), 0);
		assert_int_equal(access_at(levels, 0x7fffffff), ALL);
		assert_int_equal(access_at(levels, 0x80000000), 0);
		assert_int_equal(access_at(levels, 1ull << 39), 0);
		assert_int_equal(access_at(levels, 1ull << 47), 0);
	}
}

/* What one level forbids no level below gives back. */
TEST(forbidden)
{
	table[0][0] = P | W;
	for (uint32_t level = 1; level <= 4; level++) {
		uint64_t kept = table[level - 1][0];
		table[level - 1][0] = kept | NX;
		assert_int_equal(access_at(4, 0), PAGE_MAPPED | PAGE_WRITABLE);
		table[level - 1][0] = kept & ~W;
		assert_int_equal(access_at(4, 0), PAGE_MAPPED | PAGE_EXECUTABLE);
		table[level - 1][0] = kept & ~P;
		assert_int_equal(access_at(4, 0), 0);
		table[level - 1][0] = kept;
	}
}

TEST(ranges)
{
	for (uint32_t i = 0; i < 512; i++)
		table[0][i] = i * 4096 | P | W;
	table[1][1] = 0x200000 | P | W | LARGE;
	assert_int_equal(access_to(4, 0, 0x400000), ALL);
	assert_int_equal(access_to(4, 0, 0x400001), 0);
	table[0][511] |= NX;
	assert_int_equal(access_to(4, 0, 0x1ff000), ALL);
	assert_int_equal(access_to(4, 0, 0x1ff001), PAGE_MAPPED | PAGE_WRITABLE);
	table[0][5] = 0;
	assert_int_equal(access_to(4, 0, 0x5000), ALL);
	assert_int_equal(access_to(4, 0x4fff, 2), 0);
	assert_int_equal(access_to(4, 0x6001, 1), ALL);
	assert_int_equal(access_to(4, 0x6000, 0), 0);
	assert_int_equal(access_to(4, UINT64_MAX - 1, 3), 0);
}

TEST(addresses)
{
	const struct page_walk w = {.read = read_entry, .root = root(4), .levels = 4};
	struct page_at page;
	table[0][3] = 0x7000 | P;
	table[1][1] = 0x600000 | P | LARGE;
	table[2][1] = 0x80000000 | P | LARGE | NX;
	assert_true(page_walk(&w, 0x3abc, &page));
	assert_int_equal(page.phys, 0x7abc);
	assert_int_equal(page.bytes, 4096);
	assert_true(page_walk(&w, 0x212345, &page));
	assert_int_equal(page.phys, 0x612345);
	assert_int_equal(page.bytes, 2u << 20);
	assert_true(page_walk(&w, 0x40000001, &page));
	assert_int_equal(page.phys, 0x80000001);
	assert_int_equal(page.bytes, 1u << 30);
	assert_false(page_walk(&w, 0x80000000, &page));
	assert_int_equal(page.bytes, 1u << 30); /* of the hole */
}

/* A table that cannot be had, and a size that the processor does not know. */
TEST(nowhere)
{
	table[0][3] = 0x3000 | P;
	unreadable = (uint64_t)table[0];
	assert_int_equal(access_at(4, 0x3000), 0);
	unreadable = 0;
	assert_int_not_equal(access_at(4, 0x3000), 0);
	table[3][0] |= LARGE;
	assert_int_equal(access_at(4, 0x3000), 0);
}
