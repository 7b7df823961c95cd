/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that the core runs in while the firmware's page tables are in use: newer firmware lets
 * nothing run in memory that was not allocated for code, and in some nothing at all that was not
 * asked for. UEFI 2.10, 37.1 (EFI_MEMORY_ATTRIBUTE_PROTOCOL).
 */
#ifndef EFI_EFI_MEMORY_H
#define EFI_EFI_MEMORY_H

#include <efi.h>
#include <stdint.h>

#include "err.h"

/* [at, at + bytes), page-aligned, becomes writable and executable, as far as it is not.
 * ERR_FIRMWARE: the page tables still say otherwise; a jump would be an exception. */
int efi_memory_make_code(EFI_BOOT_SERVICES *bs, uint64_t at, uint64_t bytes) MUST_CHECK;

/* Whether the firmware maps all of it: reading anything else hangs the machine. */
int efi_memory_is_mapped(uint64_t at, uint64_t bytes);

#endif
