/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The core's only way out without a resume. */
#ifndef LOADER_BOOT_ON_H
#define LOADER_BOOT_ON_H

#include "acpi.h"
#include "disks.h"

/* What has to be stopped, and how this machine is reset: as they are when boot_on is called. */
void boot_on_init(struct disks *disks, const struct acpi *acpi);

/* Nothing is lost: the image stays as it is. A line that says why, a pause for the reader of the
 * screen, a reset: GRUB's or the firmware's next choice follows. */
_Noreturn void boot_on(const char *why);

#endif
