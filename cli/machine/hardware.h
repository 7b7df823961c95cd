/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What hardware does while nobody looks after it, or cannot do: reasons not to begin a save. */
#ifndef CLI_HARDWARE_H
#define CLI_HARDWARE_H

#include "handoff.h"

/* -1 after one complaint: a hardware watchdog is armed; or the action is to power off, and ACPI
 * gives no register for that. */
int hardware_check(enum handoff_action action);

/* -1 after one complaint: the disk's controller reaches memory below 4 GiB only, and no frame of the region (2 MiB,
 * physical addresses) lies there. pci_address as in handoff.h. */
int hardware_check_reach(uint32_t pci_address, const uint64_t *frame, uint32_t n_frames);

#endif
