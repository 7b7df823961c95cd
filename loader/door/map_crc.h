/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The checksum that the kernel would make of this boot's firmware map (swsusp/README.md, "memory
 * map"): over the table as its boot loader handed it over, cleaned up as the kernel does it. It
 * needs the raw entries with all their types, so it is worked out at the front door, before
 * boot_memory joins them.
 */
#ifndef LOADER_MAP_CRC_H
#define LOADER_MAP_CRC_H

#include "boot_info.h"
#include "e820.h"

/* Entries of a map, once neighbours of one type are joined; of a longer one no checksum is made. */
#define MAP_CRC_MAX SWSUSP_E820_MAX

/* The list that GRUB has from a BIOS and hands to a kernel as it hands it to us: entries of
 * entry_bytes (20 or more) each, beginning with u64 start, u64 bytes, u32 type. Adds to
 * bi->map_crc. */
void map_crc_add_e820(
	struct boot_info *bi, const uint8_t *entries, uint64_t bytes, uint32_t entry_bytes);

/* An EFI memory map (UEFI 2.10, 7.2.3), descriptor_bytes 40 or more: as the kernel's own EFI stub
 * would hand it on, and as GRUB's linux command does (runtime code has type 20 there). Replaces
 * bi->map_crc. */
void map_crc_set_efi(
	struct boot_info *bi, const uint8_t *map, uint64_t bytes, uint32_t descriptor_bytes);

/* The checksum is among this boot's. *ret_rules: enum boot_map_rules. */
int map_crc_matches(const struct boot_info *bi, uint32_t crc, uint32_t *ret_rules);

/* "GRUB's list of the BIOS's ranges" and the like. Never NULL. */
const char *map_crc_rules_text(uint32_t rules);

#endif
