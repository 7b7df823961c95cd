/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a front door tells the loader: the narrow waist between firmware and everything behind it.
 * Filled by efi/ or by multiboot2.c; copied into the region when the loader moves there.
 */
#ifndef LOADER_BOOT_INFO_H
#define LOADER_BOOT_INFO_H

#include <assert.h>
#include <stdint.h>

#include "saved_state.h"

#define BOOT_INFO_MAGIC  0x4f464e49544f4f42ull
#define BOOT_MEMORY_MAX  1024
#define BOOT_RUNTIME_MAX 256
#define BOOT_CMDLINE_MAX 1024
#define BOOT_REGION_MAX  32

struct boot_piece { /* of the region */
	uint64_t start, bytes;
};

/* The checksum that a kernel would make of this boot's firmware map, if it had been started by the
 * boot loader named: a stock image's header has the one of its boot. map_crc.c */
enum boot_map_rules { BOOT_MAP_E820 = 1, BOOT_MAP_EFI_STUB = 2, BOOT_MAP_EFI_GRUB = 3 };
#define BOOT_MAP_CRC_MAX 4

struct boot_map_crc {
	uint32_t crc, rules; /* rules: enum boot_map_rules */
};

enum boot_door { BOOT_DOOR_EFI = 1, BOOT_DOOR_MULTIBOOT2 = 2 };

struct boot_info {
	uint64_t magic;
	uint32_t bytes;            /* sizeof */
	uint32_t door;             /* enum boot_door */
	uint64_t start_tsc;        /* at the front door's first instruction */
	uint64_t core, core_bytes; /* the loader program as linked, never run: for the move */
	uint64_t home, home_bytes; /* memory that the program may use where it runs now */
	uint64_t rsdp;             /* 0: not told, search */
	uint64_t efi_systab, efi_runtime; /* 0: not an EFI machine */
	uint64_t framebuffer;             /* 0: none, or text */
	uint64_t facts, facts_bytes; /* the file of abi/facts.h as it was found; bytes 0: none */
	uint32_t text_console;       /* 1: VGA text memory at 0xb8000 is on the screen */
	uint32_t n_memory, n_runtime;
	uint32_t n_given, n_runtime_given; /* by the firmware, before neighbours were joined */
	/* Filled by the loader for itself when it moves into the region. */
	uint32_t moved;  /* 1: running in the region */
	uint32_t levels; /* of paging, as the old kernel had it: 4 or 5 */
	uint32_t n_region;
	uint32_t image_kind;                       /* that was chosen: enum judge_kind */
	struct boot_piece region[BOOT_REGION_MAX]; /* all ours; the program lies in one of them */
	uint64_t low, low_root;                    /* struct smp_low; 0: none */
	uint64_t open_bytes;                       /* that opening a stock image takes */
	uint64_t probe_us, header_us;              /* spent before the move */
	uint32_t n_map_crc, reserved_crc;          /* 0: it cannot be computed */
	struct boot_map_crc map_crc[BOOT_MAP_CRC_MAX];
	uint64_t image_state; /* of the image that was chosen before the move */
	struct memory_range memory[BOOT_MEMORY_MAX]; /* sorted, disjoint */
	struct runtime_range runtime[BOOT_RUNTIME_MAX];
	char cmdline[BOOT_CMDLINE_MAX]; /* zero terminated */
};
static_assert(sizeof(struct boot_info) <= 40960, "fits the parameter room (x86/program.h)");

#endif
