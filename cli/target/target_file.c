/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file's blocks stay where they are only on some file systems, and only if nothing moves,
 * shares, compresses or journals them; each of these is a refusal with its name.
 */
#define _GNU_SOURCE
#include "target_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "btrfs_place.h"
#include "file_extents.h"
#include "file_sys.h"
#include "layers.h"
#include "proc_lines.h"
#include "say.h"
#include "unfinished.h"
#include "uuid.h"

/* ---- What kind of file ---- */

/* Data that goes through a journal comes to its place later, over what the writer put there. */
static bool is_journalled(unsigned int major, unsigned int minor)
{
	struct proc_lines l;
	struct mount_line m;
	bool found = false;

	proc_lines_open(&l, "/proc/self/mountinfo");
	while (!found && proc_lines_mount(&l, &m))
		found = m.major == major && m.minor == minor && m.journals_data;
	proc_lines_close(&l);
	return found;
}

static int check_kind(int fd, const char *path, enum file_fs fs)
{
	unsigned int flags = 0;

	if (fs == FILE_FS_OTHER)
		return complain("%s is on a file system that is neither ext4, xfs nor btrfs", path);
	if (file_is_realtime(fd))
		return complain(
			"%s is on a realtime device of xfs, which the loader cannot read", path);
	(void)file_get_flags(fd, &flags);
	if (flags & FS_JOURNAL_DATA_FL)
		return complain("%s: its data goes through the journal (chattr -j)", path);
	if (fs == FILE_FS_BTRFS && !(flags & FS_NOCOW_FL))
		return complain(
			"%s is copied by btrfs whenever it is written: it must be made with "
			"chattr +C, as torpor setup --file does",
			path);
	return 0;
}

static int find_device(struct target *t, int fd, const char *path, enum file_fs fs)
{
	unsigned int major = 0, minor = 0;
	char dir[SYS_PATH_MAX];
	const char *layer;
	int err = 0;

	if (fs == FILE_FS_BTRFS ? btrfs_device(fd, path, &major, &minor)
				: (err = file_device(fd, &major, &minor)))
		return err ? complain("%s: %s", path, strerror(-err)) : -1;
	if (sys_real_path(dir, "/sys/dev/block/%u:%u", major, minor) && (layer = device_layer(dir)))
		return complain("%s is on %s, which the loader cannot read", path, layer);
	if (is_journalled(major, minor))
		return complain("%s: its file system writes data through its journal "
				"(data=journal)",
			path);
	return target_find(t, path, major, minor);
}

/* ---- Where it lies ---- */

static int read_places(int fd, const char *path, enum file_fs fs, struct file_extents *ret)
{
	static struct file_extents logical;
	struct stat st;

	if (fstat(fd, &st))
		return complain("%s: %s", path, strerror(errno));
	if (st.st_size % IMG_BLOCK_BYTES)
		return complain("%s: its size is not a multiple of 4096 bytes", path);
	if (file_extents_read(fd, path, (uint64_t)st.st_size, ret))
		return -1;
	if (fs == FILE_FS_BTRFS) {
		logical = *ret;
		if (btrfs_place(fd, path, &logical, ret))
			return -1;
	}
	return file_extents_check(ret, path);
}

static int read_map(const struct target *t, int fd, enum file_fs fs, struct img_map *ret)
{
	static struct file_extents x;
	struct img_fault fault;

	memset(ret, 0, sizeof(*ret));
	if (read_places(fd, t->path, fs, &x))
		return -1;
	ret->sector_bytes = t->sector_bytes;
	ret->file_bytes = x.bytes;
	ret->n_extents = x.n;
	for (uint32_t i = 0; i < x.n; i++) {
		if (x.piece[i].start % t->sector_bytes)
			return complain("%s does not lie on whole sectors of its disk", t->path);
		ret->extent[i] = (struct img_extent){
			x.piece[i].start / t->sector_bytes, x.piece[i].bytes / t->sector_bytes};
	}
	if (img_map_check(ret, t->n_sectors, &fault))
		return complain("%s: the file system tells of places that cannot be: %s", t->path,
			fault.what);
	return 0;
}

static int find_opened(struct target *t, int fd, const char *path)
{
	enum file_fs fs = file_fs(fd);

	if (check_kind(fd, path, fs) || find_device(t, fd, path, fs))
		return -1;
	t->is_file = true;
	return read_map(t, fd, fs, &t->map);
}

int target_find_file(struct target *t, const char *path)
{
	int err, fd = open(path, O_RDONLY | O_CLOEXEC);

	memset(t, 0, sizeof(*t));
	t->fd = -1;
	if (fd < 0)
		return complain_as(open_status(errno), "cannot open %s: %s", path, strerror(errno));
	err = find_opened(t, fd, path);
	close(fd);
	return err;
}

int target_file_check(const struct target *t)
{
	static struct img_map now;
	int err, fd = open(t->path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return complain("cannot open %s: %s", t->path, strerror(errno));
	err = read_map(t, fd, file_fs(fd), &now);
	close(fd);
	if (!err && !img_map_same(&now, &t->map))
		err = complain("%s is being moved on the disk", t->path);
	return err;
}

/* ---- Using it ---- */

static bool is_swap(const char *path)
{
	char real[SYS_PATH_MAX];
	struct proc_lines l;
	struct swap_line s;
	bool found = false;

	if (!realpath(path, real))
		real[0] = 0;
	proc_lines_open(&l, "/proc/swaps"); /* none without CONFIG_SWAP */
	while (!found && proc_lines_swap(&l, &s))
		found = !strcmp(s.name, real);
	proc_lines_close(&l);
	return found;
}

int target_file_check_free(const struct target *t)
{
	char size[SAY_SIZE_BYTES];

	if (is_swap(t->path))
		return complain("%s is in use as swap space", t->path);
	if (target_area_bytes(t) < TARGET_BYTES_MIN)
		return complain("%s is too small for an image (%s)", t->path,
			say_size(size, target_area_bytes(t)));
	return 0;
}

int target_file_lock(int fd, enum file_lock lock, bool *ret_was_locked)
{
	unsigned int flags = 0, wanted;
	int err = file_get_flags(fd, &flags);

	*ret_was_locked = !err && (flags & FS_IMMUTABLE_FL);
	wanted = lock == FILE_LOCK ? flags | FS_IMMUTABLE_FL
				   : flags & ~(unsigned int)FS_IMMUTABLE_FL;
	return err || wanted == flags ? err : file_set_flags(fd, wanted);
}

static int unlocked; /* the file that is mutable while it is open */

static void lock_again(void)
{
	bool ignored;

	(void)target_file_lock(unlocked, FILE_LOCK, &ignored);
}

/* A signal that ends the command leaves it as it was, too: whatever moves files would move it. */
static void unlock(struct target *t, int fd)
{
	unsigned int flags = 0;

	t->was_locked = !file_get_flags(fd, &flags) && (flags & FS_IMMUTABLE_FL);
	if (!t->was_locked)
		return;
	unlocked = fd;
	unfinished_undo(lock_again);
	(void)target_file_lock(fd, FILE_UNLOCK, &t->was_locked);
}

static void lock_as_before(struct target *t)
{
	if (!t->was_locked)
		return;
	lock_again();
	unfinished_undo(NULL);
	t->was_locked = false;
}

static int open_for_writing(struct target *t)
{
	t->fd = open(t->path, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (t->fd < 0)
		return complain("%s cannot be written: %s", t->path, strerror(errno));
	if (!flock(t->fd, LOCK_EX | LOCK_NB))
		return 0;
	close(t->fd);
	t->fd = -1;
	return complain("%s is in use by another torpor", t->path);
}

int target_file_open(struct target *t)
{
	int err, fd = open(t->path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return complain_as(
			open_status(errno), "cannot open %s: %s", t->path, strerror(errno));
	unlock(t, fd);
	err = open_for_writing(t);
	if (err)
		lock_as_before(t);
	else
		unlocked = t->fd;
	close(fd);
	return err;
}

void target_file_close(struct target *t)
{
	(void)fsync(t->fd);
	(void)posix_fadvise(t->fd, 0, 0, POSIX_FADV_DONTNEED);
	lock_as_before(t);
}

/* ---- For the loader ---- */

void target_file_args(const struct target *t, const uint8_t uuid[16], char ret[TARGET_ARGS_BYTES])
{
	char guid[UUID_TEXT_BYTES], whose[TARGET_WHOSE_BYTES];
	uint64_t first = t->map.extent[0].lba;

	target_whose(t, uuid, whose);
	if (!guid_is_zero(t->part_guid))
		snprintf(ret, TARGET_ARGS_BYTES, "area=file:%s+%" PRIu64,
			guid_text(guid, t->part_guid), first);
	else
		snprintf(ret, TARGET_ARGS_BYTES, "area=file:%" PRIu64 "+%" PRIu64 "+%" PRIu64 "%s",
			t->first_sector, t->n_sectors, first, whose);
}

static int check_grown(const struct target *t, uint64_t was)
{
	return was == t->map.file_bytes
		       ? 0
		       : complain("%s has %s since it was set up: remove it, and run torpor setup "
				  "again",
				 t->path, was < t->map.file_bytes ? "grown" : "shrunk");
}

int target_file_map_write(
	const struct target *t, struct image_file *f, const struct img_headers *headers)
{
	static struct img_map map;
	uint8_t *buf = image_buffer(IMG_MAP_BYTES_MAX);
	int err;

	if (!buf || check_grown(t, headers->h.area_bytes)) {
		free(buf);
		return -1;
	}
	map = t->map;
	memcpy(map.area_uuid, headers->h.area_uuid, sizeof(map.area_uuid));
	img_map_encode(&map, buf);
	err = f->dest.write(f, IMG_MAP_OFFSET, buf, IMG_MAP_BYTES_MAX);
	if (!err)
		err = f->dest.flush(f);
	free(buf);
	return err ? image_complain(f, err, NULL) : 0;
}

static int judge_map(const struct target *t, const struct img_map *map, const struct img_headers *h)
{
	if (memcmp(map->area_uuid, h->h.area_uuid, sizeof(map->area_uuid)) ||
		map->file_bytes != h->h.area_bytes)
		return complain(
			"%s: its extent map is of another area: run torpor setup again", t->path);
	if (check_grown(t, map->file_bytes))
		return -1;
	if (!img_map_same(map, &t->map))
		return complain("%s has moved on the disk since it was set up: run torpor setup "
				"again",
			t->path);
	return 0;
}

int target_file_map_check(
	const struct target *t, struct image_file *f, const struct img_headers *headers)
{
	static struct img_map map;
	struct img_fault fault;
	uint8_t *buf = image_buffer(IMG_MAP_BYTES_MAX);
	int err;

	if (!buf)
		return -1;
	err = f->source.read(f, IMG_MAP_OFFSET, buf, IMG_MAP_BYTES_MAX);
	if (err)
		err = image_complain(f, err, NULL);
	else if (img_map_decode(buf, t->sector_bytes, t->n_sectors, &map, &fault))
		err = complain("%s has no good extent map (%s): run torpor setup --file on it",
			t->path, fault.what ? fault.what : "there is none");
	else
		err = judge_map(t, &map, headers);
	free(buf);
	return err;
}
