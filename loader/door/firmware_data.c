/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sizes are those that Linux reserves: drivers/firmware/efi/esrt.c, mokvar-table.c, efi-bgrt.c. All
 * that is read is firmware's word, so every step stays inside the range of RAM that it begins in.
 */
#include "firmware_data.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "acpi.h"
#include "efi_tables.h"
#include "log.h"
#include "machine.h"
#include "unaligned.h"

#define PAGE_BYTES 4096ull

/* b122a263-3661-4f68-9929-78f8b0d62180: UEFI 2.10, 23.4. */
static const uint8_t esrt_guid[16] = {0x63, 0xa2, 0x22, 0xb1, 0x61, 0x36, 0x68, 0x4f, 0x99, 0x29,
	0x78, 0xf8, 0xb0, 0xd6, 0x21, 0x80};
#define ESRT_HEAD        16u
#define ESRT_ENTRY       40u
#define ESRT_ENTRIES_MAX 1024u

/* c451ed2b-9694-45d3-baba-ed9f8988a389: shim's. Entries of a name, a length and data; the last has
 * neither. */
static const uint8_t mok_guid[16] = {0x2b, 0xed, 0x51, 0xc4, 0x94, 0x96, 0xd3, 0x45, 0xba, 0xba,
	0xed, 0x9f, 0x89, 0x88, 0xa3, 0x89};
#define MOK_NAME 256u
#define MOK_HEAD (MOK_NAME + 8)

#define BGRT_IMAGE 40u /* ACPI 6.4, table 5.48 */
#define BMP_HEAD   6u

/* Bytes of RAM from there on; 0: it is none, and nobody would take it for free. */
static uint64_t ram_from(const struct boot_info *bi, uint64_t phys)
{
	for (uint32_t i = 0; i < bi->n_memory; i++)
		if (bi->memory[i].type == MEMORY_RAM && phys >= bi->memory[i].start &&
			phys < bi->memory[i].end)
			return bi->memory[i].end - phys;
	return 0;
}

static const uint8_t *ram_at(const struct boot_info *bi, uint64_t phys, uint64_t bytes)
{
	return phys && bytes <= ram_from(bi, phys) ? machine_map_memory(phys, bytes) : NULL;
}

/* ---- How long they are; 0: not such a thing, or not in RAM ---- */

static uint64_t esrt_bytes(const struct boot_info *bi, uint64_t phys)
{
	const uint8_t *head = ram_at(bi, phys, ESRT_HEAD);
	if (!head || u64_at(head + 8) != 1 || u32_at(head) > ESRT_ENTRIES_MAX)
		return 0;
	uint64_t bytes = ESRT_HEAD + (uint64_t)u32_at(head) * ESRT_ENTRY;
	return bytes <= ram_from(bi, phys) ? bytes : 0;
}

static uint64_t mok_bytes(const struct boot_info *bi, uint64_t phys)
{
	uint64_t at = 0, room = ram_from(bi, phys);
	while (room - at >= MOK_HEAD) {
		const uint8_t *head = ram_at(bi, phys + at, MOK_HEAD);
		uint64_t data = head ? u64_at(head + MOK_NAME) : 0;
		if (!head || (head[0] == 0) != (data == 0))
			return 0;
		at += MOK_HEAD;
		if (head[0] == 0)
			return at;
		if (data > room - at)
			return 0;
		at += data;
	}
	return 0;
}

static uint64_t bmp_bytes(const struct boot_info *bi, uint64_t phys)
{
	const uint8_t *head = ram_at(bi, phys, BMP_HEAD);
	if (!head || head[0] != 'B' || head[1] != 'M')
		return 0;
	uint64_t bytes = u32_at(head + 2);
	return bytes <= ram_from(bi, phys) ? bytes : 0;
}

/* ---- All of them ---- */

static void take_bgrt(void *ctx, uint64_t phys, const uint8_t *table, uint32_t bytes)
{
	uint64_t *image = ctx;
	(void)phys;
	if (memcmp(table, "BGRT", 4) == 0 && bytes >= BGRT_IMAGE + 8)
		*image = u64_at(table + BGRT_IMAGE);
}

static int add(struct ranges *ret, uint64_t phys, uint64_t bytes, const char *what)
{
	if (bytes == 0)
		return 0;
	log_line("firmware: %s at %#llx, %llu bytes", what, (unsigned long long)phys,
		(unsigned long long)bytes);
	return ranges_add(ret, phys / PAGE_BYTES, (phys + bytes + PAGE_BYTES - 1) / PAGE_BYTES);
}

int firmware_data_add(const struct boot_info *bi, uint64_t rsdp, struct ranges *ret)
{
	uint64_t esrt = efi_tables_find(bi, esrt_guid), mok = efi_tables_find(bi, mok_guid);
	uint64_t logo = 0;
	acpi_each_table(rsdp, take_bgrt, &logo);
	int err = add(ret, esrt, esrt_bytes(bi, esrt), "ESRT");
	if (!err)
		err = add(ret, mok, mok_bytes(bi, mok), "MOK table");
	return err ? err : add(ret, logo, bmp_bytes(bi, logo), "boot logo");
}
