/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A loader writes to a file's blocks behind the file system's back. Which blocks those are, and
 * each of FIEMAP's flags that makes it unsafe, is decided here.
 */
#include "file_extents.h"

#include <errno.h>
#include <string.h>

#include "file_sys.h"
#include "img_layout.h"
#include "say.h"

#define BATCH 128u

/* Worst first: several may be set. */
static const struct {
	uint32_t flag;
	const char *text;
} not_usable[] = {
	{FIEMAP_EXTENT_DATA_INLINE, "lies inside its inode"},
	{FIEMAP_EXTENT_DATA_TAIL, "shares a block with other files"},
	{FIEMAP_EXTENT_DATA_ENCRYPTED, "is encrypted by the file system"},
	{FIEMAP_EXTENT_ENCODED, "is compressed or encoded by the file system"},
	{FIEMAP_EXTENT_DELALLOC, "has no place on the disk yet"},
	{FIEMAP_EXTENT_UNKNOWN, "is at a place that the file system does not tell"},
	{FIEMAP_EXTENT_NOT_ALIGNED, "does not lie on whole blocks"},
	{FIEMAP_EXTENT_UNWRITTEN, "has blocks that were never written"},
	{FIEMAP_EXTENT_SHARED, "shares blocks with a copy or snapshot"},
};

static const char *why_not(uint32_t flags)
{
	for (size_t i = 0; i < sizeof(not_usable) / sizeof(*not_usable); i++)
		if (flags & not_usable[i].flag)
			return not_usable[i].text;
	return NULL;
}

int file_extents_add(struct file_extents *x, uint64_t start, uint64_t bytes)
{
	struct file_piece *last = x->n ? &x->piece[x->n - 1] : NULL;

	if (last && last->start + last->bytes == start) {
		last->bytes += bytes;
		return 0;
	}
	if (x->n == IMG_MAP_EXTENTS_MAX)
		return -1;
	x->piece[x->n++] = (struct file_piece){start, bytes};
	return 0;
}

/* What the file system says is input, too. *at: how far the file is known. */
static int take(
	struct file_extents *x, const struct fiemap_extent *e, const char *path, uint64_t *at)
{
	const char *why = why_not(e->fe_flags);
	uint64_t bytes = e->fe_length;

	if (why)
		return complain("%s %s (byte %llu)", path, why, (unsigned long long)e->fe_logical);
	if (e->fe_logical != *at || bytes == 0)
		return complain("%s has a hole at byte %llu", path, (unsigned long long)*at);
	if (bytes > x->bytes - *at)
		bytes = x->bytes - *at; /* the rest of its last block */
	if (e->fe_physical > UINT64_MAX - bytes)
		return complain("%s: the file system tells of a place that cannot be", path);
	if (file_extents_add(x, e->fe_physical, bytes))
		return complain("%s lies in more than %u pieces: the file system is too fragmented",
			path, IMG_MAP_EXTENTS_MAX);
	*at += bytes;
	return 0;
}

int file_extents_read(int fd, const char *path, uint64_t bytes, struct file_extents *ret)
{
	union {
		struct fiemap map;
		uint8_t room[sizeof(struct fiemap) + BATCH * sizeof(struct fiemap_extent)];
	} q;
	uint64_t at = 0;

	ret->bytes = bytes;
	ret->n = 0;
	while (at < bytes) {
		memset(&q.map, 0, sizeof(q.map));
		q.map.fm_start = at;
		q.map.fm_length = bytes - at;
		q.map.fm_extent_count = BATCH;
		q.map.fm_flags = FIEMAP_FLAG_SYNC;
		int err = file_fiemap(fd, &q.map);

		if (err)
			return complain("%s: its place on the disk cannot be found: %s", path,
				strerror(-err));
		if (q.map.fm_mapped_extents == 0 || q.map.fm_mapped_extents > BATCH)
			return complain("%s has a hole at byte %llu", path, (unsigned long long)at);
		for (uint32_t i = 0; i < q.map.fm_mapped_extents && at < bytes; i++)
			if (take(ret, &q.map.fm_extents[i], path, &at))
				return -1;
	}
	return 0;
}

int file_extents_check(const struct file_extents *x, const char *path)
{
	for (uint32_t i = 0; i < x->n; i++)
		if (x->piece[i].bytes % IMG_BLOCK_BYTES)
			return complain(
				"%s lies in pieces that are not whole blocks of 4096 bytes: it needs a "
				"file system with such blocks",
				path);
	if (x->n == 0 || x->piece[0].bytes < IMG_MAP_FIRST_BYTES)
		return complain("%s: its first piece on the disk is smaller than 28 KiB: make it "
				"anew where there is more room",
			path);
	return 0;
}
