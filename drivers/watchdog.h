/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watchdogs that firmware armed for the system it starts: nobody feeds one while memory is read
 * back, and the kernel that comes back did not have it running. Supported: ACPI's WDAT (Microsoft's
 * specification, 1.0), Intel TCO (ICH to 9 series by the LPC bridge, 100 series on by the SMBus
 * controller), AMD FCH (Zen), Intel 6300ESB.
 * QEMU: q35 has the TCO timer (-global ICH9-LPC.noreboot=false), -device i6300esb.
 */
#ifndef DRIVERS_WATCHDOG_H
#define DRIVERS_WATCHDOG_H

#include "acpi.h"

/* Stops each that runs; the log names it, and one that does not let itself be stopped. Returns how
 * many go on. Needs PCI. */
uint32_t watchdogs_stop(const struct acpi *acpi);

#endif
