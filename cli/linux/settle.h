/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that are read without the help of Linux's file systems: by GRUB and by firmware. */
#ifndef CLI_SETTLE_H
#define CLI_SETTLE_H

/* The content of this file, and whatever was done to names in its file system, is on the disk where a reader finds it
 * that replays no journal. 0, or -1 with errno. */
int settle(int fd);

/* The same for the file system of this path; what is not there is no failure. -1 after one complaint. */
int settle_path(const char *path);

#endif
