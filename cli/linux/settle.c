/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fsync makes a file durable for whoever replays the journal. GRUB does not: to it a name that was changed leads to
 * wherever the blocks behind it were last written in place, in any order. Seen with ext4, the power cut at each write:
 * custom.cfg with nothing in it, or with another file's content. ext4 can be told to write all that is in its journal to
 * its place (EXT4_IOC_CHECKPOINT, Linux 5.14; fs/ext4/ioctl.c). Elsewhere sync() does it: what is committed lies as dirty
 * blocks of the device in the page cache, and it writes those last. XFS keeps its metadata by itself, and only a freeze
 * would write it: there a rename is durable for Linux, and seen by GRUB some time later.
 */
#include "settle.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "say.h"
#include "sysfiles.h"

#ifndef EXT4_IOC_CHECKPOINT /* not in the kernel's exported headers of Debian 12 */
#define EXT4_IOC_CHECKPOINT _IOW('f', 43, __u32)
#endif

int settle(int fd)
{
	__u32 flags = 0;

	if (fsync(fd))
		return -1;
	if (ioctl(fd, EXT4_IOC_CHECKPOINT, &flags))
		sync();
	return fsync(fd); /* what came after the last flush is in the disk's cache still */
}

int settle_path(const char *path)
{
	char full[SYS_PATH_MAX];
	int err, fd = sys_path(full, "%s", path) ? open(full, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return errno == ENOENT ? 0 : complain("cannot open %s: %s", path, strerror(errno));
	err = settle(fd) ? complain("cannot write %s to the disk: %s", path, strerror(errno)) : 0;
	close(fd);
	return err;
}
