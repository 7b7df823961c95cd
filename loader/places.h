/* Places on disks that the command line can name: partitions by type or GUID, or runs of sectors. */
#ifndef LOADER_PLACES_H
#define LOADER_PLACES_H

#include "disks.h"
#include "gpt.h"

enum place_by { PLACE_NONE, PLACE_BY_TYPE, PLACE_BY_PARTUUID, PLACE_BY_LBA };

struct place_query {
	enum place_by by;
	uint8_t guid[16];        /* by type: type GUID; by PARTUUID: partition GUID */
	uint64_t lba, n_sectors; /* by LBA */
	int have_disk;
	uint8_t disk[16]; /* GUID of the GPT that must be on the disk */
};

struct place {
	struct block_dev *dev;
	struct gpt_partition part;
	uint8_t disk_guid[16]; /* zero: no GPT */
};

/* Calls look for every place that matches, on all disks. Damaged tables and entries that match are logged
 * and passed over. work: GPT_WORK_BYTES, page-aligned; look must not use it. Returns 0, or the last
 * error that a table, an entry or look had. */
int places_each(const struct disks *disks, const struct place_query *q, void *work,
	int (*look)(void *ctx, const struct place *p), void *ctx) MUST_CHECK;

#endif
