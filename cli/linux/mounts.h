/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is mounted where. */
#ifndef CLI_MOUNTS_H
#define CLI_MOUNTS_H

#include "proc_text.h"

/* The mount that a file or folder is on. -1 after one complaint. */
int mounts_find(const char *path, struct mount_line *ret);

#endif
