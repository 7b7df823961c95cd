/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A resumed kernel believes what it remembers of its file systems; if another system wrote to
 * one, it would destroy it. Which bytes give that away is decided here, once for the writer and
 * the loader.
 */
#include "fingerprint.h"

static int read_range(struct block_dev *dev, uint64_t lba, uint64_t n_sectors, uint64_t offset,
	uint64_t bytes, uint8_t *work, uint64_t *ret_hash)
{
	uint64_t sector = dev->sector_bytes, size = n_sectors * sector;
	if (bytes == 0 || bytes > SAVED_RANGE_BYTES_MAX || offset >= size || bytes > size - offset)
		return ERR_BOUNDS;
	uint64_t first = offset / sector, end = (offset + bytes + sector - 1) / sector;
	int err = block_read(dev, lba + first, end - first, work);
	if (!err)
		*ret_hash = img_hash(work + offset % sector, bytes);
	return err;
}

int fingerprint_read(struct block_dev *dev, uint64_t lba, uint64_t n_sectors,
	const struct saved_filesystem *f, void *work, uint64_t ret_hash[SAVED_RANGES_MAX])
{
	if (f->sector_bytes != dev->sector_bytes || f->n_ranges > SAVED_RANGES_MAX ||
		lba >= dev->n_sectors || n_sectors > dev->n_sectors - lba)
		return ERR_BOUNDS;
	int err = 0;
	for (uint32_t i = 0; !err && i < f->n_ranges; i++)
		err = read_range(
			dev, lba, n_sectors, f->offset[i], f->bytes[i], work, &ret_hash[i]);
	return err;
}
