/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a user keeps across resumes lies behind the image in the same partition; where that is
 * must be found anew each time, from the sizes alone, and never overlap an image.
 */
#define _GNU_SOURCE
#include "kept.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"
#include "uuid.h"

#define STORE_ALIGN     (1u << 20) /* where it begins, from the partition's start */
#define STORE_BYTES_MIN (1u << 20)

/* The main area's end, *ret_base; 1: nothing that could be a store lies behind it. */
static int find_base(const struct image_file *whole, uint64_t *ret_base)
{
	void *block = image_buffer(IMG_BLOCK_BYTES);
	struct img_headers hs;
	struct img_fault fault;
	int err;

	if (!block)
		return -1;
	err = img_read_headers(&whole->source, block, &hs, &fault);
	free(block);
	if (err == IMG_ERR_NO_AREA)
		return 1;
	if (err && err != IMG_ERR_TRUNCATED)
		return image_complain(whole, err, &fault);
	*ret_base = hs.h.area_bytes;
	return hs.h.area_bytes >= whole->size || whole->size - hs.h.area_bytes < IMG_DATA_START;
}

/* 0, 1: there is none, -1 after a complaint. part is attached. */
static int open_store(struct kept *k, const struct img_dest *dest)
{
	size_t bytes = store_work(k->part.size);
	int err;

	k->work = image_buffer(bytes);
	if (!k->work)
		return -1;
	err = store_open(&k->store, &k->part.source, dest, k->work, bytes);
	if (err == IMG_ERR_NO_AREA)
		return 1;
	return err ? image_complain(&k->part, err, &k->store.fault) : 0;
}

int kept_check_copies(const struct kept *k)
{
	char text[IMAGE_TROUBLE_BYTES];

	if (!image_copy_trouble(text, &k->part, &k->store.hs, &k->store.copy_fault))
		return 0;
	if (!store_count(&k->store))
		return complain_as(STATUS_DAMAGED,
			"%s: the store's %s; what was kept may be missing here", k->part.path,
			text);
	complain("warning: %s: the store's %s; the other one counts", k->part.path, text);
	return 0;
}

static int look(struct kept *k, const struct image_file *whole, const struct img_dest *dest)
{
	uint64_t base;
	int err = find_base(whole, &base);

	if (!err) {
		image_part(&k->part, whole, base);
		err = open_store(k, dest);
	}
	if (err) {
		free(k->work);
		k->work = NULL;
	}
	return err;
}

int kept_look(struct kept *k, const struct image_file *whole)
{
	memset(k, 0, sizeof(*k));
	k->whole.fd = -1;
	return look(k, whole, NULL);
}

static int open_for_change(struct image_file *f, const char *path)
{
	struct stat st;
	int fd, flags = O_RDWR | O_CLOEXEC;

	/* Exclusive means for a block device that nobody has it mounted, or saves to it. */
	if (!stat(path, &st) && S_ISBLK(st.st_mode))
		flags |= O_EXCL | O_DIRECT;
	fd = open(path, flags);
	if (fd < 0)
		return complain_as(open_status(errno), "cannot open %s: %s", path, strerror(errno));
	return image_open_fd(f, path, fd);
}

int kept_open(struct kept *k, const char *path, enum kept_use use)
{
	int err;

	memset(k, 0, sizeof(*k));
	k->whole.fd = -1;
	if (use == KEPT_CHANGE ? open_for_change(&k->whole, path) : image_open(&k->whole, path))
		return -1;
	err = look(k, &k->whole, use == KEPT_CHANGE ? &k->part.dest : NULL);
	if (err > 0)
		return complain_as(STATUS_MISSING,
			"%s has no store (torpor format --keep SIZE makes one)", path);
	return err;
}

void kept_close(struct kept *k)
{
	free(k->work);
	k->work = NULL;
	image_close(&k->whole);
}

int kept_in_the_way(const struct image_file *whole, const char *how)
{
	struct kept k;
	uint32_t n;
	int err = kept_look(&k, whole);

	if (err)
		return err > 0 ? 0 : -1;
	n = store_count(&k.store);
	err = n ? 0 : kept_check_copies(&k);
	kept_close(&k);
	if (err)
		return complain_as(
			STATUS_DAMAGED, "%s: its store may hold kept files%s", whole->path, how);
	if (n)
		return complain("%s: its store holds %u kept file%s (torpor keep list)%s",
			whole->path, n, n == 1 ? "" : "s", how);
	return 0;
}

int kept_check_size(const struct image_file *whole, uint64_t keep_bytes)
{
	if (keep_bytes < STORE_BYTES_MIN || keep_bytes > whole->size ||
		whole->size - keep_bytes < TARGET_BYTES_MIN)
		return complain("%s: a store is at least 1 MiB, and leaves 16 MiB for the image",
			whole->path);
	return 0;
}

int kept_make(struct image_file *whole, uint64_t keep_bytes, struct img_headers *headers)
{
	uint8_t uuid[16];
	struct image_file part;
	struct img_dest dest = whole->dest;
	struct img_fault fault;
	void *block;
	int err;

	if (kept_check_size(whole, keep_bytes))
		return -1;
	dest.size = (whole->size - keep_bytes) & ~(uint64_t)(STORE_ALIGN - 1);
	block = image_buffer(IMG_BLOCK_BYTES);
	if (!block || uuid_make(uuid)) {
		free(block);
		return -1;
	}
	/* The store first: it is there when the area says that it ends before it. */
	image_part(&part, whole, dest.size);
	err = img_format_area(&part.dest, uuid, block);
	if (!err)
		err = img_format_area(&dest, headers->h.area_uuid, block);
	if (!err)
		err = img_read_headers(&whole->source, block, headers, &fault);
	free(block);
	return err ? image_complain(part.err_verb ? &part : whole, err, NULL) : 0;
}

void kept_leave_out(struct target *t, const struct img_headers *headers)
{
	uint64_t n = headers->h.area_bytes / t->sector_bytes;

	if (!t->is_file && n < t->n_sectors)
		t->n_sectors = n;
}
