/* Which frames the image must hold. */
#ifndef WRITER_PAGES_H
#define WRITER_PAGES_H

#include "handoff.h"
#include "ranges.h"

/* Frame numbers of all RAM and ACPI table memory of the firmware's map, whole frames only, without
 * frame 0 (the next firmware's interrupt vectors) and without the region. ERR_NO_MEMORY when *frames has
 * too few entries. */
int pages_select(const struct handoff *h, struct ranges *frames) MUST_CHECK;

#endif
