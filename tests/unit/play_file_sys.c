/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Takes the place of cli/linux/file_sys.c: no test can have ext4, XFS and btrfs with files of
 * every bad shape at hand.
 */
#include "play_file_sys.h"

#include <errno.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

struct play_file_sys play;

void play_reset(void)
{
	memset(&play, 0, sizeof(play));
	play.fs = FILE_FS_EXT;
	play.free_bytes = 1ull << 40;
	play.start = 34816ull * 512;
}

void play_extent(uint64_t start, uint64_t bytes, uint32_t flags)
{
	const struct fiemap_extent *last = play.n ? &play.extent[play.n - 1] : NULL;

	play.extent[play.n++] =
		(struct fiemap_extent){.fe_logical = last ? last->fe_logical + last->fe_length : 0,
			.fe_physical = start,
			.fe_length = bytes,
			.fe_flags = flags};
}

enum file_fs file_fs(int fd)
{
	(void)fd;
	return play.fs;
}

static void answer(struct fiemap *map, const struct fiemap_extent *e, uint64_t shift)
{
	if (e->fe_logical + e->fe_length <= map->fm_start ||
		e->fe_logical >= map->fm_start + map->fm_length ||
		map->fm_mapped_extents == map->fm_extent_count ||
		(play.per_answer && map->fm_mapped_extents == play.per_answer))
		return;
	map->fm_extents[map->fm_mapped_extents] = *e;
	map->fm_extents[map->fm_mapped_extents++].fe_physical += shift;
}

int file_fiemap(int fd, struct fiemap *map)
{
	uint64_t shift = play.moves_after && ++play.n_answers > play.moves_after ? 4096 : 0;
	struct stat st;

	if (play.fiemap_err)
		return play.fiemap_err;
	if (!(map->fm_flags & FIEMAP_FLAG_SYNC) || fstat(fd, &st))
		return -EINVAL;
	map->fm_mapped_extents = 0;
	for (uint32_t i = 0; i < play.n; i++)
		answer(map, &play.extent[i], shift);
	if (play.n == 0) {
		struct fiemap_extent e = {.fe_physical = play.start,
			.fe_length = (uint64_t)st.st_size,
			.fe_flags = FIEMAP_EXTENT_LAST};

		answer(map, &e, shift);
	}
	return 0;
}

int file_get_flags(int fd, unsigned int *ret_flags)
{
	(void)fd;
	*ret_flags = play.flags_err ? 0 : play.flags;
	return play.flags_err;
}

int file_set_flags(int fd, unsigned int flags)
{
	(void)fd;
	play.flags = flags;
	if (play.flags_to)
		(void)!write(play.flags_to, flags & FS_IMMUTABLE_FL ? "i" : "m", 1);
	return play.flags_err;
}

bool file_is_realtime(int fd)
{
	(void)fd;
	return play.realtime;
}

int file_device(int fd, unsigned int *ret_major, unsigned int *ret_minor)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	*ret_major = major(st.st_dev);
	*ret_minor = minor(st.st_dev);
	return 0;
}

int file_free_bytes(const char *folder, uint64_t *ret_bytes)
{
	(void)folder;
	*ret_bytes = play.free_bytes;
	return 0;
}

int file_allocate(int fd, uint64_t bytes)
{
	(void)fd;
	play.allocated = bytes;
	return play.allocate_err;
}
