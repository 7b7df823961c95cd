/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Firmware between two boots: the same tables, moved or changed, as the loader finds them. */
#include "play_firmware.h"

#include <string.h>

#include "machine.h"

static uint8_t memory[FIRMWARE_BYTES], bios[0x10000];
static uint32_t used, n_root;
static uint64_t root[16];
uint64_t firmware_at[FIRMWARE_TABLES];

static void put(uint8_t *p, uint64_t value, uint32_t bytes)
{
	memcpy(p, &value, bytes);
}

static void seal(uint8_t *p, uint32_t bytes, uint32_t sum_at)
{
	uint8_t sum = 0;
	p[sum_at] = 0;
	for (uint32_t i = 0; i < bytes; i++)
		sum = (uint8_t)(sum + p[i]);
	p[sum_at] = (uint8_t)-sum;
}

static uint64_t table(const char *name, const void *body, uint32_t bytes)
{
	uint8_t *t = memory + used;
	uint64_t phys = FIRMWARE_BASE + used;
	memset(t, 0, 36);
	memcpy(t, name, 4);
	put(t + 4, 36 + bytes, 4);
	memcpy(t + 36, body, bytes);
	seal(t, 36 + bytes, 9);
	used += (36 + bytes + 15) & ~15u;
	return phys;
}

static uint64_t rooted(const char *name, const void *body, uint32_t bytes)
{
	return root[n_root++] = table(name, body, bytes);
}

uint8_t *firmware_bytes(enum firmware_table t)
{
	return memory + (firmware_at[t] - FIRMWARE_BASE);
}

static uint64_t put_fadt(void)
{
	uint8_t body[240] = {0}, facs[28] = {0}; /* 64 bytes with what table() puts in front */
	firmware_at[FIRMWARE_DSDT] = table("DSDT", "dsdt", 4);
	firmware_at[FIRMWARE_FACS] = table("FACS", facs, sizeof(facs));
	put(firmware_bytes(FIRMWARE_FACS) + 8, 0x51c7, 4);
	put(body + 140 - 36, firmware_at[FIRMWARE_DSDT], 8);
	put(body + 132 - 36, firmware_at[FIRMWARE_FACS], 8);
	return rooted("FACP", body, sizeof(body));
}

static uint64_t put_madt(void)
{
	uint8_t madt[8 + 3 * 8 + 16] = {0};
	for (uint32_t i = 0; i < 3; i++) {
		madt[8 + i * 8 + 1] = 8;
		madt[8 + i * 8 + 3] = (uint8_t)i;
		madt[8 + i * 8 + 4] = 1;
	}
	madt[32] = 9;
	madt[33] = 16;
	madt[32 + 4] = 2;
	madt[32 + 8] = 1;
	return rooted("APIC", madt, sizeof(madt));
}

void firmware_start(uint32_t gap)
{
	uint8_t body[24] = {0}, xsdt[16 * 8];
	memset(memory, 0, sizeof(memory));
	fake_memory_add(FIRMWARE_BASE, memory, sizeof(memory));
	fake_memory_add(0xf0000, bios, sizeof(bios));
	used = gap;
	n_root = 0;
	firmware_at[FIRMWARE_FACP] = put_fadt();
	firmware_at[FIRMWARE_SSDT] = rooted("SSDT", "first", 5);
	firmware_at[FIRMWARE_SSDT2] = rooted("SSDT", "other", 5);
	firmware_at[FIRMWARE_MCFG] = rooted("MCFG", body, 24);
	firmware_at[FIRMWARE_BGRT] = rooted("BGRT", body, 20);
	firmware_at[FIRMWARE_MADT] = put_madt();
	memcpy(xsdt, root, n_root * 8);
	uint64_t phys = table("XSDT", xsdt, n_root * 8);
	uint8_t *rsdp = bios + (FIRMWARE_RSDP - 0xf0000);
	memset(rsdp, 0, 36);
	memcpy(rsdp, "RSD PTR ", 8);
	rsdp[15] = 2;
	put(rsdp + 24, phys, 8);
	seal(rsdp, 20, 8);
}
