/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What hardware does while nobody looks after it, or cannot do: reasons not to begin a save. */
#ifndef CLI_HARDWARE_H
#define CLI_HARDWARE_H

#include "handoff.h"

/* -1 after one complaint: a hardware watchdog is armed; or the action is to power off, and ACPI
 * gives no register for that. */
int hardware_check(enum handoff_action action);

#endif
