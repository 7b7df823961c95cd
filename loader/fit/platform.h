/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of the platform is judged alike for our own images and for stock kernels'. */
#ifndef LOADER_PLATFORM_H
#define LOADER_PLATFORM_H

#include <stdint.h>

#include "err.h"

/* The FACS hardware signature (ACPI 6.4, 5.2.10): firmware makes another one when what it found is
 * not what was there at the save. saved, now: 0 without a FACS. On real machines a dock or a stick
 * changes it, so Linux only warns (and hibernation of docked machines works): a line in the log,
 * and 0. ERR_PLATFORM under a hypervisor (it changes there when somebody changed the virtual
 * machine, and nothing else does it) and with strict. who: begins the log line. hypervisor, strict:
 * 0 or 1. */
int platform_check_facs(
	uint32_t saved, uint32_t now, int hypervisor, int strict, const char *who) MUST_CHECK;

#endif
