/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is mounted, by the bytes that only a mount by another system changes: the running kernel
 * still writes between `torpor arm` and the image, so a whole superblock, which save hashes,
 * would not do. ext2, ext3 and ext4 have such bytes. xfs, btrfs and vfat have none that the
 * same mount leaves alone.
 */
#define _GNU_SOURCE
#include "facts_collect.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "facts_mounts.h"
#include "filesystems.h"
#include "say.h"
#include "sysfiles.h"

#define BLOCK 4096u /* what is read at once: aligned, for any disk */

/* ---- Which bytes ---- */

/* In the superblock of ext2, ext3 and ext4, 1024 bytes into it. */
#define EXT_SUPER      1024u
#define EXT_MTIME      (EXT_SUPER + 0x2c) /* of the last mount for writing */
#define EXT_MOUNTS     (EXT_SUPER + 0x34) /* mounts since the last check, u16 */
#define EXT_STATE      (EXT_SUPER + 0x3a) /* u16: clean, errors */
#define EXT_LAST_CHECK (EXT_SUPER + 0x40)
#define EXT_INCOMPAT   (EXT_SUPER + 0x60) /* its first byte has the flag "needs recovery" */
#define EXT_UUID       (EXT_SUPER + 0x68)
#define SWAP_UUID      0x40c /* UUID and label */

static void add(struct saved_filesystem *f, uint64_t offset, uint64_t bytes)
{
	f->offset[f->n_ranges] = offset;
	f->bytes[f->n_ranges++] = bytes;
}

/* A freeze takes away the flag, and marks what has no journal as clean. */
static void ext_ranges(struct saved_filesystem *f, bool will_freeze)
{
	add(f, EXT_MTIME, 4);
	if (will_freeze) {
		add(f, EXT_MOUNTS, 2);
		add(f, EXT_LAST_CHECK, 4);
	} else {
		add(f, EXT_MOUNTS, EXT_LAST_CHECK + 4 - EXT_MOUNTS);
		add(f, EXT_INCOMPAT, 1);
	}
	add(f, EXT_UUID, 16);
}

void mount_ranges(struct saved_filesystem *f, enum mount_freeze freeze)
{
	f->n_ranges = 0;
	if (!strcmp(f->type, "ext2") || !strcmp(f->type, "ext3") || !strcmp(f->type, "ext4"))
		ext_ranges(f, freeze == MOUNT_WILL_FREEZE);
	else if (!strcmp(f->type, "swap"))
		add(f, SWAP_UUID, 32);
	else
		snprintf(f->reason, sizeof(f->reason), "nothing in it changes by a mount alone");
}

/* ---- Hashes ---- */

/* What is on the disk: the page cache of the device is not the one that a file system writes
 * through. */
static int open_device(const char *device)
{
	char path[SYS_PATH_MAX];
	int fd;

	if (!sys_path(path, "/dev/%s", device))
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_DIRECT);
	return fd >= 0 ? fd : open(path, O_RDONLY | O_CLOEXEC);
}

static bool hash_range(int fd, struct saved_filesystem *f, uint32_t i, uint8_t *block)
{
	uint64_t start = f->offset[i] & ~(uint64_t)(BLOCK - 1);

	if (pread(fd, block, BLOCK, (off_t)start) != (ssize_t)BLOCK)
		return false;
	f->hash[i] = img_hash(block + (f->offset[i] - start), f->bytes[i]);
	return true;
}

static void hash_ranges(struct saved_filesystem *f)
{
	uint8_t *block = aligned_alloc(BLOCK, BLOCK);
	int fd = block ? open_device(f->device) : -1;
	bool ok = fd >= 0;

	for (uint32_t i = 0; i < f->n_ranges && ok; i++)
		ok = hash_range(fd, f, i, block);
	if (fd >= 0)
		close(fd);
	free(block);
	if (ok)
		return;
	f->n_ranges = 0;
	snprintf(f->reason, sizeof(f->reason), "it could not be read");
}

/* ---- The list ---- */

static void take(struct saved_filesystem *f, const struct handoff_filesystem *h)
{
	memset(f, 0, sizeof(*f));
	memcpy(f->mount_point, h->mount_point, sizeof(f->mount_point));
	memcpy(f->type, h->type, sizeof(f->type));
	memcpy(f->device, h->device, sizeof(f->device));
	memcpy(f->reason, h->reason, sizeof(f->reason));
	memcpy(f->disk_guid, h->disk_guid, sizeof(f->disk_guid));
	memcpy(f->part_guid, h->part_guid, sizeof(f->part_guid));
	f->disk_sectors = h->disk_sectors;
	f->sector_bytes = h->sector_bytes;
	f->writable = h->writable;
	f->lba = h->lba;
	f->n_sectors = h->n_sectors;
}

/* Linux 6.17 and later freeze file systems for a hibernation when they are told to. */
static enum mount_freeze look_freeze(void)
{
	uint64_t on;

	return !sys_read_u64(&on, "/sys/power/freeze_filesystems") && on ? MOUNT_WILL_FREEZE
									 : MOUNT_STAYS;
}

void collect_mounts(struct all_facts *a)
{
	static struct filesystems found;
	int err;

	complain_how(COMPLAIN_SILENTLY);
	err = filesystems_find(&found);
	complain_how(COMPLAIN_ALOUD);
	if (err) {
		facts_missing(a, "mounted file systems: %s", last_complaint());
		return;
	}
	for (uint32_t i = 0; i < found.n; i++) {
		struct saved_filesystem *f = &a->filesystem[i];

		take(f, &found.v[i]);
		if (!f->reason[0])
			mount_ranges(f, look_freeze());
		if (!f->reason[0])
			hash_ranges(f);
	}
	a->n_filesystems = found.n;
}
