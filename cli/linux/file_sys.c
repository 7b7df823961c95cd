/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ioctls about files, one call each and nothing decided, so that tests put a played file
 * system in their place (tests/unit/play_file_sys.c).
 */
#define _GNU_SOURCE
#include "file_sys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#define XFS_MAGIC 0x58465342

enum file_fs file_fs(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs))
		return FILE_FS_OTHER;
	switch ((uint64_t)fs.f_type & 0xffffffff) {
	case EXT4_SUPER_MAGIC: /* and ext2's, and ext3's */
		return FILE_FS_EXT;
	case XFS_MAGIC:
		return FILE_FS_XFS;
	case BTRFS_SUPER_MAGIC:
		return FILE_FS_BTRFS;
	default:
		return FILE_FS_OTHER;
	}
}

int file_fiemap(int fd, struct fiemap *map)
{
	return ioctl(fd, FS_IOC_FIEMAP, map) ? -errno : 0;
}

int file_get_flags(int fd, unsigned int *ret_flags)
{
	return ioctl(fd, FS_IOC_GETFLAGS, ret_flags) ? -errno : 0;
}

int file_set_flags(int fd, unsigned int flags)
{
	return ioctl(fd, FS_IOC_SETFLAGS, &flags) ? -errno : 0;
}

bool file_is_realtime(int fd)
{
	struct fsxattr x;

	return !ioctl(fd, FS_IOC_FSGETXATTR, &x) && (x.fsx_xflags & FS_XFLAG_REALTIME);
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
	struct statvfs fs;

	if (statvfs(folder, &fs))
		return -errno;
	*ret_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	return 0;
}

int file_allocate(int fd, uint64_t bytes)
{
	return fallocate(fd, 0, 0, (off_t)bytes) ? -errno : 0;
}
