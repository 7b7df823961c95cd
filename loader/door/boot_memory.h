/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory map of a boot_info, put together from what firmware says, range by range in any
 * order. */
#ifndef LOADER_BOOT_MEMORY_H
#define LOADER_BOOT_MEMORY_H

#include "boot_info.h"
#include "err.h"

/* Adds a range, joined with the one before it where it goes on there; empty ones are passed over.
 * ERR_NO_MEMORY: more than BOOT_MEMORY_MAX that cannot be joined; ERR_FIRMWARE: it wraps around. */
int boot_memory_add(struct boot_info *bi, uint64_t start, uint64_t bytes, uint32_t type) MUST_CHECK;

/* An EFI memory descriptor: the kind of memory it is for us (UEFI 2.10, table 7.10), and its
 * runtime range when it has the attribute (joined with the one before it of the same type and
 * attribute). ERR_NO_MEMORY: as above, or more than BOOT_RUNTIME_MAX. */
int boot_memory_add_efi(struct boot_info *bi, uint32_t efi_type, uint64_t phys, uint64_t n_pages,
	uint64_t attribute) MUST_CHECK;

/* Sorts, joins what touches and is of one type; where ranges overlap RAM loses, and ACPI tables
 * lose to all but RAM (ERR_FIRMWARE is not given for that: real e820 maps overlap). Call once,
 * after the last add. ERR_NO_MEMORY when the table has no room for what was cut in two. */
int boot_memory_finish(struct boot_info *bi) MUST_CHECK;

/* After ERR_NO_MEMORY, for format(): n_given, n_runtime_given, BOOT_MEMORY_MAX,
 * BOOT_RUNTIME_MAX. */
#define BOOT_MEMORY_TOO_MANY                                                                       \
	"the firmware's memory map has %u ranges, %u of runtime services; there is room for %u and %u"

/* For messages: what is at an address, "ACPI NVS" for example. Never NULL. */
const char *boot_memory_kind_at(const struct boot_info *bi, uint64_t phys);

#endif
