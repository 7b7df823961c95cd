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

TEST(sizes)
{
	table[0][3] = 0x3000 | P | W;
	table[1][1] = 0x200000 | P | W | LARGE;
	table[2][1] = 0x40000000 | P | W | LARGE;
	for (uint32_t levels = 4; levels <= 5; levels++) {
		assert_int_equal(page_walk(root(levels), levels, 0x3fff), ALL);
		assert_int_equal(page_walk(root(levels), levels, 0x2fff), 0);
		assert_int_equal(page_walk(root(levels), levels, 0x4000), 0);
		assert_int_equal(page_walk(root(levels), levels, 0x200000), ALL);
		assert_int_equal(page_walk(root(levels), levels, 0x3fffff), ALL);
		assert_int_equal(page_walk(root(levels), levels, 0x400000), 0);
		assert_int_equal(page_walk(root(levels), levels, 0x7fffffff), ALL);
		assert_int_equal(page_walk(root(levels), levels, 0x80000000), 0);
		assert_int_equal(page_walk(root(levels), levels, 1ull << 39), 0);
		assert_int_equal(page_walk(root(levels), levels, 1ull << 47), 0);
	}
}

/* What one level forbids no level below gives back. */
TEST(forbidden)
{
	table[0][0] = P | W;
	for (uint32_t level = 1; level <= 4; level++) {
		uint64_t kept = table[level - 1][0];
		table[level - 1][0] = kept | NX;
		assert_int_equal(page_walk(root(4), 4, 0), PAGE_MAPPED | PAGE_WRITABLE);
		table[level - 1][0] = kept & ~W;
		assert_int_equal(page_walk(root(4), 4, 0), PAGE_MAPPED | PAGE_EXECUTABLE);
		table[level - 1][0] = kept & ~P;
		assert_int_equal(page_walk(root(4), 4, 0), 0);
		table[level - 1][0] = kept;
	}
}

TEST(ranges)
{
	for (uint32_t i = 0; i < 512; i++)
		table[0][i] = i * 4096 | P | W;
	table[1][1] = 0x200000 | P | W | LARGE;
	assert_int_equal(page_walk_range(root(4), 4, 0, 0x400000), ALL);
	assert_int_equal(page_walk_range(root(4), 4, 0, 0x400001), 0);
	table[0][511] |= NX;
	assert_int_equal(page_walk_range(root(4), 4, 0, 0x1ff000), ALL);
	assert_int_equal(page_walk_range(root(4), 4, 0, 0x1ff001), PAGE_MAPPED | PAGE_WRITABLE);
	table[0][5] = 0;
	assert_int_equal(page_walk_range(root(4), 4, 0, 0x5000), ALL);
	assert_int_equal(page_walk_range(root(4), 4, 0x4fff, 2), 0);
	assert_int_equal(page_walk_range(root(4), 4, 0x6001, 1), ALL);
	assert_int_equal(page_walk_range(root(4), 4, 0x6000, 0), 0);
	assert_int_equal(page_walk_range(root(4), 4, UINT64_MAX - 1, 3), 0);
}
