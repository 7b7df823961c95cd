/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which frames of this boot an image may be put into. */
#ifndef LOADER_USABLE_H
#define LOADER_USABLE_H

#include "boot_info.h"
#include "err.h"
#include "ranges.h"

/* Frames that are memory now and may be overwritten: RAM and ACPI table memory, whole frames, but
 * not the first one: the firmware's interrupt vectors, never mapped by the loader. For what an
 * image may be put into, not for what the loader may use itself: see stock_place.h. */
int usable_frames(const struct boot_info *bi, struct ranges *ret_frames) MUST_CHECK;

/* The frames of the region that the loader runs in; none before it has moved there. */
int usable_own_region(const struct boot_info *bi, struct ranges *ret_frames) MUST_CHECK;

#endif
