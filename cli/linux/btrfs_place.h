/* SPDX-License-Identifier: GPL-2.0-or-later */
/* btrfs tells of a file's place in addresses of its own; its chunk tree says where they are. */
#ifndef CLI_BTRFS_PLACE_H
#define CLI_BTRFS_PLACE_H

#include "file_extents.h"

/* The one device that the file system is on. -1 after one complaint. */
int btrfs_device(int fd, const char *path, unsigned int *ret_major, unsigned int *ret_minor);

/* From addresses of the file system to bytes of its device. -1 after one complaint: several devices,
 * or data that is kept in two copies. */
int btrfs_place(
	int fd, const char *path, const struct file_extents *logical, struct file_extents *ret);

/* One item of the chunk tree: how many bytes from this address on lie together, and where. The text of
 * what is in the way, or NULL. chunk: with its one stripe. */
struct btrfs_chunk;
const char *btrfs_in_chunk(const struct btrfs_chunk *chunk, uint64_t chunk_start, uint64_t address,
	uint64_t *ret_place, uint64_t *ret_bytes);

#endif
