/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel is asked about a file of a mounted file system. Thin, so that tests can play it. */
#ifndef CLI_FILE_SYS_H
#define CLI_FILE_SYS_H

#include <linux/fiemap.h>
#include <stdbool.h>
#include <stdint.h>

enum file_fs { FILE_FS_OTHER, FILE_FS_EXT, FILE_FS_XFS, FILE_FS_BTRFS };

enum file_fs file_fs(int fd);

/* FS_IOC_FIEMAP. 0 or -errno. */
int file_fiemap(int fd, struct fiemap *map);

/* FS_*_FL, of lsattr and chattr. 0 or -errno. */
int file_get_flags(int fd, unsigned int *ret_flags);
int file_set_flags(int fd, unsigned int flags);

/* XFS: the data lies on another device than the file system. */
bool file_is_realtime(int fd);

/* The block device of the file's extents. 0 or -errno. */
int file_device(int fd, unsigned int *ret_major, unsigned int *ret_minor);

/* Bytes that an ordinary user may still take. 0 or -errno. */
int file_free_bytes(const char *folder, uint64_t *ret_bytes);

/* Takes the room at once, in as few pieces as there are. 0 or -errno. */
int file_allocate(int fd, uint64_t bytes);

#endif
