/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which frames the image must hold. */
#ifndef WRITER_PAGES_H
#define WRITER_PAGES_H

#include "handoff.h"
#include "ranges.h"

/* As many ranges as either of these can have. */
#define PAGES_RANGES_MAX (HANDOFF_MEMORY_MAX + HANDOFF_REGION_MAX + HANDOFF_LEFT_OUT_MAX + 1)

/* Frame numbers of all RAM and ACPI table memory of the firmware's map, whole frames only, without
 * frame 0 (the next firmware's interrupt vectors), the region, and what is left out. ERR_NO_MEMORY
 * when
 * *frames has too few entries. */
int pages_select(const struct handoff *h, struct ranges *frames) MUST_CHECK;

/* Frame numbers of all that the writer may touch: RAM and ACPI table memory, frames that are only
 * partly memory too, without what is left out. */
int pages_to_map(const struct handoff *h, struct ranges *frames) MUST_CHECK;

#endif
