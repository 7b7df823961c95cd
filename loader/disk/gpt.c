/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loader finds its image by partition, without an operating system's help, and a partition
 * table is input like any other: both copies may be damaged or lie.
 */
#include "gpt.h"

#include <stdbool.h>
#include <string.h>

#include "unaligned.h"

#define GPT_HEADER_BYTES 92u
#define GPT_ENTRY_BYTES  128u

/* CRC-32 of ISO 3309, as UEFI uses it. A few kilobytes once: no table. */
static uint32_t crc32(const uint8_t *p, uint64_t bytes)
{
	uint32_t crc = ~0u;
	for (uint64_t i = 0; i < bytes; i++) {
		crc ^= p[i];
		for (uint32_t bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

/* The header in the sector at lba, copied to header: the entries come into the same memory. */
static int read_header(struct block_dev *dev, uint64_t lba, uint8_t *work, uint8_t *header)
{
	int err = block_read(dev, lba, 1, work);
	if (err)
		return err;
	if (memcmp(work, "EFI PART", 8) != 0)
		return ERR_NOT_FOUND;
	uint32_t bytes = u32_at(work + 12), crc = u32_at(work + 16);
	if (bytes < GPT_HEADER_BYTES || bytes > dev->sector_bytes)
		return ERR_FIRMWARE;
	memset(work + 16, 0, 4);
	if (crc32(work, bytes) != crc || u64_at(work + 24) != lba)
		return ERR_FIRMWARE;
	memcpy(header, work, GPT_HEADER_BYTES);
	return 0;
}

static int read_table(struct block_dev *dev, uint64_t lba, uint8_t *work, struct gpt *ret)
{
	uint8_t header[GPT_HEADER_BYTES];
	int err = read_header(dev, lba, work, header);
	if (err)
		return err;
	*ret = (struct gpt){.n_entries = u32_at(header + 80),
		.entry_bytes = u32_at(header + 84),
		.first_usable = u64_at(header + 40),
		.last_usable = u64_at(header + 48),
		.entries = work};
	memcpy(ret->disk_guid, header + 56, 16);
	if (ret->n_entries == 0 || ret->n_entries > GPT_ENTRIES_MAX ||
		ret->entry_bytes < GPT_ENTRY_BYTES || ret->entry_bytes % 8 ||
		ret->entry_bytes > GPT_WORK_BYTES / ret->n_entries ||
		ret->last_usable >= dev->n_sectors)
		return ERR_FIRMWARE;
	uint64_t bytes = (uint64_t)ret->n_entries * ret->entry_bytes;
	uint64_t n_sectors = (bytes + dev->sector_bytes - 1) / dev->sector_bytes;
	uint64_t entries_lba = u64_at(header + 72);
	if (n_sectors * dev->sector_bytes > GPT_WORK_BYTES || entries_lba >= dev->n_sectors ||
		n_sectors > dev->n_sectors - entries_lba)
		return ERR_FIRMWARE;
	err = block_read(dev, entries_lba, n_sectors, work);
	if (err)
		return err;
	return crc32(work, bytes) == u32_at(header + 88) ? 0 : ERR_FIRMWARE;
}

#define MBR_ENTRIES     446
#define MBR_ENTRY_BYTES 16
#define MBR_ENTRY_TYPE  4
#define MBR_N_ENTRIES   4
#define MBR_TYPE_GPT    0xee /* UEFI 2.10, 5.2.3 */

/* Partitions of an MBR's own: whoever made them did not clear what a GPT left, and Linux does not
 * look for one. A sector that cannot be read says nothing. */
static bool is_relabelled(struct block_dev *dev, uint8_t *work)
{
	bool any = false;
	if (block_read(dev, 0, 1, work) || work[510] != 0x55 || work[511] != 0xaa)
		return false;
	for (uint32_t i = 0; i < MBR_N_ENTRIES; i++) {
		uint8_t type = work[MBR_ENTRIES + i * MBR_ENTRY_BYTES + MBR_ENTRY_TYPE];
		if (type == MBR_TYPE_GPT)
			return false;
		any |= type != 0;
	}
	return any;
}

int gpt_read(struct block_dev *dev, void *work, struct gpt *ret)
{
	if (dev->n_sectors < 4 || is_relabelled(dev, work))
		return ERR_NOT_FOUND;
	int err = read_table(dev, 1, work, ret);
	if (err == 0)
		return 0;
	int backup_err = read_table(dev, dev->n_sectors - 1, work, ret);
	return backup_err == 0 || err == ERR_NOT_FOUND ? backup_err : err;
}

#define MBR_SIGNATURE 0x1b8

int mbr_signature(struct block_dev *dev, void *work, uint32_t *ret)
{
	const uint8_t *sector = work;
	int err = dev->n_sectors ? block_read(dev, 0, 1, work) : ERR_NOT_FOUND;
	if (err)
		return err;
	*ret = u32_at(sector + MBR_SIGNATURE);
	return sector[510] == 0x55 && sector[511] == 0xaa && *ret ? 0 : ERR_NOT_FOUND;
}

int gpt_entry(const struct gpt *g, uint32_t i, struct gpt_partition *ret)
{
	static const uint8_t unused[16];
	const uint8_t *e = g->entries + (uint64_t)i * g->entry_bytes;
	memcpy(ret->type, e, 16);
	memcpy(ret->guid, e + 16, 16);
	memcpy(ret->name, e + 56, sizeof(ret->name));
	uint64_t first = u64_at(e + 32), last = u64_at(e + 40);
	if (memcmp(ret->type, unused, 16) == 0)
		return ERR_NOT_FOUND;
	if (first < g->first_usable || last > g->last_usable || first > last)
		return ERR_FIRMWARE;
	ret->lba = first;
	ret->n_sectors = last - first + 1;
	return 0;
}
