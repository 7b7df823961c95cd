/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which bytes of a mounted file system only a mount by another system changes. */
#ifndef CLI_FACTS_MOUNTS_H
#define CLI_FACTS_MOUNTS_H

#include "saved_state.h"

/* Whether the kernel will freeze file systems for the hibernation, which changes some. */
enum mount_freeze { MOUNT_STAYS, MOUNT_WILL_FREEZE };

/* By f->type: sets offset, bytes and n_ranges, or reason where there are none. */
void mount_ranges(struct saved_filesystem *f, enum mount_freeze freeze);

#endif
