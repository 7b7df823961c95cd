/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The extent map of an area in a file: where the file lies in its partition, so that a loader with
 * no file-system code finds all of it from the place of its first sector. FORMAT.md, section 9.
 */
#ifndef IMAGE_FORMAT_EXTENT_MAP_H
#define IMAGE_FORMAT_EXTENT_MAP_H

#include "img.h"

#define IMG_MAP_OFFSET      8192u /* in the area */
#define IMG_MAP_BYTES_MAX   20480u
#define IMG_MAP_FIRST_BYTES (IMG_MAP_OFFSET + IMG_MAP_BYTES_MAX) /* the least of the first extent */
#define IMG_MAP_EXTENTS_MAX 1024u
#define IMG_MAP_MAGIC       "TORPXMAP" /* 8 bytes, no terminating zero */
#define IMG_MAP_VERSION     1u

/* As it lies in the area; then n_extents records. */
struct img_map_head {
	uint8_t magic[8];
	uint64_t hash; /* XXH64 of all bytes of the map from the next field on */
	uint32_t version;
	uint32_t n_extents;
	uint8_t area_uuid[16];
	uint64_t file_bytes; /* all extents together */
	uint32_t sector_bytes;
	uint32_t reserved0; /* 0 */
	uint64_t reserved1; /* 0 */
};
static_assert(sizeof(struct img_map_head) == 64, "FORMAT.md");
static_assert(offsetof(struct img_map_head, area_uuid) == 24, "FORMAT.md");

/* Sectors count from the start of the partition. */
struct img_map_rec {
	uint64_t first_sector, n_sectors;
};
static_assert(sizeof(struct img_map_rec) == 16, "FORMAT.md");
static_assert(sizeof(struct img_map_head) + IMG_MAP_EXTENTS_MAX * sizeof(struct img_map_rec) <=
		      IMG_MAP_BYTES_MAX,
	"whole blocks that hold the largest map");

struct img_map {
	uint8_t area_uuid[16];
	uint64_t file_bytes;
	uint32_t sector_bytes;
	uint32_t n_extents;
	struct img_extent extent[IMG_MAP_EXTENTS_MAX]; /* lba: in the partition */
};

/* What every map must be, before it is written and after it is read: each extent whole blocks,
 * inside partition_sectors, none touching another's sectors, all together file_bytes, the first one
 * no smaller than IMG_MAP_FIRST_BYTES. IMG_ERR_MAP. */
int img_map_check(const struct img_map *m, uint64_t partition_sectors,
	struct img_fault *ret_fault) IMG_MUST_CHECK;

/* m, checked, as IMG_MAP_BYTES_MAX bytes for the area at IMG_MAP_OFFSET. */
void img_map_encode(const struct img_map *m, void *buf);

/* buf: IMG_MAP_BYTES_MAX bytes, as read from IMG_MAP_OFFSET. IMG_ERR_NO_AREA: no map there;
 * IMG_ERR_MAP: damaged, or not for a disk with sectors of sector_bytes or a partition of this size.
 * Offsets in *ret_fault are of the area. */
int img_map_decode(const void *buf, uint32_t sector_bytes, uint64_t partition_sectors,
	struct img_map *ret, struct img_fault *ret_fault) IMG_MUST_CHECK;

/* Whether two maps name the same sectors in the same order. */
bool img_map_same(const struct img_map *a, const struct img_map *b);

#endif
