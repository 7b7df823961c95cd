/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a file lies on its block device, as FIEMAP tells it, judged for an image area. */
#ifndef CLI_FILE_EXTENTS_H
#define CLI_FILE_EXTENTS_H

#include <stdint.h>

#include "extent_map.h"

/* Bytes of the device. */
struct file_piece {
	uint64_t start, bytes;
};

struct file_extents {
	uint64_t bytes; /* of the file */
	uint32_t n;
	struct file_piece piece[IMG_MAP_EXTENTS_MAX];
};

/* All of the file's bytes, adjacent pieces made one. -1 after one complaint: a hole, a piece that is
 * not at a fixed place of its own, or that is not whole blocks; or too many of them. On btrfs a place
 * is an address of the file system, not of a disk (btrfs_place.h). */
int file_extents_read(int fd, const char *path, uint64_t bytes, struct file_extents *ret);

/* Adds a piece at the end. -1: no room. */
int file_extents_add(struct file_extents *x, uint64_t start, uint64_t bytes);

/* The last checks, when all pieces are known. -1 after one complaint. */
int file_extents_check(const struct file_extents *x, const char *path);

#endif
