/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making an image area destroys what was there. What it is is asked of libblkid first, and
 * whether it is the partition that was meant.
 */
#include "target_area.h"

#include <blkid/blkid.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "area.h"
#include "proc_text.h"
#include "say.h"
#include "target_file.h"
#include "uuid.h"

/* ---- Identity ---- */

/* The partition in the table: by its place, which needs no agreement about numbers. */
static blkid_partition find_partition(blkid_partlist list, const struct target *t)
{
	uint64_t unit = t->sector_bytes / 512;

	for (int i = 0; i < blkid_partlist_numof_partitions(list); i++) {
		blkid_partition p = blkid_partlist_get_partition(list, i);

		if ((uint64_t)blkid_partition_get_start(p) == t->first_sector * unit &&
			(uint64_t)blkid_partition_get_size(p) == t->n_sectors * unit)
			return p;
	}
	return NULL;
}

static void copy_guids(struct target *t, blkid_partlist list)
{
	blkid_parttable table = blkid_partlist_get_table(list);
	const char *type = table ? blkid_parttable_get_type(table) : NULL;
	const char *disk = table ? blkid_parttable_get_id(table) : NULL;
	blkid_partition p;

	if (type && disk && !strcmp(type, "dos"))
		t->mbr = (uint32_t)strtoul(disk, NULL, 16);
	if (!type || strcmp(type, "gpt") || !disk || !guid_of_text(disk, t->disk_guid))
		return;
	p = t->is_partition ? find_partition(list, t) : NULL;
	if (!p || !blkid_partition_get_uuid(p) ||
		!guid_of_text(blkid_partition_get_uuid(p), t->part_guid))
		return;
	type = blkid_partition_get_type_string(p);
	t->own_type = !t->is_file && type && !strcmp(type, AREA_TYPE_GUID);
}

void area_identify(struct target *t)
{
	char path[SYS_PATH_MAX];
	blkid_partlist list;
	blkid_probe probe;

	if (!sys_path(path, "/dev/%s", t->disk))
		return;
	probe = blkid_new_probe_from_filename(path);
	if (!probe)
		return;
	blkid_probe_enable_superblocks(probe, 0);
	blkid_probe_enable_partitions(probe, 1);
	list = blkid_probe_get_partitions(probe);
	if (list)
		copy_guids(t, list);
	blkid_free_probe(probe);
}

/* ---- What else may be there ---- */

#define WIPE_BYTES (1u << 20) /* at each end: every signature that blkid knows lies there */

static bool all_zero(const uint8_t *p, size_t n)
{
	return !*p && !memcmp(p, p + 1, n - 1);
}

static int is_blank(const struct target *t, bool *ret_blank)
{
	uint64_t size = target_area_bytes(t);
	struct image_file f;
	uint8_t *buf = NULL;
	int err = image_attach(&f, t->path, t->fd, size);

	if (!err && !(buf = image_buffer(WIPE_BYTES)))
		err = -1;
	*ret_blank = true;
	for (int end = 0; !err && end < 2 && *ret_blank; end++) {
		err = f.source.read(&f, end ? size - WIPE_BYTES : 0, buf, WIPE_BYTES);
		if (err)
			err = image_complain(&f, err, NULL);
		else
			*ret_blank = all_zero(buf, WIPE_BYTES);
	}
	free(buf);
	image_close(&f);
	return err;
}

static const char *probe_value(blkid_probe probe, const char *name)
{
	const char *value;

	return blkid_probe_lookup_value(probe, name, &value, NULL) ? NULL : value;
}

/* 1: a signature, its name is filled; 0: none; -1: complained. */
static int signature(const struct target *t, char ret_name[AREA_CONTENT_BYTES])
{
	blkid_probe probe = blkid_new_probe_from_filename(t->path);
	const char *value;
	int found;

	if (!probe)
		return complain("%s: cannot look for what is on it", t->path);
	blkid_probe_enable_superblocks(probe, 1);
	blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE);
	blkid_probe_enable_partitions(probe, 1);
	found = blkid_do_safeprobe(probe);
	if (found == 0 && (value = probe_value(probe, "TYPE")))
		snprintf(ret_name, AREA_CONTENT_BYTES, "%s", value);
	else if (found == 0 && (value = probe_value(probe, "PTTYPE")))
		snprintf(ret_name, AREA_CONTENT_BYTES, "a %s partition table", value);
	else if (found == 0 || found == -2)
		snprintf(ret_name, AREA_CONTENT_BYTES, "several signatures");
	blkid_free_probe(probe);
	if (found == -1)
		return complain("%s: cannot look for what is on it", t->path);
	return found != 1;
}

int area_content(const struct target *t, char ret_name[AREA_CONTENT_BYTES])
{
	bool blank;
	int found = signature(t, ret_name);

	if (found)
		return found < 0 ? -1 : 0;
	ret_name[0] = 0;
	if (t->own_type)
		return 0;
	if (is_blank(t, &blank))
		return -1;
	if (!blank)
		snprintf(ret_name, AREA_CONTENT_BYTES, "unknown data");
	return 0;
}

/* ---- Making one ---- */

static int wipe_ends(struct image_file *f, void *buf)
{
	int err;

	memset(buf, 0, WIPE_BYTES);
	err = f->dest.write(f, 0, buf, WIPE_BYTES);
	if (!err)
		err = f->dest.write(f, f->size - WIPE_BYTES, buf, WIPE_BYTES);
	return err ? err : f->dest.flush(f);
}

int area_make(struct image_file *f)
{
	uint8_t uuid[16];
	void *buf = image_buffer(WIPE_BYTES);
	int err = -1;

	if (!buf)
		return -1;
	if (!uuid_make(uuid)) {
		err = wipe_ends(f, buf);
		if (!err)
			err = img_format_area(&f->dest, uuid, buf);
		if (err)
			err = image_complain(f, err, NULL);
	}
	free(buf);
	return err;
}

static int partition_found(const char *name, void *ctx)
{
	const struct target *t = ctx;

	return sys_exists("%s/%s/partition", t->disk_dir, name);
}

/* May an area be made here? An option does not help where the kernel knows partitions: whoever
 * names the disk means one of them. */
static int check_may_make(const struct target *t, enum area_policy policy)
{
	char content[AREA_CONTENT_BYTES];

	if (!t->is_partition && !t->is_file &&
		sys_each(t->disk_dir, partition_found, (void *)(uintptr_t)t) > 0)
		return complain("%s has partitions: name one of them", t->path);
	if (policy == AREA_OVERWRITE)
		return 0;
	if (area_content(t, content))
		return -1;
	if (*content)
		return complain(
			"%s has no Torpor area, it holds %s: torpor format --force overwrites "
			"that",
			t->path, content);
	return 0;
}

static int read_headers(struct image_file *f, struct img_headers *ret, struct img_fault *ret_fault)
{
	void *block = image_buffer(IMG_BLOCK_BYTES);
	int err = block ? img_read_headers(&f->source, block, ret, ret_fault) : IMG_ERR_WORK;

	free(block);
	return err;
}

static int make_and_read(const struct target *t, struct image_file *f, struct img_headers *ret)
{
	struct img_fault fault;
	int err;

	if (area_make(f))
		return -1;
	err = read_headers(f, ret, &fault);
	if (err)
		return image_complain(f, err, &fault);
	return t->is_file ? target_file_map_write(t, f, ret) : 0;
}

static int check_map(const struct target *t, struct image_file *f, enum area_policy policy,
	const struct img_headers *headers)
{
	if (!t->is_file)
		return 0;
	return policy == AREA_PLACE ? target_file_map_write(t, f, headers)
				    : target_file_map_check(t, f, headers);
}

int area_open(const struct target *t, struct image_file *f, enum area_policy policy,
	struct img_headers *ret)
{
	struct img_fault fault;
	int err = policy == AREA_OVERWRITE ? IMG_ERR_NO_AREA : read_headers(f, ret, &fault);

	if (!err)
		return check_map(t, f, policy, ret);
	if (err != IMG_ERR_NO_AREA)
		return image_complain(f, err, &fault);
	return check_may_make(t, policy) ? -1 : make_and_read(t, f, ret);
}

int area_look(const struct target *t, struct image_file *f, enum area_policy policy,
	struct img_headers *ret)
{
	struct img_fault fault;
	int err = policy == AREA_OVERWRITE ? IMG_ERR_NO_AREA : read_headers(f, ret, &fault);

	if (!err)
		return t->is_file ? target_file_map_check(t, f, ret) : 0;
	if (err != IMG_ERR_NO_AREA)
		return image_complain(f, err, &fault);
	return check_may_make(t, policy) ? -1 : 1;
}

int area_format(const struct target *t, struct image_file *f, enum area_policy policy,
	struct img_headers *ret)
{
	struct img_fault fault;
	int err = policy == AREA_OVERWRITE ? IMG_ERR_NO_AREA : read_headers(f, ret, &fault);

	if (!err && !img_state_check(&ret->h))
		return complain("%s holds an image%s: --force overwrites it", t->path,
			image_lacks_state(f, ret) ? "" : " that may be resumed");
	if (!err && ret->h.state == IMG_EMPTY && image_check_copies(f, ret, &fault))
		return complain_as(
			STATUS_DAMAGED, "%s may hold an image: --force overwrites it", t->path);
	if (err && err != IMG_ERR_NO_AREA)
		return image_complain(f, err, &fault);
	if (err && check_may_make(t, policy))
		return -1;
	return make_and_read(t, f, ret);
}

int area_disarm(struct image_file *f, const uint8_t image_uuid[16])
{
	struct img_headers hs;
	struct img_fault fault;
	void *block = image_buffer(IMG_BLOCK_BYTES);
	int err;

	if (!block)
		return -1;
	err = img_read_headers(&f->source, block, &hs, &fault);
	if (!err && !img_state_check(&hs.h) && !memcmp(hs.h.image_uuid, image_uuid, 16))
		err = img_set_state(&f->dest, &hs, IMG_EMPTY, 0, block);
	if (err) {
		image_complain(f, err, &fault);
		complain("%s: do not resume what is there: it would be this very system as it was",
			f->path);
	}
	free(block);
	return err ? -1 : 0;
}

/* Who resumes a copy on another disk finds another image here, or none: nothing of ours to confirm. */
static int confirm(struct image_file *f, const uint8_t image_uuid[16], void *block)
{
	struct img_headers hs;
	struct img_fault fault = {0};
	int err = img_read_headers(&f->source, block, &hs, &fault);

	if (err || memcmp(hs.h.image_uuid, image_uuid, 16))
		return err ? image_complain(f, err, &fault) : 0;
	if (hs.h.state == IMG_LAUNCHED)
		err = img_set_state(&f->dest, &hs, IMG_CONSUMED, hs.h.attempts, block);
	else if (hs.h.state == IMG_LOADING && (hs.h.compat & IMG_COMPAT_REUSABLE))
		err = img_set_state(&f->dest, &hs, IMG_VALID, 0, block);
	return err ? image_complain(f, err, &fault) : 0;
}

int area_confirm(struct image_file *f, const uint8_t image_uuid[16])
{
	void *block = image_buffer(IMG_BLOCK_BYTES);
	int err = block ? confirm(f, image_uuid, block) : -1;

	free(block);
	if (err)
		complain("warning: %s: the image could not be marked as consumed; it is not "
			 "resumed again all the same",
			f->path);
	return err;
}
