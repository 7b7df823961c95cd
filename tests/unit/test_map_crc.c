/* SPDX-License-Identifier: GPL-2.0-or-later */
/* map_crc.c against checksums that another program made: tables as real kernels keep them, and odd ones. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "map_crc.h"

static struct boot_info bi;
static uint8_t map[4 * MAP_CRC_MAX * 48];
static uint32_t used;

static void setup(void)
{
	memset(&bi, 0, sizeof(bi));
	used = 0;
}

FIXTURE(setup, NULL)

static void put(uint64_t value, uint32_t bytes)
{
	memcpy(map + used, &value, bytes);
	used += bytes;
}

static void entry(uint64_t start, uint64_t bytes, uint32_t type)
{
	put(start, 8);
	put(bytes, 8);
	put(type, 8);
}

static void descriptor(uint32_t type, uint64_t first_page, uint64_t n_pages, uint64_t attribute)
{
	put(type, 8);
	put(first_page << 12, 8);
	put(0xdead, 8);
	put(n_pages, 8);
	put(attribute, 8);
	put(0, 8);
}

static void plain_map(void)
{
	entry(0, 0x9fc00, 1);
	entry(0x9fc00, 0x400, 2);
	entry(0xf0000, 0x10000, 2);
	entry(0x100000, 0x1fedf000, 1);
	entry(0x1ffdf000, 0x21000, 2);
	entry(0xb0000000, 0x10000000, 2);
	entry(0xfffc0000, 0x40000, 2);
}

TEST(bios)
{
	uint32_t rules = 0;
	plain_map();
	map_crc_add_e820(&bi, map, used, 24);
	assert_int_equal(bi.n_map_crc, 1);
	assert_int_equal(bi.map_crc[0].crc, 0xa26f8ff2);
	assert_true(map_crc_matches(&bi, 0xa26f8ff2, &rules));
	assert_int_equal(rules, BOOT_MAP_E820);
	assert_string_equal(map_crc_rules_text(rules), "the BIOS's list");
	assert_false(map_crc_matches(&bi, 0xa26f8ff3, &rules));
	assert_string_equal(map_crc_rules_text(99), "unknown rules");
}

/* Unsorted, overlapping, empty, types without a name, legacy persistent memory. */
TEST(odd_types)
{
	entry(0x200000, 0x100000, 1);
	entry(0, 0x9fc00, 1);
	entry(0x280000, 0x1000, 20);
	entry(0x281000, 0x1000, 16);
	entry(0x290000, 0, 4);
	entry(0x400000, 0x8000, 12);
	entry(0x402000, 0x1000, 1);
	entry(0x408000, 0x8000, 12);
	entry(0x300000, 0x1000, 0xefffffff);
	entry(0x2ff000, 0x2000, 7);
	entry(0x500000, 0x1000, 2);
	entry(0x501000, 0x1000, 2);
	map_crc_add_e820(&bi, map, used, 24);
	assert_int_equal(bi.map_crc[0].crc, 0x26c457d9);
}

TEST(soft_reserved_stays_cut)
{
	entry(0x5000, 0x8000, 0xefffffff);
	entry(0x6000, 0x2000, 1);
	map_crc_add_e820(&bi, map, used, 24);
	const struct swsusp_e820 want[] = {{0x5000, 0x1000, 0xefffffff},
		{0x6000, 0x2000, 0xefffffff}, {0x8000, 0x5000, 0xefffffff}};
	assert_int_equal(bi.map_crc[0].crc, swsusp_e820_crc(want, 3));
}

TEST(efi)
{
	uint32_t rules = 0;
	descriptor(7, 0, 0xa0, 0xf);
	descriptor(4, 0x100, 0x700, 0xf);
	descriptor(10, 0x800, 8, 0xf);
	descriptor(2, 0x808, 0x100, 0xf);
	descriptor(5, 0x7f00, 0x10, 0x800000000000000f);
	descriptor(0, 0x7f10, 0x10, 0xf);
	descriptor(6, 0x7f20, 0x10, 0x800000000000000f);
	descriptor(9, 0x7f30, 4, 0xf);
	descriptor(7, 0x100000, 0x1000, 0x4000f);
	descriptor(15, 0x200000, 16, 0);
	descriptor(14, 0x300000, 16, 0);
	for (int i = 0; i < 2; i++) { /* the second call replaces the first one's */
		map_crc_set_efi(&bi, map, used, 48);
		assert_int_equal(bi.n_map_crc, 2);
		assert_true(map_crc_matches(&bi, 0x606fd771, &rules));
		assert_int_equal(rules, BOOT_MAP_EFI_STUB);
		assert_true(map_crc_matches(&bi, 0x49a3403d, &rules));
		assert_int_equal(rules, BOOT_MAP_EFI_GRUB);
	}
}

/* As many firmwares cut what is one range. */
TEST(thousands)
{
	for (uint32_t i = 0; i < sizeof(map) / 48; i++)
		descriptor(i % 2 ? 4 : 7, 0x100 + i, 1, 0xf);
	map_crc_set_efi(&bi, map, used, 48);
	uint32_t crc = bi.map_crc[0].crc;
	assert_int_equal(bi.n_map_crc, 2);
	used = 0;
	descriptor(7, 0x100, 1, 0xf);
	descriptor(7, 0x101, sizeof(map) / 48 - 1, 0xf);
	map_crc_set_efi(&bi, map, used, 48);
	assert_int_equal(bi.map_crc[0].crc, crc);
}

/* What the kernel would not take as it is has no checksum. */
TEST(no_checksum)
{
	map_crc_add_e820(&bi, map, 0, 24);
	entry(0, 0x9fc00, 1);
	map_crc_add_e820(&bi, map, used, 24);
	entry(0x100000, UINT64_MAX, 1);
	map_crc_add_e820(&bi, map, used, 24);
	assert_int_equal(bi.n_map_crc, 0);
	setup();
	for (uint32_t i = 0; i < MAP_CRC_MAX; i++)
		entry((uint64_t)i * 0x2000, 0x1000, 1);
	map_crc_add_e820(&bi, map, used, 24);
	assert_int_equal(bi.n_map_crc, 1);
	entry(0x80000000, 0x1000, 1);
	map_crc_add_e820(&bi, map, used, 24);
	assert_int_equal(bi.n_map_crc, 1);
	setup();
	descriptor(7, 0, 1, 0);
	descriptor(7, 0, UINT64_MAX / 4096 + 1, 0);
	map_crc_set_efi(&bi, map, used, 48);
	assert_int_equal(bi.n_map_crc, 0);
}
