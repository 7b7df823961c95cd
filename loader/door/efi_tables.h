/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What multiboot2 leaves out on an EFI machine, read from the EFI system table after boot services
 * have ended: UEFI 2.10, 4.3 and 4.6. */
#ifndef LOADER_EFI_TABLES_H
#define LOADER_EFI_TABLES_H

#include "boot_info.h"
#include "err.h"

/* With bi->efi_systab: fills bi->rsdp (0 when there is none) and bi->efi_runtime. The table is
 * input: ERR_FIRMWARE when signature, count or addresses make no sense. */
int efi_tables_read(struct boot_info *bi) MUST_CHECK;

/* The address that the list has for a GUID (as its bytes lie in memory); 0: none, or no list. */
uint64_t efi_tables_find(const struct boot_info *bi, const uint8_t guid[16]);

#endif
