/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Partition tables for tests, made by the specification (UEFI 2.10, 5.3) and not by the code
 * under test. */
#ifndef TESTS_UNIT_GPT_MAKE_H
#define TESTS_UNIT_GPT_MAKE_H

#include "fake_ram_disk.h"

struct gpt_make_partition {
	const char *type, *guid; /* text */
	uint64_t lba, n_sectors;
};

struct gpt_make {
	uint8_t *disk;
	uint32_t sector_bytes;
	uint64_t n_sectors;
	const char *disk_guid;
	uint32_t n_entries, entry_bytes; /* 0: 128 of 128 bytes */
};

/* For this disk; the rest is as usual. */
struct gpt_make gpt_make_on(const struct fake_ram_disk *d, const char *disk_guid);

uint32_t gpt_make_crc(const uint8_t *p, uint64_t bytes);
void gpt_make_guid(const char *text, uint8_t guid[16]);

/* Protective MBR, both headers, both tables. */
void gpt_make(const struct gpt_make *g, const struct gpt_make_partition *p, uint32_t n);

/* Makes the checksums of the header at lba good again; with its table's when that lies on the
 * disk. */
void gpt_make_seal(const struct gpt_make *g, uint64_t lba);

/* Offsets in a header (table 5.5) and in an entry (table 5.6). */
enum {
	GPT_SIGNATURE = 0,
	GPT_HEADER_SIZE = 12,
	GPT_HEADER_CRC = 16,
	GPT_MY_LBA = 24,
	GPT_ALTERNATE_LBA = 32,
	GPT_FIRST_USABLE = 40,
	GPT_LAST_USABLE = 48,
	GPT_DISK_GUID = 56,
	GPT_ENTRIES_LBA = 72,
	GPT_N_ENTRIES = 80,
	GPT_ENTRY_SIZE = 84,
	GPT_ENTRIES_CRC = 88,
	GPT_ENTRY_FIRST = 32,
	GPT_ENTRY_LAST = 40,
};

#endif
