/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A copy of some of /proc and /sys in a temporary folder, for sys_root. */
#ifndef TESTS_UNIT_CLI_TREE_H
#define TESTS_UNIT_CLI_TREE_H

#include "test.h"

#include "sysfiles.h"

extern const char *tree_place; /* where trees are made; /tmp */

/* For FIXTURE: an empty tree, sys_root set to it. */
void tree_setup(void);
void tree_teardown(void);

/* All folders of the path are made. */
void tree_file(const char *path, const char *content);
void tree_bytes(const char *path, const void *data, size_t bytes);
void tree_link(const char *path, const char *goal); /* goal as written in the link */
void tree_folder(const char *path);
void tree_remove(const char *path); /* one file or link */

/* A block device in /sys, by its number and by its name. dir: its folder, below /sys/devices. */
void tree_block_device(const char *dir, const char *number, const char *sectors);

/* The last complaint has this in it. */
void assert_complaint(const char *part);

#endif
