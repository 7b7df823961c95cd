/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where is the image? Looks through the disks for the area that the command line names. */
#ifndef LOADER_FIND_H
#define LOADER_FIND_H

#include "area_io.h"
#include "cmdline.h"
#include "disks.h"
#include "img.h"

struct found {
	struct block_dev *dev;
	struct block_extent extents[AREA_EXTENTS_MAX]; /* the headers lie in the first */
	uint32_t n_extents;
	uint8_t disk_guid[16], part_guid[16]; /* zero: none */
	struct area area;
	struct img_source source;
	struct img_headers headers; /* of the area */
};

#define FIND_WORK_BYTES (512u * 1024)

/* work: FIND_WORK_BYTES, page-aligned. An area whose image may not be resumed is found too: the
 * caller judges headers.h. When several areas match, the one with an image that may be resumed
 * wins, before one that was tried as often as the options allow; with more than one of those:
 * ERR_AMBIGUOUS. Else an image error of an area that matches, the error of a device or partition
 * table, or ERR_NOT_FOUND. Every reason is in the log, naming disk and sector. */
int find_area(const struct disks *disks, const struct options *o, void *work,
	struct found *ret) MUST_CHECK;

#endif
