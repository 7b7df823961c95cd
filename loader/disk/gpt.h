/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GUID partition tables. UEFI 2.10, 5.3. Read only; the table is input and everything in it is
 * checked. */
#ifndef LOADER_GPT_H
#define LOADER_GPT_H

#include "block.h"

#define GPT_ENTRIES_MAX 1024u
#define GPT_NAME_MAX    36u
#define GPT_WORK_BYTES  (256u * 1024) /* holds the largest table that is accepted, and a sector */

struct gpt_partition {
	uint8_t type[16], guid[16];
	uint64_t lba, n_sectors;
	uint16_t name[GPT_NAME_MAX]; /* UTF-16, zero padded */
};

struct gpt {
	uint8_t disk_guid[16];
	uint32_t n_entries, entry_bytes;
	uint64_t first_usable, last_usable;
	const uint8_t *entries; /* in work */
};

/* Reads the primary table, or the backup in the last sector when the primary is damaged. work:
 * GPT_WORK_BYTES, page-aligned. ERR_NOT_FOUND: no table; ERR_FIRMWARE: both copies damaged. */
int gpt_read(struct block_dev *dev, void *work, struct gpt *ret) MUST_CHECK;

/* The signature of a disk with the other kind of table, an MBR ("NT disk signature", UEFI 2.10,
 * table 5.1). work: one sector. ERR_NOT_FOUND: no MBR, or it has none. */
int mbr_signature(struct block_dev *dev, void *work, uint32_t *ret) MUST_CHECK;

/* Entry i (< n_entries). ERR_NOT_FOUND: unused; ERR_FIRMWARE: outside the disk, or ends before it
 * begins; its GUIDs and name are told all the same. */
int gpt_entry(const struct gpt *g, uint32_t i, struct gpt_partition *ret) MUST_CHECK;

#endif
