/* SPDX-License-Identifier: GPL-2.0-or-later */
/* low_memory.c: where other processors begin and paging levels change, on maps of all kinds. */
#include "test.h"

#include <string.h>

#include "low_memory.h"

#define GIB (1ull << 30)

static struct boot_info bi;
static struct range v[8];
static struct ranges busy;

static void setup(void)
{
	memset(&bi, 0, sizeof(bi));
	ranges_init(&busy, v, 8);
}

FIXTURE(setup, NULL)

static void map(uint64_t start, uint64_t end, uint32_t type)
{
	bi.memory[bi.n_memory++] = (struct memory_range){.start = start, .end = end, .type = type};
}

static void use(uint64_t start, uint64_t end)
{
	assert_int_equal(ranges_add(&busy, start / 4096, end / 4096), 0);
}

static uint64_t real_mode(uint64_t bytes)
{
	return low_memory_beside(&bi, bytes, LOW_MEMORY_REAL_MODE, &busy);
}

static uint64_t without_paging(uint64_t bytes)
{
	return low_memory_beside(&bi, bytes, LOW_MEMORY_32_BIT, &busy);
}

TEST(an_ordinary_map)
{
	map(0, 0x9fc00, MEMORY_RAM);
	map(0x9fc00, 0xa0000, MEMORY_RESERVED);
	map(0x100000, 2 * GIB, MEMORY_RAM);
	map(4 * GIB, 6 * GIB, MEMORY_RAM);
	assert_int_equal(real_mode(8192), 0x10000);
	assert_int_equal(without_paging(8192), 0x10000);
	use(0x11000, 0x12000);
	assert_int_equal(real_mode(8192), 0x12000);
	assert_int_equal(real_mode(4096), 0x10000);
	use(0x10000, 0x90000);
	assert_int_equal(real_mode(8192), 0x1000);
	use(0x1000, 0x10000);
	assert_int_equal(real_mode(8192), 0x90000);
	use(0x90000, 0x9f000);
	assert_int_equal(real_mode(4096), 0); /* half a page is left */
	assert_int_equal(without_paging(8192), 0x100000);
}

TEST(nothing_below_1_mib)
{
	map(0, 0xa0000, MEMORY_RESERVED);
	map(0x100000, 0x200000, MEMORY_ACPI); /* not ours */
	map(0x200000, 0x80000000, MEMORY_RAM);
	assert_int_equal(real_mode(4096), 0);
	assert_int_equal(without_paging(8192), 0x200000);
	use(0x200000, 0x400000);
	assert_int_equal(without_paging(8192), 0x400000);
}

TEST(single_pages)
{
	map(0x1000, 0x1fff, MEMORY_RAM);      /* less than one */
	map(0x2800, 0x4800, MEMORY_RAM);      /* one whole page */
	map(0xffffe000, 5 * GIB, MEMORY_RAM); /* through 4 GiB */
	assert_int_equal(real_mode(8192), 0);
	assert_int_equal(real_mode(4096), 0x3000);
	assert_int_equal(without_paging(8192), 0xffffe000);
	assert_int_equal(without_paging(12288), 0);
	struct smp_low low = low_memory_for_smp(&bi, NULL, NULL);
	assert_int_equal(low.code, 0x3000);
	assert_int_equal(low.root, 0xffffe000);
}

TEST(nothing_below_4_gib)
{
	map(0, 4096, MEMORY_RAM); /* the interrupt vectors' page is never used */
	map(4 * GIB, 6 * GIB, MEMORY_RAM);
	assert_int_equal(real_mode(4096), 0);
	assert_int_equal(without_paging(4096), 0);
	assert_int_equal(low_memory_for_paging(&bi), 0);
	assert_int_equal(low_memory_for_smp(&bi, NULL, NULL).code, 0);
}

TEST(not_what_is_in_use)
{
	map(0x10000, 0x20000, MEMORY_RAM);
	map(0x200000, 0x1000000, MEMORY_RAM);
	bi.home = 0x10800; /* to be taken as whole pages */
	bi.home_bytes = 0xe800;
	bi.n_region = 1;
	bi.region[0] = (struct boot_piece){0x200000, 0x200000};
	assert_int_equal(low_memory_for_paging(&bi), 0x400000);
}

TEST(absurd_maps)
{
	map(UINT64_MAX - 100, UINT64_MAX, MEMORY_RAM);
	map(0x5000, 0x3000, MEMORY_RAM);
	assert_int_equal(real_mode(4096), 0);
	assert_int_equal(without_paging(UINT64_MAX), 0);
}
