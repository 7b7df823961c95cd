/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables from the same code that reads them would agree with its mistakes. */
#include "gpt_make.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put(uint8_t *at, uint64_t value, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static uint64_t get(const uint8_t *at, uint32_t bytes)
{
	uint64_t value = 0;
	for (uint32_t i = bytes; i-- > 0;)
		value = value << 8 | at[i];
	return value;
}

struct gpt_make gpt_make_on(const struct fake_ram_disk *d, const char *disk_guid)
{
	return (struct gpt_make){.disk = d->bytes,
		.sector_bytes = d->dev.sector_bytes,
		.n_sectors = d->dev.n_sectors,
		.disk_guid = disk_guid};
}

uint32_t gpt_make_crc(const uint8_t *p, uint64_t bytes)
{
	static uint32_t table[256];
	if (table[1] == 0) {
		for (uint32_t i = 0; i < 256; i++) {
			uint32_t c = i;
			for (uint32_t k = 0; k < 8; k++)
				c = c & 1 ? 0xedb88320u ^ c >> 1 : c >> 1;
			table[i] = c;
		}
	}
	uint32_t crc = 0xffffffffu;
	for (uint64_t i = 0; i < bytes; i++)
		crc = table[(crc ^ p[i]) & 0xff] ^ crc >> 8;
	return crc ^ 0xffffffffu;
}

void gpt_make_guid(const char *text, uint8_t guid[16])
{
	unsigned a, b, c, d[8];
	if (sscanf(text, "%8x-%4x-%4x-%2x%2x-%2x%2x%2x%2x%2x%2x", &a, &b, &c, &d[0], &d[1], &d[2],
		    &d[3], &d[4], &d[5], &d[6], &d[7]) != 11)
		abort();
	put(guid, a, 4);
	put(guid + 4, b, 2);
	put(guid + 6, c, 2);
	for (uint32_t i = 0; i < 8; i++)
		guid[8 + i] = (uint8_t)d[i];
}

static uint32_t n_entries(const struct gpt_make *g)
{
	return g->n_entries ? g->n_entries : 128;
}

static uint32_t entry_bytes(const struct gpt_make *g)
{
	return g->entry_bytes ? g->entry_bytes : 128;
}

static uint64_t table_sectors(const struct gpt_make *g)
{
	uint64_t bytes = (uint64_t)n_entries(g) * entry_bytes(g);
	return (bytes + g->sector_bytes - 1) / g->sector_bytes;
}

void gpt_make_seal(const struct gpt_make *g, uint64_t lba)
{
	uint8_t *h = g->disk + lba * g->sector_bytes;
	uint64_t size = get(h + GPT_HEADER_SIZE, 4), at = get(h + GPT_ENTRIES_LBA, 8);
	uint64_t bytes = get(h + GPT_N_ENTRIES, 4) * get(h + GPT_ENTRY_SIZE, 4);
	if (at < g->n_sectors && bytes <= (g->n_sectors - at) * g->sector_bytes)
		put(h + GPT_ENTRIES_CRC, gpt_make_crc(g->disk + at * g->sector_bytes, bytes), 4);
	put(h + GPT_HEADER_CRC, 0, 4);
	if (size <= g->sector_bytes)
		put(h + GPT_HEADER_CRC, gpt_make_crc(h, size), 4);
}

static void make_copy(const struct gpt_make *g, const struct gpt_make_partition *p, uint32_t n,
	uint64_t lba, uint64_t entries_lba)
{
	uint8_t *h = g->disk + lba * g->sector_bytes;
	uint8_t *entries = g->disk + entries_lba * g->sector_bytes;
	memset(h, 0, g->sector_bytes);
	memcpy(h, "EFI PART", 8);
	put(h + 8, 0x10000, 4);
	put(h + GPT_HEADER_SIZE, 92, 4);
	put(h + GPT_MY_LBA, lba, 8);
	put(h + GPT_ALTERNATE_LBA, lba == 1 ? g->n_sectors - 1 : 1, 8);
	put(h + GPT_FIRST_USABLE, 2 + table_sectors(g), 8);
	put(h + GPT_LAST_USABLE, g->n_sectors - 2 - table_sectors(g), 8);
	gpt_make_guid(g->disk_guid, h + GPT_DISK_GUID);
	put(h + GPT_ENTRIES_LBA, entries_lba, 8);
	put(h + GPT_N_ENTRIES, n_entries(g), 4);
	put(h + GPT_ENTRY_SIZE, entry_bytes(g), 4);
	memset(entries, 0, table_sectors(g) * g->sector_bytes);
	for (uint32_t i = 0; i < n; i++) {
		uint8_t *e = entries + (uint64_t)i * entry_bytes(g);
		if (!p[i].type)
			continue;
		gpt_make_guid(p[i].type, e);
		gpt_make_guid(p[i].guid, e + 16);
		put(e + GPT_ENTRY_FIRST, p[i].lba, 8);
		put(e + GPT_ENTRY_LAST, p[i].lba + p[i].n_sectors - 1, 8);
	}
	gpt_make_seal(g, lba);
}

void gpt_make(const struct gpt_make *g, const struct gpt_make_partition *p, uint32_t n)
{
	g->disk[446 + 4] = 0xee;
	g->disk[510] = 0x55;
	g->disk[511] = 0xaa;
	make_copy(g, p, n, 1, 2);
	make_copy(g, p, n, g->n_sectors - 1, g->n_sectors - 1 - table_sectors(g));
}
