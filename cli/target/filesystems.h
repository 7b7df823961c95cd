/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mounted file systems, and the swap areas in use, as the writer is told of them. */
#ifndef CLI_FILESYSTEMS_H
#define CLI_FILESYSTEMS_H

#include <stdio.h>

#include "handoff.h"

struct filesystems {
	struct handoff_filesystem v[HANDOFF_FILESYSTEMS_MAX];
	uint32_t n;
	uint32_t n_left_out; /* for which there is no room: they are not compared */
};

/* Each once, however often it is mounted; only those on block devices, and not on loop devices: their
 * files lie in others. What the writer cannot look at has a reason. -1 after one complaint. */
int filesystems_find(struct filesystems *ret);

/* A line each: what will be compared before a resume. */
void filesystems_print(const struct filesystems *f, FILE *out);

/* The first that the running system may write to; NULL: none. */
const struct handoff_filesystem *filesystems_writable(const struct filesystems *f);

/* Which bytes tell of a mount or a write; start: the first 512 bytes of it, for those whose layout says
 * (vfat). */
void filesystem_ranges(struct handoff_filesystem *f, const uint8_t start[512]);

#endif
