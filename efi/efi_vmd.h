/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VMD: disks behind a controller that only the firmware's driver can see. Nobody else can
 * turn their bus mastering off, so that driver must.
 */
#ifndef EFI_EFI_VMD_H
#define EFI_EFI_VMD_H

#include <efi.h>
#include <stdint.h>

/* Disconnects the firmware's drivers from every VMD controller: how many there were. *ret_n_left of
 * them the firmware does not let go of. No disk behind them can be read from here on. */
uint32_t efi_vmd_stop(EFI_BOOT_SERVICES *bs, uint32_t *ret_n_left);

/* Undoes it, for whatever boots instead. */
void efi_vmd_start_again(EFI_BOOT_SERVICES *bs);

#endif
