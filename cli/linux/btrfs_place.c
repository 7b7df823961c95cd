/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FIEMAP on btrfs answers in addresses that no disk knows; a loader without btrfs needs sectors.
 * The kernel's own chunk tree is asked, and any profile that keeps data in more than one place
 * is refused.
 */
#include "btrfs_place.h"

#include <errno.h>
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "say.h"

/* Everything but how one device keeps its data: once. */
#define PROFILES                                                                                   \
	(BTRFS_BLOCK_GROUP_RAID0 | BTRFS_BLOCK_GROUP_RAID1 | BTRFS_BLOCK_GROUP_DUP |               \
		BTRFS_BLOCK_GROUP_RAID10 | BTRFS_BLOCK_GROUP_RAID5 | BTRFS_BLOCK_GROUP_RAID6 |     \
		BTRFS_BLOCK_GROUP_RAID1C3 | BTRFS_BLOCK_GROUP_RAID1C4)

int btrfs_device(int fd, const char *path, unsigned int *ret_major, unsigned int *ret_minor)
{
	struct btrfs_ioctl_fs_info_args fs = {0};
	struct btrfs_ioctl_dev_info_args dev;
	struct stat st;

	if (ioctl(fd, BTRFS_IOC_FS_INFO, &fs))
		return complain("%s: btrfs does not say what it is on: %s", path, strerror(errno));
	if (fs.num_devices != 1)
		return complain("%s is on a btrfs of %llu devices, which the loader cannot read",
			path, (unsigned long long)fs.num_devices);
	/* One device: the highest number is its number. */
	memset(&dev, 0, sizeof(dev));
	dev.devid = fs.max_id;
	if (ioctl(fd, BTRFS_IOC_DEV_INFO, &dev))
		return complain("%s: btrfs does not say what it is on: %s", path, strerror(errno));
	dev.path[sizeof(dev.path) - 1] = 0;
	if (stat((const char *)dev.path, &st) || !S_ISBLK(st.st_mode))
		return complain("%s: btrfs says that it is on %s, which is no block device", path,
			(const char *)dev.path);
	*ret_major = major(st.st_rdev);
	*ret_minor = minor(st.st_rdev);
	return 0;
}

const char *btrfs_in_chunk(const struct btrfs_chunk *chunk, uint64_t chunk_start, uint64_t address,
	uint64_t *ret_place, uint64_t *ret_bytes)
{
	uint64_t into = address - chunk_start;

	if (address < chunk_start || into >= chunk->length || chunk->num_stripes == 0)
		return "has a piece that is in no chunk of the btrfs";
	if ((chunk->type & PROFILES) || chunk->num_stripes != 1)
		return "is kept in several copies or stripes by the btrfs";
	if (chunk->stripe.offset > UINT64_MAX - chunk->length)
		return "has a piece at a place that cannot be";
	*ret_place = chunk->stripe.offset + into;
	*ret_bytes = chunk->length - into;
	return NULL;
}

struct chunk_search {
	struct btrfs_ioctl_search_args args;
	struct btrfs_ioctl_search_header header;
	struct btrfs_chunk chunk;
};

/* The next chunk whose start is in this range; false: none, errno 0 or set. */
static bool next_chunk(int fd, uint64_t from, uint64_t to, struct chunk_search *s)
{
	struct btrfs_ioctl_search_key *key = &s->args.key;

	memset(&s->args, 0, sizeof(s->args));
	key->tree_id = BTRFS_CHUNK_TREE_OBJECTID;
	key->min_objectid = key->max_objectid = BTRFS_FIRST_CHUNK_TREE_OBJECTID;
	key->min_type = key->max_type = BTRFS_CHUNK_ITEM_KEY;
	key->min_offset = from;
	key->max_offset = to;
	key->max_transid = UINT64_MAX;
	key->nr_items = 1;
	errno = 0;
	if (ioctl(fd, BTRFS_IOC_TREE_SEARCH, &s->args) || key->nr_items == 0)
		return false;
	memcpy(&s->header, s->args.buf, sizeof(s->header));
	if (s->header.len < sizeof(s->chunk))
		return false;
	memcpy(&s->chunk, s->args.buf + sizeof(s->header), sizeof(s->chunk));
	return true;
}

/* Chunks do not overlap: the last one that starts no later than the address. */
static bool find_chunk(int fd, uint64_t address, struct chunk_search *ret)
{
	static struct chunk_search s;
	bool found = false;
	uint64_t from = 0;

	while (from <= address && next_chunk(fd, from, address, &s)) {
		*ret = s;
		found = true;
		from = s.header.offset + 1;
	}
	return found && errno == 0;
}

static int place_piece(int fd, const char *path, struct file_piece p, struct file_extents *ret)
{
	static struct chunk_search s;

	while (p.bytes) {
		uint64_t place = 0, bytes = 0;
		const char *why;

		if (!find_chunk(fd, p.start, &s))
			return complain("%s: the chunk tree of the btrfs cannot be read: %s", path,
				errno ? strerror(errno) : "a piece is missing");
		why = btrfs_in_chunk(&s.chunk, s.header.offset, p.start, &place, &bytes);
		if (why)
			return complain("%s %s", path, why);
		if (bytes > p.bytes)
			bytes = p.bytes;
		if (file_extents_add(ret, place, bytes))
			return complain("%s lies in too many pieces", path);
		p.start += bytes;
		p.bytes -= bytes;
	}
	return 0;
}

int btrfs_place(
	int fd, const char *path, const struct file_extents *logical, struct file_extents *ret)
{
	ret->bytes = logical->bytes;
	ret->n = 0;
	for (uint32_t i = 0; i < logical->n; i++)
		if (place_piece(fd, path, logical->piece[i], ret))
			return -1;
	return 0;
}
