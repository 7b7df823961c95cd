/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What firmware leaves in memory that its map calls free, for a kernel to read for as long as it
 * runs: this boot's boot logo, ESRT and MOK table. Linux reserves them (efi_mem_reserve), and its
 * hibernation leaves out what is reserved. Where no facts say what a saved kernel kept, the same
 * firmware has it at the same place.
 */
#ifndef LOADER_FIRMWARE_DATA_H
#define LOADER_FIRMWARE_DATA_H

#include "boot_info.h"
#include "err.h"
#include "ranges.h"

/* Adds their frames, where they lie in RAM, and logs each. What makes no sense is passed over.
 * Memory is mapped by machine_map_memory. ERR_NO_MEMORY: no room in *ret. */
#define FIRMWARE_DATA_MAX 3u
int firmware_data_add(const struct boot_info *bi, uint64_t rsdp, struct ranges *ret) MUST_CHECK;

#endif
