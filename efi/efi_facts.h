/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts of a stock image, from the firmware's file systems. */
#ifndef EFI_EFI_FACTS_H
#define EFI_EFI_FACTS_H

#include <efi.h>

#include "boot_info.h"
#include "facts.h"

/* Looks for \EFI\torpor\facts where this program came from, and on every other volume that the
 * firmware reads (GRUB may have started it from a /boot that the firmware does not read). Those
 * that hold facts go into memory (EFI_FACTS_BYTES that the loader may keep), one every
 * FACTS_FILE_BYTES: which of them is of the image's boot, the judge knows. Fills bi->facts. Each
 * call is the firmware's own, with its own deadlines; a bounded number of volumes. */
#define EFI_FACTS_BYTES (4u * FACTS_FILE_BYTES)
void efi_facts_find(EFI_BOOT_SERVICES *bs, EFI_HANDLE image, void *memory, struct boot_info *bi);

#endif
