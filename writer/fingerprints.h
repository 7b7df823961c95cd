/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fingerprints of the mounted file systems, taken after the jump: nobody writes to them any
 * more. */
#ifndef WRITER_FINGERPRINTS_H
#define WRITER_FINGERPRINTS_H

#include "arena.h"
#include "disks.h"
#include "handoff.h"
#include "saved_state.h"

/* All of h, into ret (HANDOFF_FILESYSTEMS_MAX). Those on the target's controller are read by its
 * disks, which stay as they are; other controllers are started, read, and stopped again. What
 * cannot be read keeps a reason and is logged: it is no failure of the save. */
void fingerprints_read(const struct handoff *h, const struct disks *target, struct arena *arena,
	struct saved_filesystem *ret);

/* For the way out in the middle of it: nothing that it started does DMA any more. */
void fingerprints_stop(void);

#endif
