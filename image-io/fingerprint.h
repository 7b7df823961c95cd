/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of a file system that tell whether another system mounted it or wrote to it. The writer
 * keeps their hashes, the loader compares.
 */
#ifndef IMAGE_IO_FINGERPRINT_H
#define IMAGE_IO_FINGERPRINT_H

#include "block.h"
#include "saved_state.h"

#define FINGERPRINT_WORK_BYTES (SAVED_RANGE_BYTES_MAX + 2 * 4096u)

/* Hashes of the ranges that f names, of a file system in sectors from lba on (f->lba and its disk
 * are not looked at). work: FINGERPRINT_WORK_BYTES, page-aligned. ERR_BOUNDS when ranges or sectors
 * make no sense on this disk; errors of the disk. */
int fingerprint_read(struct block_dev *dev, uint64_t lba, uint64_t n_sectors,
	const struct saved_filesystem *f, void *work,
	uint64_t ret_hash[SAVED_RANGES_MAX]) MUST_CHECK;

#endif
