/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What setup and status read of other programs' texts: pure functions, no files. Whatever is
 * malformed is as if it were not there.
 */
#ifndef CLI_BOOT_PARSE_H
#define CLI_BOOT_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The value of the last "name=value" word of a kernel command line. */
bool cmdline_value(const char *text, const char *name, char *ret, size_t cap);

/* "254:5", and nothing after it; false for "0:0", which means none. */
bool device_numbers(const char *text, unsigned int *ret_major, unsigned int *ret_minor);

/* What resume= names, as the path of a device: /dev/..., UUID=..., LABEL=..., PARTUUID=...,
 * PARTLABEL=.... False for anything else, numbers included. */
bool resume_path(const char *value, char *ret, size_t cap);

/* ---- What efibootmgr prints, with or without -v ---- */

#define EFI_ENTRIES_MAX 64

struct efi_entry {
	uint16_t number;
	bool active;
	char label[64], path[256]; /* cut when longer */
};

struct efi_boot {
	int current; /* number of the entry that was booted, -1: not known */
	uint32_t n_order, n_entries;
	uint16_t order[EFI_ENTRIES_MAX];
	struct efi_entry entry[EFI_ENTRIES_MAX];
};

void efi_boot_parse(const char *text, struct efi_boot *ret);

/* NULL: there is none. */
const struct efi_entry *efi_boot_entry(const struct efi_boot *boot, int number);

/* Whether an entry's path is that of GRUB or of the shim before it, or says nothing (the firmware's
 * default file). */
bool efi_entry_may_be_grub(const struct efi_entry *entry);

#endif
