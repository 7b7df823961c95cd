/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ACPI NVS memory into the image, in an object of its own: a loader puts it back only when it is
 * told to. */
#ifndef WRITER_NVS_OUT_H
#define WRITER_NVS_OUT_H

#include "handoff.h"
#include "img.h"
#include "ranges.h"

#define NVS_OUT_BYTES_MAX (256ull << 20) /* 175 MB were seen; more is a mistake of the map */

/* Frame numbers of all NVS, rounded outwards: a firmware's ranges need not be frames. An empty set
 * when there is none, or more than the limit (logged). Memory of *ret: HANDOFF_MEMORY_MAX
 * entries. */
void nvs_out_select(const struct handoff *h, struct ranges *ret);

/* The object "nvs". Not written, and the log says so, when it cannot be mapped or free_bytes of the
 * area would not hold it: nobody loses a session for it. 0, or the error of the disk. */
int nvs_out_write(
	struct img_writer *w, const struct ranges *frames, uint64_t free_bytes) IMG_MUST_CHECK;

#endif
