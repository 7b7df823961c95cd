/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GRUB ends boot services and passes on less than the resumed kernel needs: the rest is read
 * from the system table, which is memory that anything may have written to since.
 */
#include "efi_tables.h"

#include <stddef.h>
#include <string.h>

#include "machine.h"
#include "unaligned.h"

#define SYSTAB_BYTES      120u
#define SYSTAB_RUNTIME    88u
#define SYSTAB_N_TABLES   104u
#define SYSTAB_TABLES     112u
#define CONFIG_BYTES      24u /* GUID, address */
#define CONFIG_TABLES_MAX 256u

/* 8868e871-e4f1-11d3-bc22-0080c73c8881 and eb9d2d30-2d88-11d3-9a16-0090273fc14d, as they lie in
 * memory. */
static const uint8_t acpi_20[16] = {0x71, 0xe8, 0x68, 0x88, 0xf1, 0xe4, 0xd3, 0x11, 0xbc, 0x22,
	0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81};
static const uint8_t acpi_10[16] = {0x30, 0x2d, 0x9d, 0xeb, 0x88, 0x2d, 0xd3, 0x11, 0x9a, 0x16,
	0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d};

/* The list, *ret_n entries of CONFIG_BYTES; NULL: it makes no sense. */
static const uint8_t *config_tables(const struct boot_info *bi, uint64_t *ret_n)
{
	const uint8_t *st = machine_map_memory(bi->efi_systab, SYSTAB_BYTES);
	if (!st || memcmp(st, "IBI SYST", 8) != 0)
		return NULL;
	*ret_n = u64_at(st + SYSTAB_N_TABLES);
	if (*ret_n > CONFIG_TABLES_MAX)
		return NULL;
	return machine_map_memory(u64_at(st + SYSTAB_TABLES), *ret_n * CONFIG_BYTES);
}

int efi_tables_read(struct boot_info *bi)
{
	uint64_t n;
	const uint8_t *table = config_tables(bi, &n);
	if (!table)
		return ERR_FIRMWARE;
	const uint8_t *st = machine_map_memory(bi->efi_systab, SYSTAB_BYTES);
	bi->efi_runtime = u64_at(st + SYSTAB_RUNTIME);
	for (uint64_t i = 0; i < n; i++, table += CONFIG_BYTES) {
		if (memcmp(table, acpi_20, 16) == 0)
			bi->rsdp = u64_at(table + 16);
		else if (memcmp(table, acpi_10, 16) == 0 && bi->rsdp == 0)
			bi->rsdp = u64_at(table + 16);
	}
	return 0;
}

uint64_t efi_tables_find(const struct boot_info *bi, const uint8_t guid[16])
{
	uint64_t n;
	const uint8_t *table = bi->efi_systab ? config_tables(bi, &n) : NULL;
	for (uint64_t i = 0; table && i < n; i++, table += CONFIG_BYTES)
		if (memcmp(table, guid, 16) == 0)
			return u64_at(table + 16);
	return 0;
}
