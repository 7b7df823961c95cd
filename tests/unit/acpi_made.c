/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Made from the specification alone: the reader under test has no part in it. */
#include "acpi_made.h"

#include <string.h>

uint8_t tables[65536], bios[0x20000], ebda[0x20000];
uint32_t used;

void put(uint8_t *at, uint64_t value, uint32_t bytes)
{
	memcpy(at, &value, bytes);
}

void seal(uint8_t *table, uint32_t bytes, uint32_t checksum_at)
{
	uint8_t sum = 0;
	table[checksum_at] = 0;
	for (uint32_t i = 0; i < bytes; i++)
		sum = (uint8_t)(sum + table[i]);
	table[checksum_at] = (uint8_t)-sum;
}

uint64_t table(const char *name, const void *body, uint32_t bytes)
{
	uint8_t *t = tables + used;
	uint64_t phys = TABLES + used;
	memset(t, 0, 36);
	memcpy(t, name, 4);
	put(t + 4, 36 + bytes, 4);
	memcpy(t + 36, body, bytes);
	seal(t, 36 + bytes, 9);
	used += (36 + bytes + 15) & ~15u;
	return phys;
}

uint8_t *at_phys(uint64_t phys)
{
	return tables + (phys - TABLES);
}

void reseal(uint64_t phys)
{
	uint32_t bytes;
	memcpy(&bytes, at_phys(phys) + 4, 4);
	seal(at_phys(phys), bytes, 9);
}

void put_rsdp(uint8_t *at, uint32_t rsdt, uint64_t xsdt)
{
	memset(at, 0, 36);
	memcpy(at, "RSD PTR ", 8);
	at[15] = xsdt ? 2 : 0;
	put(at + 16, rsdt, 4);
	put(at + 20, 36, 4);
	put(at + 24, xsdt, 8);
	seal(at, 20, 8);
	seal(at, 36, 32);
}

const uint8_t s5[] = {0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x0a, 0x05, 0x0a, 0x06, 0, 0};

uint8_t fadt[FADT_BYTES];

uint64_t put_facs(void)
{
	uint64_t phys = TABLES + used;
	memset(tables + used, 0, 64);
	memcpy(tables + used, "FACS", 4);
	put(tables + used + 4, 64, 4);
	put(tables + used + 8, 0xcafe1234, 4);
	used += 64;
	return phys;
}

void start_tables(void)
{
	used = 0;
	memset(tables, 0, sizeof(tables));
	memset(fadt, 0, sizeof(fadt));
	uint64_t facs = put_facs(), dsdt = table("DSDT", s5, sizeof(s5));
	put(fadt + FACS, facs, 4);
	put(fadt + DSDT, dsdt, 4);
	put(fadt + SMI_CMD, 0xb2, 4);
	fadt[ACPI_ENABLE] = 2;
	put(fadt + PM1A_EVT, 0x600, 4);
	put(fadt + PM1A_CNT, 0x604, 4);
	put(fadt + PM_TMR, 0x608, 4);
	put(fadt + GPE0, 0x620, 4);
	fadt[PM1_EVT_LEN] = 4;
	fadt[PM1_CNT_LEN] = 2;
	fadt[GPE0_LEN] = 16;
	put(fadt + FLAGS, 1u << 10, 4);
	fadt[RESET_REG] = 1;
	put(fadt + RESET_REG + 4, 0xcf9, 8);
	fadt[RESET_VALUE] = 0x0f;
}

void finish_tables(uint32_t fadt_bytes, uint64_t other, bool extended)
{
	uint64_t entries[2] = {table("FACP", fadt + 36, fadt_bytes - 36), other};
	uint32_t n = other ? 2 : 1, short_entries[2] = {(uint32_t)entries[0], (uint32_t)other};
	uint64_t root =
		extended ? table("XSDT", entries, n * 8) : table("RSDT", short_entries, n * 4);
	put_rsdp(bios + (RSDP - BIOS), extended ? 0 : (uint32_t)root, extended ? root : 0);
}
