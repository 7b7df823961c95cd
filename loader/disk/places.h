/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Places on disks that the command line can name: partitions by type, GUID or label, or runs of
 * sectors. */
#ifndef LOADER_PLACES_H
#define LOADER_PLACES_H

#include "disks.h"
#include "gpt.h"

enum place_by {
	PLACE_NONE,
	PLACE_BY_TYPE,
	PLACE_BY_PARTUUID,
	PLACE_BY_PARTLABEL,
	PLACE_BY_LBA,
};

struct place_query {
	enum place_by by;
	uint8_t guid[16]; /* by type: type GUID; by PARTUUID: partition GUID */
	char label[GPT_NAME_MAX + 1];
	uint64_t lba, n_sectors; /* by LBA */
	int in_file;             /* the image is in a file of the place, */
	uint64_t file_sector;    /* which begins at this sector of it */
	enum disk_by {
		DISK_ANY,
		DISK_BY_GUID,
		DISK_BY_MBR,
	} disk_by;
	uint8_t disk[16]; /* GUID of the GPT that must be on the disk */
	uint32_t mbr;     /* signature of the MBR that must be there */
};

struct place {
	struct block_dev *dev;
	struct gpt_partition part;
	uint8_t disk_guid[16]; /* zero: no GPT */
};

/* What a search is told: places that match, and errors on the way (logged already): of a partition
 * table, or of an entry that matches and makes no sense. */
struct places_visitor {
	void (*place)(void *ctx, const struct place *p);
	void (*error)(void *ctx, int err);
	void *ctx;
};

/* Every place that matches, on all disks. What names one thing and is there twice (a GUID of a
 * partition, a label, the disk that is named) is no place: both disks are logged, ERR_AMBIGUOUS is
 * the error. work: GPT_WORK_BYTES, page-aligned; the visitor must not use it. */
void places_each(const struct disks *disks, const struct place_query *q, void *work,
	const struct places_visitor *v);

/* What it looks for, as the words of the loader's line say it, without area= or swap=:
 * "partuuid:..., disk=..."; "" for nothing, "any by type" for what is looked for when nothing is
 * named. */
#define PLACES_WORDS_BYTES 112
void places_words(const struct place_query *q, char ret[PLACES_WORDS_BYTES]);

#endif
