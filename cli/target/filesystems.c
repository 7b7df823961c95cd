/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The writer and the loader cannot ask Linux what was mounted. It is told here, with the bytes
 * of each superblock that tell whether another system has been at it.
 */
#include "filesystems.h"

#include <string.h>

#include "layers.h"
#include "proc_lines.h"
#include "say.h"
#include "sysfiles.h"
#include "target_area.h"
#include "unaligned.h"

#define OTHER_BYTES (64u << 10) /* of file systems that we know nothing of */
#define SWAP_TYPE   "swap"

/* ---- Which bytes ---- */

/* Boot sector, FSINFO and the start of the first FAT: reserved sectors, then the table. Not the files
 * behind them: boot loaders write into theirs. */
static uint64_t vfat_bytes(const uint8_t *s)
{
	uint64_t fat = u16_at(s + 22);

	if (s[510] != 0x55 || s[511] != 0xaa || u16_at(s + 11) < 512)
		return OTHER_BYTES;
	if (!fat)
		fat = u16_at(s + 36) | (uint64_t)u16_at(s + 38) << 16;
	return (u16_at(s + 14) + fat) * u16_at(s + 11);
}

static void add_range(struct handoff_filesystem *f, uint64_t offset, uint64_t bytes)
{
	uint64_t size = f->n_sectors * f->sector_bytes;

	if (!bytes || offset >= size)
		return;
	if (bytes > OTHER_BYTES)
		bytes = OTHER_BYTES;
	if (bytes > size - offset)
		bytes = size - offset;
	f->range[f->n_ranges++] = (struct handoff_bytes){offset, bytes};
}

void filesystem_ranges(struct handoff_filesystem *f, const uint8_t start[512])
{
	f->n_ranges = 0;
	if (!strncmp(f->type, "ext", 3)) /* superblock: times, counts, state */
		add_range(f, 1024, 1024);
	else if (!strcmp(f->type, "xfs"))
		add_range(f, 0, 512);
	else if (!strcmp(f->type, "btrfs")) /* superblock: the generation */
		add_range(f, 64 << 10, 4096);
	else if (!strcmp(f->type, "vfat") || !strcmp(f->type, "msdos"))
		add_range(f, 0, vfat_bytes(start));
	else if (!strcmp(f->type, SWAP_TYPE)) /* before it is room for boot loaders */
		add_range(f, 1024, 3072);
	if (!f->n_ranges)
		add_range(f, 0, OTHER_BYTES);
}

/* ---- Where ---- */

static void copy_text(char *dst, size_t cap, const char *src)
{
	size_t n = 0;

	for (; src[n] && n + 1 < cap; n++)
		dst[n] = src[n] >= ' ' && src[n] <= '~' ? src[n] : '?';
	memset(dst + n, 0, cap - n);
}

/* Why target_find would not have it, in few words. */
static void say_why(struct handoff_filesystem *f, const char *dir)
{
	char disk[SYS_PATH_MAX];
	const char *layer;

	strcpy(disk, dir);
	if (sys_exists("%s/partition", dir))
		*strrchr(disk, '/') = 0;
	layer = device_layer(disk);
	snprintf(f->reason, sizeof(f->reason), "%s%s", layer ? "it is on " : "",
		layer ? layer : "no driver for its disk");
}

static void take_place(struct handoff_filesystem *f, const struct target *t)
{
	uint8_t start[512] = {0};
	char path[SYS_PATH_MAX];

	f->pci_address = t->pci_address;
	f->unit = t->unit;
	f->sector_bytes = t->sector_bytes;
	f->disk_sectors = t->disk_sectors;
	f->lba = t->first_sector;
	f->n_sectors = t->n_sectors;
	memcpy(f->disk_guid, t->disk_guid, sizeof(f->disk_guid));
	memcpy(f->part_guid, t->part_guid, sizeof(f->part_guid));
	snprintf(path, sizeof(path), "/dev/%s", t->name);
	(void)sys_read_at(path, 0, start, sizeof(start));
	filesystem_ranges(f, start);
}

static void find_place(struct handoff_filesystem *f, const char *dir)
{
	unsigned int major, minor;
	char number[32];
	struct target t;
	int err = -1;

	if (sys_read_text(number, sizeof(number), "%s/dev", dir) > 0 &&
		sscanf(number, "%u:%u", &major, &minor) == 2) {
		complain_how(COMPLAIN_SILENTLY);
		err = target_find(&t, f->device, major, minor);
		complain_how(COMPLAIN_ALOUD);
	}
	if (err) {
		say_why(f, dir);
		return;
	}
	area_identify(&t);
	take_place(f, &t);
}

/* ---- The list ---- */

struct found {
	const char *mount_point, *type;
	bool writable;
};

/* A loop device's file lies in a file system that is in the list itself, or in memory. */
static void add(struct filesystems *all, const char *dir, const struct found *found)
{
	const char *name = strrchr(dir, '/') + 1;
	struct handoff_filesystem *f;

	if (sys_exists("%s/loop", dir))
		return;
	for (uint32_t i = 0; i < all->n; i++)
		if (!strcmp(all->v[i].device, name)) {
			all->v[i].writable |= found->writable;
			return;
		}
	if (all->n == HANDOFF_FILESYSTEMS_MAX) {
		all->n_left_out++;
		return;
	}
	f = &all->v[all->n++];
	memset(f, 0, sizeof(*f));
	copy_text(f->mount_point, sizeof(f->mount_point), found->mount_point);
	copy_text(f->type, sizeof(f->type), found->type);
	copy_text(f->device, sizeof(f->device), name);
	f->writable = found->writable;
	find_place(f, dir);
}

/* The folder in /sys of a device file; links such as /dev/disk/by-uuid/... are followed. */
static bool dir_of_file(char ret_dir[SYS_PATH_MAX], const char *file)
{
	char real[SYS_PATH_MAX];

	if (strncmp(file, "/dev/", 5))
		return false;
	if (!sys_real_path(real, "%s", file))
		strcpy(real, file);
	return sys_real_path(ret_dir, "/sys/class/block/%s", strrchr(real, '/') + 1);
}

static int find_mounts(struct filesystems *ret)
{
	char dir[SYS_PATH_MAX];
	struct proc_lines l;
	struct mount_line m;

	if (!proc_lines_open(&l, "/proc/self/mountinfo"))
		return complain("cannot read /proc/self/mountinfo");
	while (proc_lines_mount(&l, &m))
		if (sys_real_path(dir, "/sys/dev/block/%u:%u", m.major, m.minor) ||
			dir_of_file(dir, m.source))
			add(ret, dir, &(struct found){m.mount_point, m.type, m.writable});
	proc_lines_close(&l);
	return 0;
}

/* Swap files lie in file systems. Compressed memory is memory. */
static void find_swap(struct filesystems *ret)
{
	char dir[SYS_PATH_MAX];
	struct proc_lines l;
	struct swap_line s;

	proc_lines_open(&l, "/proc/swaps"); /* none without CONFIG_SWAP */
	while (proc_lines_swap(&l, &s))
		if (dir_of_file(dir, s.name) && strncmp(strrchr(dir, '/'), "/zram", 5))
			add(ret, dir, &(struct found){"swap", SWAP_TYPE, true});
	proc_lines_close(&l);
}

int filesystems_find(struct filesystems *ret)
{
	ret->n = ret->n_left_out = 0;
	if (find_mounts(ret))
		return -1;
	find_swap(ret);
	return 0;
}

void filesystems_print(const struct filesystems *f, FILE *out)
{
	for (uint32_t i = 0; i < f->n; i++) {
		const struct handoff_filesystem *v = &f->v[i];

		say_to(out, "file system: %s (%s, %s, %s): %s%s\n", v->mount_point, v->type,
			v->device, v->writable ? "writable" : "read-only",
			v->reason[0] ? "will not be compared before the resume: "
				     : "will be compared before the resume",
			v->reason);
	}
	if (f->n_left_out)
		say_to(out, "file system: %u more will not be compared: only %u can\n",
			f->n_left_out, HANDOFF_FILESYSTEMS_MAX);
}

const struct handoff_filesystem *filesystems_writable(const struct filesystems *f)
{
	for (uint32_t i = 0; i < f->n; i++)
		if (f->v[i].writable)
			return &f->v[i];
	return NULL;
}
