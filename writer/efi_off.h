/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Power off by the firmware's ResetSystem, for machines that no ACPI register switches off (UEFI
 * 2.10, 8.5.1; Linux does the same: efi_poweroff_required).
 */
#ifndef WRITER_EFI_OFF_H
#define WRITER_EFI_OFF_H

#include "err.h"
#include "handoff.h"

/* Whether it can be called: maps the runtime ranges to themselves and where the old kernel has
 * them, which is where the firmware's pointers lead since its SetVirtualAddressMap. ERR_NOT_FOUND:
 * no EFI, or runtime services that Linux was told not to use; ERR_FIRMWARE: the table or its
 * pointer makes no sense; ERR_NO_MEMORY. Nothing of the firmware has run yet. */
int efi_off_prepare(const struct handoff *h) MUST_CHECK;

/* After efi_off_prepare was 0. Returns when the firmware did not do it. Nothing that firmware might
 * change is needed any more: after the commit only. */
void efi_off(void);

#endif
