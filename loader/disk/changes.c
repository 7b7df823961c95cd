/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last check before memory is overwritten: the user may have booted something else in
 * between and mounted what the image believes to be as it left it.
 */
#include "changes.h"

#include <stdbool.h>
#include <string.h>

#include "format.h"
#include "log.h"

#define NAME_BYTES 128

static bool is_zero(const uint8_t guid[16])
{
	static const uint8_t zero[16];
	return memcmp(guid, zero, 16) == 0;
}

/* "/home (ext4, vda3)" for the log; the texts are input. */
static const char *name_of(const struct saved_filesystem *f, char ret[NAME_BYTES])
{
	format(ret, NAME_BYTES, "%.72s (%.15s, %.31s)", f->mount_point, f->type, f->device);
	for (char *c = ret; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return ret;
}

/* The sectors that the file system should lie in on this disk; false: not here. */
static bool find_place(struct block_dev *dev, const struct saved_filesystem *f, void *work,
	uint64_t *ret_lba, uint64_t *ret_n)
{
	struct gpt g;
	struct gpt_partition p;
	*ret_lba = f->lba;
	*ret_n = f->n_sectors;
	if (is_zero(f->disk_guid))
		return dev->n_sectors == f->disk_sectors && dev->sector_bytes == f->sector_bytes &&
		       (!f->disk_serial[0] || strcmp(dev->serial, f->disk_serial) == 0);
	if (gpt_read(dev, work, &g) || memcmp(g.disk_guid, f->disk_guid, 16) != 0)
		return false;
	if (is_zero(f->part_guid))
		return true;
	for (uint32_t i = 0; i < g.n_entries; i++) {
		if (gpt_entry(&g, i, &p) || memcmp(p.guid, f->part_guid, 16) != 0)
			continue;
		*ret_lba = p.lba;
		*ret_n = p.n_sectors;
		return true;
	}
	return false;
}

static enum change compare(struct block_dev *dev, const struct saved_filesystem *f, uint64_t lba,
	uint64_t n_sectors, void *work)
{
	uint64_t hash[SAVED_RANGES_MAX];
	int err = fingerprint_read(dev, lba, n_sectors, f, work, hash);
	if (err == ERR_BOUNDS) /* another size now */
		return CHANGE_WRITTEN;
	if (err) {
		log_line("filesystems: %s: %s", dev->name, err_text(err));
		return CHANGE_UNREADABLE;
	}
	bool same = memcmp(hash, f->hash, f->n_ranges * sizeof(hash[0])) == 0;
	return same ? CHANGE_NONE : CHANGE_WRITTEN;
}

/* Of several disks that it may be, by size and serial number, one that has not changed is it. Of
 * several with its GUID (a copy is attached, too) nobody knows which one it is: none may have
 * changed. */
static enum change find_change(
	const struct saved_filesystem *f, const struct disks *disks, uint8_t *work)
{
	bool is_told = !is_zero(f->disk_guid);
	enum change found = CHANGE_GONE;
	if (f->reason[0] || f->n_ranges == 0)
		return CHANGE_NOT_CHECKED;
	if (f->n_ranges > SAVED_RANGES_MAX)
		return CHANGE_WRITTEN;
	for (uint32_t i = 0; i < disks->n; i++) {
		uint64_t lba, n_sectors;
		if (!find_place(disks->dev[i], f, work, &lba, &n_sectors))
			continue;
		enum change now = compare(disks->dev[i], f, lba, n_sectors, work + GPT_WORK_BYTES);
		if (found == CHANGE_GONE || is_told == (now != CHANGE_NONE))
			found = now;
	}
	return found;
}

static const char *const change_text[] = {
	[CHANGE_NONE] = "is as it was",
	[CHANGE_NOT_CHECKED] = "is not checked",
	[CHANGE_WRITTEN] = "has changed since the save",
	[CHANGE_GONE] = "is missing: no disk here has it",
	[CHANGE_UNREADABLE] = "cannot be read",
};

void changes_find(const struct saved_filesystem *list, uint32_t n, const struct disks *disks,
	void *work, struct changes *ret)
{
	char name[NAME_BYTES];
	*ret = (struct changes){.filesystem = list, .n = n};
	if (!list)
		log_line("filesystems: the image says nothing of them: nothing to compare");
	for (uint32_t i = 0; i < n; i++) {
		const struct saved_filesystem *f = &list[i];
		enum change c = find_change(f, disks, work);
		ret->of[i] = c;
		ret->n_written += c == CHANGE_WRITTEN;
		ret->n_missing += c == CHANGE_GONE || c == CHANGE_UNREADABLE;
		log_line("filesystems: %s %s%s%.63s", name_of(f, name), change_text[c],
			c == CHANGE_NOT_CHECKED && f->reason[0] ? ": " : "",
			c == CHANGE_NOT_CHECKED ? f->reason : "");
	}
}

void changes_text(const struct changes *c, char ret[CHANGES_TEXT_BYTES])
{
	char name[NAME_BYTES];
	ret[0] = 0;
	for (uint32_t i = 0; i < c->n && !ret[0]; i++)
		if (c->of[i] >= CHANGE_WRITTEN && (c->of[i] == CHANGE_WRITTEN || !c->n_written))
			format(ret, CHANGES_TEXT_BYTES, "file system %s %s; force=1 resumes anyway",
				name_of(&c->filesystem[i], name), change_text[c->of[i]]);
}

void changes_log_loss(const struct changes *c, const char *verb)
{
	char name[NAME_BYTES];
	for (uint32_t i = 0; i < c->n; i++) {
		const struct saved_filesystem *f = &c->filesystem[i];
		if (f->writable || c->of[i] == CHANGE_WRITTEN)
			log_line(
				"loader: force=1 %s what was written since the save to %s, which %s",
				verb, name_of(f, name), change_text[c->of[i]]);
	}
}
