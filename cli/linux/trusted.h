/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs that root runs unasked. */
#ifndef CLI_TRUSTED_H
#define CLI_TRUSTED_H

/* 0: what this absolute path leads to is a program that only root can change or put another one in the place of:
 * it and all folders above it are root's, and writable by nobody else. -1 after one complaint, which names what
 * is not. */
int trusted_check(const char *path);

#endif
