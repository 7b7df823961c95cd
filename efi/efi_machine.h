/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The EFI door's side of the machine (x86/machine.h): what is mapped, while the firmware's tables
 * are in use. */
#ifndef EFI_EFI_MACHINE_H
#define EFI_EFI_MACHINE_H

#include "boot_info.h"

/* Whose memory map says what there is; it is read anew at each look. */
void efi_machine_init(const struct boot_info *bi);

#endif
