/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Firmware maps all memory of its own map to itself, and nothing else for sure (UEFI 2.10, 2.3.4):
 * a table whose address is damaged must not be looked at, since a page fault at the door is a
 * machine that hangs.
 */
#include "efi_machine.h"

#include "efi_memory.h"

#include <machine.h>
#include <stdbool.h>

#define FIRST_MIB 0x100000ull /* where BIOSes leave the RSDP */
#define PAGE_0    0x1000ull   /* a trap for null pointers */

static const struct boot_info *info;

void efi_machine_init(const struct boot_info *bi)
{
	info = bi;
}

/* The map is sorted and disjoint: ranges that follow on each other may cover it together. */
static bool is_in_map(uint64_t start, uint64_t end)
{
	for (uint32_t i = 0; i < info->n_memory && start < end; i++)
		if (info->memory[i].start <= start && start < info->memory[i].end)
			start = info->memory[i].end;
	return start >= end;
}

void *machine_map_memory(uint64_t phys, uint64_t bytes)
{
	if (!info || phys < PAGE_0 || bytes > UINT64_MAX - phys)
		return NULL;
	bool is_there = phys + bytes <= FIRST_MIB || is_in_map(phys, phys + bytes);
	return is_there && efi_memory_is_mapped(phys, bytes) ? (void *)phys : NULL;
}

/* The local APIC, which the firmware uses itself, and remapping units, which it may not have
 * mapped. */
void *machine_map_mmio(uint64_t phys, uint64_t bytes)
{
	return efi_memory_is_mapped(phys, bytes) ? (void *)phys : NULL;
}
