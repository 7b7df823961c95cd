/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a kernel's boot loader would have handed to it, from what ours or the firmware hands to us.
 * What the kernel then makes of it is swsusp/e820.c's business.
 */
#include "map_crc.h"

#include <stdbool.h>
#include <string.h>

#include "e820.h"
#include "unaligned.h"

#define TYPE_PMEM_LEGACY   12u
#define TYPE_GRUB_CODE     20u
#define TYPE_PMEM          7u
#define TYPE_SOFT_RESERVED 0xefffffffu
#define EFI_MEMORY_SP      0x40000ull
#define EFI_PAGE_BYTES     4096ull
#define NO_TYPE            0u

static struct {
	struct swsusp_e820 raw[MAP_CRC_MAX];
	uint32_t n_raw, n_given;
	bool unusable; /* too many entries, or one that wraps: not taken by the kernel either */
	uint64_t cut[2 * MAP_CRC_MAX];
} m;

static void begin(void)
{
	m.n_raw = m.n_given = 0;
	m.unusable = false;
}

static void add(uint64_t start, uint64_t bytes, uint32_t type)
{
	struct swsusp_e820 *last = m.n_raw ? &m.raw[m.n_raw - 1] : NULL;
	if (bytes == 0)
		return;
	m.n_given++;
	/* Firmware has thousands of small ones, which the kernel joins anyway; those of soft
	 * reserved memory its EFI stub does. */
	if (last && last->type == type && type != TYPE_PMEM_LEGACY &&
		last->start + last->size == start && bytes <= UINT64_MAX - start) {
		last->size += bytes;
		return;
	}
	if (m.n_raw == MAP_CRC_MAX || bytes > UINT64_MAX - start) {
		m.unusable = true;
		return;
	}
	m.raw[m.n_raw++] = (struct swsusp_e820){.start = start, .size = bytes, .type = type};
}

/* A table of fewer than two entries is not taken by the kernel either. */
static void finish(struct boot_info *bi, uint32_t rules)
{
	if (m.unusable || m.n_given < 2 || bi->n_map_crc == BOOT_MAP_CRC_MAX)
		return;
	struct swsusp_e820_walk w;
	swsusp_e820_walk(&w, m.raw, m.n_raw, m.cut);
	bi->map_crc[bi->n_map_crc++] =
		(struct boot_map_crc){.crc = swsusp_e820_walk_crc(&w, NULL), .rules = rules};
}

void map_crc_add_e820(
	struct boot_info *bi, const uint8_t *entries, uint64_t bytes, uint32_t entry_bytes)
{
	begin();
	for (; entry_bytes <= bytes; entries += entry_bytes, bytes -= entry_bytes)
		add(u64_at(entries), u64_at(entries + 8), u32_at(entries + 16));
	finish(bi, BOOT_MAP_E820);
}

/* As both agree on: NO_TYPE for what the stub leaves out. */
static uint32_t type_of_efi(uint32_t efi_type, uint64_t attribute, uint32_t rules)
{
	bool is_stub = rules == BOOT_MAP_EFI_STUB;
	switch (efi_type) {
	case 1: /* loader, boot services, conventional */
	case 2:
	case 3:
	case 4:
	case 7:
		return is_stub && (attribute & EFI_MEMORY_SP) ? TYPE_SOFT_RESERVED : MEMORY_RAM;
	case 5:
		return is_stub ? MEMORY_RESERVED : TYPE_GRUB_CODE;
	case 8:
		return MEMORY_BAD;
	case 9:
		return MEMORY_ACPI;
	case 10:
		return MEMORY_NVS;
	case 14:
		return TYPE_PMEM;
	case 0:
	case 6:
	case 11:
	case 12:
	case 13:
		return MEMORY_RESERVED;
	default:
		return is_stub ? NO_TYPE : MEMORY_RESERVED;
	}
}

static void add_efi(struct boot_info *bi, const uint8_t *map, uint64_t bytes,
	uint32_t descriptor_bytes, uint32_t rules)
{
	begin();
	for (; descriptor_bytes <= bytes; map += descriptor_bytes, bytes -= descriptor_bytes) {
		uint32_t type = type_of_efi(u32_at(map), u64_at(map + 32), rules);
		uint64_t n_pages = u64_at(map + 24);
		if (n_pages > UINT64_MAX / EFI_PAGE_BYTES)
			m.unusable = true;
		else if (type != NO_TYPE)
			add(u64_at(map + 8), n_pages * EFI_PAGE_BYTES, type);
	}
	finish(bi, rules);
}

void map_crc_set_efi(
	struct boot_info *bi, const uint8_t *map, uint64_t bytes, uint32_t descriptor_bytes)
{
	bi->n_map_crc = 0;
	add_efi(bi, map, bytes, descriptor_bytes, BOOT_MAP_EFI_STUB);
	add_efi(bi, map, bytes, descriptor_bytes, BOOT_MAP_EFI_GRUB);
}

int map_crc_matches(const struct boot_info *bi, uint32_t crc, uint32_t *ret_rules)
{
	for (uint32_t i = 0; i < bi->n_map_crc && i < BOOT_MAP_CRC_MAX; i++)
		if (bi->map_crc[i].crc == crc) {
			*ret_rules = bi->map_crc[i].rules;
			return 1;
		}
	return 0;
}

const char *map_crc_rules_text(uint32_t rules)
{
	static const char *const text[] = {"unknown rules", "the BIOS's list",
		"the EFI map by the kernel's EFI stub", "the EFI map by GRUB"};
	return text[rules < sizeof(text) / sizeof(text[0]) ? rules : 0];
}
