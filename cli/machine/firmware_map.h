/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firmware's memory map of this boot, with the numbers of its types. /sys/firmware/memmap does not do: its
 * types are text, and newer kernels show another table there.
 */
#ifndef CLI_FIRMWARE_MAP_H
#define CLI_FIRMWARE_MAP_H

#include "e820_map.h"
#include "facts.h"
#include "kcore.h"

/* Linux's zero page, struct boot_params. */
struct zero_page {
	uint8_t data[4096];
	size_t bytes; /* 0: it cannot be read */
};
void zero_page_read(struct zero_page *ret);

#define FIRMWARE_MAP_SYMBOL "e820_table_firmware"

struct firmware_map {
	struct e820_map map; /* empty: not known */
	enum facts_map
		known; /* FACTS_MAP_UNKNOWN: why says so; FACTS_MAP_ONE: why says which is missing */
	bool differ;   /* two sources, and they disagree */
	const char *why; /* NULL: both agree */
};

/* What the boot loader handed over (boot_params and its SETUP_E820_EXT, cleaned up as the kernel does), and what
 * the kernel keeps of it, at the address of the symbol (0: it does not show it). */
void firmware_map_read(const struct zero_page *zero_page, const struct kcore *core,
	uint64_t symbol_address, struct firmware_map *ret);

#endif
