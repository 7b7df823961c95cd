/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firmware's memory map as a kernel keeps it (e820_table_firmware), worked out from what
 * the boot loader handed to it. Pure: bytes in, entries out.
 */
#ifndef CLI_E820_MAP_H
#define CLI_E820_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "e820.h"

#define E820_MAP_MAX     SWSUSP_E820_MAX
#define E820_ENTRY_BYTES 20u /* u64 address, u64 size, u32 type, packed */

struct e820_map {
	struct swsusp_e820 v[E820_MAP_MAX];
	uint32_t n;
};

/* Adds the table in Linux's zero page (4096 bytes of boot_params). False: it has fewer than two
 * entries, or what e820_add_entries refuses: the kernel then looks elsewhere, so nothing is
 * known. */
bool e820_add_zero_page(struct e820_map *m, const uint8_t *data, size_t bytes);

/* Adds packed entries; a rest that is none is ignored, as the kernel does. False: one reaches
 * past 2^64, or there is no room. */
bool e820_add_entries(struct e820_map *m, const uint8_t *data, size_t bytes);

/* Makes of a boot loader's table, in any order and overlapping, what the kernel makes of it (e820.h).
 * False: fewer than two entries, none that says anything, or no room. */
bool e820_clean(struct e820_map *m);

/* The kernel's own table: u32 count, then packed entries. False: not such a table: too short
 * for its count, empty, unsorted, or with entries that are empty or overlap. */
bool e820_take_table(struct e820_map *m, const uint8_t *data, size_t bytes);

bool e820_same(const struct e820_map *a, const struct e820_map *b);

/* All of it lies in entries other than RAM. */
bool e820_is_not_ram(const struct e820_map *m, uint64_t start, uint64_t bytes);

/* Some of it lies in an entry of RAM. Where no entry is it is neither. */
bool e820_has_ram(const struct e820_map *m, uint64_t start, uint64_t bytes);

#endif
