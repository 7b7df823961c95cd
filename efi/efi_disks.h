/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The firmware's disks behind the block interface: never written to (read_only says whether they
 * could be), one request at a time, for the look at the image before boot services end. */
#ifndef EFI_EFI_DISKS_H
#define EFI_EFI_DISKS_H

#include <efi.h>

#include "arena.h"
#include "disks.h"

/* Every whole disk (no partitions) with media and 512- or 4096-byte blocks. ERR_NOT_FOUND: none. */
int efi_disks_find(EFI_BOOT_SERVICES *bs, struct arena *arena, struct disks *ret) MUST_CHECK;

#endif
