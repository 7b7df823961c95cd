/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The disk, partition or file that an image goes to: where it is in the machine, as the writer
 * must find it without Linux, and whether anybody uses it.
 */
#ifndef CLI_TARGET_H
#define CLI_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "extent_map.h"
#include "sysfiles.h"

#define TARGET_NAME_MAX  64
#define TARGET_BYTES_MIN (16ull << 20)

struct target {
	const char *path; /* as the user gave it, for messages; or named */
	char named[SYS_PATH_MAX];
	char name[TARGET_NAME_MAX],
		disk[TARGET_NAME_MAX]; /* "vda2", "vda"; the same for a whole disk */
	char dir[SYS_PATH_MAX], disk_dir[SYS_PATH_MAX]; /* in /sys */
	bool is_partition;
	uint32_t partition; /* its number */

	const char *driver;   /* our name for the kind of controller */
	uint32_t pci_address; /* as handoff.pci_address */
	uint32_t unit;
	uint32_t sector_bytes;
	uint64_t first_sector, n_sectors, disk_sectors; /* sectors of sector_bytes */

	uint8_t disk_guid[16], part_guid[16]; /* as a GPT has them on disk; zero: none */
	uint32_t mbr;                         /* signature of a disk with an MBR; 0: none */
	bool own_type;                        /* the partition has Torpor's type */

	/* A file: all of the above is of the device that its file system is on. */
	bool is_file;
	struct img_map map; /* its extents; the area's uuid is not filled */
	bool was_locked;    /* target_close makes it immutable again */

	int fd; /* open for reading and writing, exclusively and past the page cache; -1 */
};

/* Finds the device in /sys and checks that the writer will be able to drive it. -1 after one
 * complaint. */
int target_find(struct target *t, const char *path, unsigned int major, unsigned int minor);

/* The same from a path of a block device or file, or PARTLABEL=, PARTUUID=, LABEL= or UUID=. */
int target_find_path(struct target *t, const char *path);

/* -1 after one complaint when it is mounted, swapped to, held by another device, read-only, or
 * smaller than TARGET_BYTES_MIN (target_use.c). */
int target_check_free(const struct target *t);

/* Opens it exclusively: from now on nobody mounts it. A file is made mutable for that time. -1
 * after one complaint. */
int target_open(struct target *t);
void target_close(struct target *t);

/* The loader's words that tell this disk from another one with the same layout, for a place that is named by sectors:
 * " disk=..." (the table's GUID or signature) and " uuid=..." (of what is there; zero: not known). "" when there is
 * nothing to tell by. */
#define TARGET_WHOSE_BYTES 128
void target_whose(const struct target *t, const uint8_t uuid[16], char ret[TARGET_WHOSE_BYTES]);

/* Bytes of the area: what the target has in whole blocks. */
uint64_t target_area_bytes(const struct target *t);

#endif
