/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The multiboot2 front door: GRUB's information tags to boot_info. Multiboot2 specification 2.0,
 * 3.6. */
#ifndef LOADER_MULTIBOOT2_H
#define LOADER_MULTIBOOT2_H

#include "boot_info.h"
#include "err.h"

/* info: the boot information (physical = virtual), total size in its first word. Fills memory, the
 * map's checksums, command line, EFI facts, console, and the module with the facts of a stock image
 * (the one whose line begins with the word facts, or the only one; it stays where it is); other
 * fields stay. The tags are input: ERR_FIRMWARE when they make no sense (too short, too long, no
 * memory map); ERR_NO_MEMORY: more ranges than there is room for (BOOT_MEMORY_TOO_MANY). */
int multiboot2_read(const void *info, struct boot_info *bi) MUST_CHECK;

#endif
