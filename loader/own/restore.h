/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory from the image into its frames: several reads in flight, every hash checked. */
#ifndef LOADER_RESTORE_H
#define LOADER_RESTORE_H

#include "arena.h"
#include "image.h"
#include "jobs.h"
#include "restore_stats.h"

/* From here on the memory of the image's frames is being overwritten: there is no way back to
 * firmware. Buffers come from the arena; ERR_NO_MEMORY when it has no room for two. On IMG_ERR_DATA
 * the log names the frames. After an error jobs and reads may still be under way: nothing of the
 * arena may be used again, and all that is left is a reset. */
int restore_memory(struct image *im, struct area *area, struct arena *arena, struct jobs *jobs,
	struct restore_stats *ret) MUST_CHECK;

#endif
